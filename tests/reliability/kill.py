"""Kills commands with SIGKILL at random moments and starts them again.

python -m tests.reliability.kill --kills=50 --seed=0 --output=results/reliability/kill.json

Training is killed `kills` times: at any moment, between steps and saves, or just before an
operation on a file. A benchmark is killed `kills` / 5 times while its cells train. The other
commands are killed before every operation on a file, or, where a try is dear, `kills` / 5 times at
random ones.
"""

import argparse
import dataclasses
import json
import pathlib
import shutil
import signal
import tempfile

import numpy as np

from memgan_tf import files
from tests.reliability import processes, runs, targets
from tests.reliability.kill_benchmark import kill_benchmark

KILLS_PER_RUN = 5
# The exit code after Ctrl-C.
STOPPED = 130
# Operations on files that a training run of the settings has, about.
TRAIN_OPERATIONS = 90
# A grid's seconds by those of its training: it also imports TensorFlow, and evaluates.
GRID_FACTOR = 4.0
MOMENTS = {"any": 0.2, "stepping": 0.5, "operation": 0.3}


@dataclasses.dataclass
class Tally:
    """Of one command.

    Attributes:
        tried: Kills.
        survived: After which the same command came to the same result.
        while_writing: Kills that left a half-written file behind.
        problems: What was wrong, a sentence each.
    """

    tried: int = 0
    survived: int = 0
    while_writing: int = 0
    problems: list[str] = dataclasses.field(default_factory=list)

    def note(self, kills, check, name):
        """Counts kills as survived if the check passes."""
        try:
            check()
            self.survived += kills
        except AssertionError as error:
            self.problems.append(f"{name}: {str(error).strip()[:300]}")


def make_reference(folder):
    """Trains and evaluates without a fault; returns the run and the seconds of training."""
    trained = processes.run(runs.train_flags(folder / "runs"), folder / "log")
    assert trained.code == 0, trained.output
    run = folder / "runs" / runs.PLACE
    evaluated = processes.run(["evaluate", f"--run={run}"], folder / "log")
    assert evaluated.code == 0, evaluated.output
    return run, trained.seconds


def kill_training(folder, reference, seconds, kills, generator, settings=None):
    """Kills `memgan train` again and again, `KILLS_PER_RUN` times a run."""
    tally, index = Tally(), 0
    while tally.tried < kills:
        index += 1
        place = folder / f"train_{index}"
        place.mkdir()
        run, killed = place / "runs" / runs.PLACE, 0
        flags = runs.train_flags(place / "runs", **(settings or {}))
        while killed < KILLS_PER_RUN and tally.tried < kills:
            when = _moment(generator, run, seconds, place)
            ended = processes.run(flags, place / "log", **when)
            if not ended.was_killed:
                assert ended.code == 0, ended.output
                break
            killed, tally.tried = killed + 1, tally.tried + 1
            tally.while_writing += bool(runs.leftovers(place))
        finished = processes.run(flags, place / "log")

        def check(run=run, finished=finished):
            _succeeded(finished)
            runs.check_same_run(reference, run)

        tally.note(killed, check, place.name)
        shutil.rmtree(place)
    return tally


def stop_training(folder, reference, operation):
    """Ctrl-C at an operation on files, after a checkpoint; the same command then ends."""
    flags, given = runs.train_flags(folder / "runs"), {"below": folder, "sent": signal.SIGINT}
    run = folder / "runs" / runs.PLACE
    stopped = processes.run(flags, folder / "log", kill_at_operation=operation, **given)
    assert stopped.code == STOPPED, stopped.output
    assert not (run / "COMPLETE").exists()
    finished = processes.run(flags, folder / "log")
    _succeeded(finished)
    assert "Resuming from step" in finished.output
    runs.check_same_run(reference, run)


def _succeeded(ended):
    assert ended.code == 0, ended.output[-300:]


def _moment(generator, run, seconds, place):
    """Arguments of `processes.run` for a random moment of a training run."""
    kind = generator.choice(list(MOMENTS), p=list(MOMENTS.values()))
    if kind == "operation":
        number = int(generator.integers(1, TRAIN_OPERATIONS))
        return {"kill_at_operation": number, "below": place}
    if kind == "any":
        return {"kill_after": generator.uniform(0, seconds)}
    saved = run / "checkpoints" / "checkpoint"

    def state():
        return saved.stat().st_mtime_ns if saved.exists() else None

    before = state()
    # Half of the time goes before the first step.
    return {
        "ready": lambda: state() != before,
        "kill_after": generator.uniform(0, seconds / 3),
    }


def kill_command(folder, target, numbers):
    """Kills a target's command before each of these operations on files; stops when it lives."""
    tally = Tally()
    for number in numbers:
        place = folder / f"{target.name}_{number}"
        target.prepare(place)
        given = {"kill_at_operation": number, "below": place}
        ended = target.start(place, folder / "log", **given)
        if not ended.was_killed:
            tally.note(0, lambda e=ended: _succeeded(e), str(place))
            shutil.rmtree(place)
            if target.is_exhaustive:
                break
            continue
        tally.tried += 1
        tally.while_writing += bool(runs.leftovers(place))

        def check(place=place):
            target.check_after_kill(place)
            target.check_again(place, target.start(place, folder / "log"))

        tally.note(1, check, f"operation {number}")
        shutil.rmtree(place)
    return tally


def measure(kills, seed, folder):
    """Everything; returns the tallies by command."""
    generator = np.random.default_rng(seed)
    reference, seconds = make_reference(folder)
    tallies = {}
    for target in targets.all_targets(reference):
        numbers = range(1, 10_000)
        if not target.is_exhaustive:
            count = target.count_operations(folder / "counted", folder / "log")
            numbers = generator.choice(count, min(count, kills // 5), replace=False) + 1
        tallies[target.name] = kill_command(folder, target, [int(n) for n in numbers])
        print(target.name, tallies[target.name], flush=True)
    tallies["benchmark, with its trainings"] = kill_benchmark(
        folder, reference, GRID_FACTOR * seconds, kills // 5, generator, Tally()
    )
    print("benchmark, with its trainings", tallies["benchmark, with its trainings"], flush=True)
    tallies["train"] = kill_training(folder, reference, seconds, kills, generator)
    print("train", tallies["train"], flush=True)
    return tallies


def main():
    """Parses the flags, measures, writes the record."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--output", type=pathlib.Path)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="memgan_tf_kill_") as folder:
        tallies = measure(given.kills, given.seed, pathlib.Path(folder))
    record = {"kills": given.kills, "seed": given.seed}
    record["commands"] = {name: dataclasses.asdict(tally) for name, tally in tallies.items()}
    print(json.dumps(record, indent=2))
    if given.output:
        files.write_json(given.output, record)
    return int(any(tally.problems for tally in tallies.values()))


if __name__ == "__main__":
    raise SystemExit(main())
