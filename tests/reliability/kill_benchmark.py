"""Kills `memgan benchmark` while its cells train and are evaluated, in real processes."""

import pathlib
import shutil
import time

from memgan_tf.reproduction.records import Cell
from tests.reliability import processes, runs

# Kills of a grid before it is left to end.
KILLS_PER_GRID = 4
# What the kill ends may take as long to go.
ORPHAN_SECONDS = 10.0
VARIANT = "+".join(
    [
        "default",
        *(f"{k}={v}" for k, v in runs.SETTINGS.items() if k not in ("dataset", "normal_class")),
    ]
)
CELL = Cell("digits", "memgan", VARIANT, 0, 0)


def arguments(place):
    """Of the command line: a grid of one cell, the settings of `runs`."""
    overrides = [f"--override={override}" for override in CELL.overrides]
    grid = ["--suite=digits", "--detectors=memgan", "--classes=0", "--seeds=0", "--jobs=1"]
    folders = [f"--model_dir={place / 'runs'}", f"--results_dir={place / 'results'}"]
    return ["benchmark", *grid, *overrides, *folders]


def living(place):
    """Numbers of the processes whose command names a folder."""
    found = []
    for path in pathlib.Path("/proc").glob("[0-9]*/cmdline"):
        try:
            content = path.read_bytes()
        except OSError:
            continue
        if str(place).encode() in content:
            found.append(int(path.parent.name))
    return found


def keep_reference(reference, place):
    """A run of the same settings as a grid that nobody killed leaves it."""
    shutil.copytree(reference, place / "runs" / CELL.place)
    record = CELL.record_path(place / "results")
    record.parent.mkdir(parents=True)
    shutil.copy(reference / "results.json", record)


def kill_benchmark(folder, reference, seconds, kills, generator, tally):
    """Kills a grid at random moments, and lets the same command end.

    Args:
        folder: For everything.
        reference: A finished and evaluated run of the settings.
        seconds: Of a grid, about.
        kills: How many.
        generator: Of the moments.
        tally: Counts.
    """
    expected, index = folder / "grid_reference", 0
    keep_reference(reference, expected)
    while tally.tried < kills:
        index += 1
        place, killed = folder / f"grid_{index}", 0
        place.mkdir()
        while killed < KILLS_PER_GRID and tally.tried < kills:
            moment = generator.uniform(0, seconds)
            ended = processes.run(arguments(place), folder / "log", kill_after=moment)
            if not ended.was_killed:
                assert ended.code == 0, ended.output
                break
            killed, tally.tried = killed + 1, tally.tried + 1
            tally.while_writing += bool(runs.leftovers(place))
        finished = processes.run(arguments(place), folder / "log")
        tally.note(killed, lambda p=place, f=finished: check(expected, p, f), place.name)
        shutil.rmtree(place)
    shutil.rmtree(expected)
    return tally


def check(expected, place, finished):
    """The record and the run are those of a grid without a fault, and nothing is left over."""
    assert finished.code == 0, finished.output[-300:]
    before, after = (
        runs.without_clocks(CELL.record_path(p / "results")) for p in (expected, place)
    )
    assert after == before, "another record"
    kept = [p / "runs" / CELL.place for p in (expected, place)]
    runs.check_same_run(*kept)
    assert runs.leftovers(place) == [], runs.leftovers(place)
    deadline = time.monotonic() + ORPHAN_SECONDS
    while living(place) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert living(place) == [], "trainings outlived the kill"
