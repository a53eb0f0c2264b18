"""Full and read-only disks, a clock that goes backwards, rivals, damaged files: tried and counted.

python -m tests.reliability.faults --tries=20 --seed=0 --output=results/reliability/faults.json

A fault is survived if the user sees one line that names it, nothing is lost or half-written, and,
once its cause is gone, the same command comes to the result of a run without it.
"""

import argparse
import concurrent.futures
import dataclasses
import itertools
import os
import pathlib
import shutil
import tempfile
import time

from memgan_tf import files
from memgan_tf.beam.reading import Reader
from memgan_tf.evaluation.calibration import Calibration
from tests.reliability import fuzz_runs, processes, runs
from tests.reliability.fault_world import Impossible, Tally, World, disk


def full_disk_training(world):
    """Training on a disk that fills up, then on a larger one."""
    tally = Tally()
    used = sum(p.stat().st_size for p in world.reference.rglob("*") if p.is_file()) // 1024
    for place in world.places("full_train"):
        size = int(world.generator.integers(24, used // 2))
        with disk(place, size) as remount, tally.one_try(place.name):
            tally.expect_one_line(world.train(place), "No space left")
            remount("size=64m")
            again = world.train(place)
            assert again.code == 0, again.output
            runs.check_same_run(world.reference, place / "runs" / runs.PLACE)
    return tally


def full_disk_commands(world):
    """Recalibration and scoring on a disk without room: the old files stay as they are."""
    tally = Tally()
    for place in world.places("full_commands"):
        with disk(place, 65536) as remount:
            run = world.copy(place)
            before = fuzz_runs.content_of(run)
            used = os.statvfs(place).f_blocks - os.statvfs(place).f_bfree
            remount(f"size={4 * used}k")
            with tally.one_try(place.name):
                recalibrated = world.run("recalibrate", f"--run={run}", "--target_fpr=0.2")
                tally.expect_one_line(recalibrated, "No space left")
                left = fuzz_runs.content_of(run)
                assert all(left[name] == content for name, content in before.items())
                remount("size=64m")
                again = world.run("recalibrate", f"--run={run}", "--target_fpr=0.2")
                assert again.code == 0, again.output
                assert Calibration.load(run / "calibration.json").target_fpr == 0.2
                assert runs.leftovers(place) == []
    return tally


def read_only(world):
    """Training, recalibration and evaluation where nothing can be written."""
    tally = Tally()
    commands = (
        lambda place, run: ("recalibrate", f"--run={run}", "--target_fpr=0.2"),
        lambda place, run: ("evaluate", f"--run={run}"),
        lambda place, run: runs.train_flags(place / "others"),
    )
    for place, command in zip(world.places("read_only"), itertools.cycle(commands)):
        with disk(place, 65536) as remount:
            run = world.copy(place)
            before = fuzz_runs.content_of(place)
            remount("ro")
            with tally.one_try(place.name):
                tally.expect_one_line(world.run(*command(place, run)), str(place))
                assert fuzz_runs.content_of(place) == before
    return tally


def backward_clock(world):
    """Training by a clock that goes back a minute at each look, over files of next year."""
    tally = Tally()
    for place in world.places("clock"):
        run = world.copy(place, "COMPLETE", "calibration.json", "results.json", "eval")
        for path in run.glob(f"checkpoints/{runs.newest_checkpoint(run)}.*"):
            path.unlink()
        for path in run.rglob("*"):
            os.utime(path, (2e9, 2e9))
        with tally.one_try(place.name):
            ended = processes.run_function(
                _with_backward_clock, (runs.train_flags(place / "runs"),), world.folder / "log"
            )
            assert ended.code == 0, ended.output
            tally.sees = next(s for s in ended.output.splitlines() if s.startswith("Done: "))
            runs.check_same_run(world.reference, run)
            assert files.read_json(run / "COMPLETE")["training_seconds"] >= 0
    return tally


def _with_backward_clock(arguments):
    started, looks = time.time(), itertools.count()
    time.time = lambda: started - 60.0 * next(looks)
    time.time_ns = lambda: int(time.time() * 1e9)
    return processes._call_main(arguments)


def rivals(world):
    """Two processes that start the same run at once."""
    tally = Tally()
    for place in world.places("rivals"):
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            first = pool.submit(world.train, place)
            time.sleep(world.generator.uniform(0, 0.3))
            both = [first.result, pool.submit(world.train, place).result]
            ended = sorted((result() for result in both), key=lambda e: e.code)
        with tally.one_try(place.name):
            assert ended[0].code == 0, ended[0].output
            if ended[1].code == 0:  # it came when all was done
                assert any("is complete already" in e.output for e in ended), ended
            else:
                tally.expect_one_line(ended[1], "in use by another process")
            runs.check_same_run(world.reference, place / "runs" / runs.PLACE)
    return tally


def damaged_checkpoint(world):
    """The newest checkpoint of an interrupted run is damaged: the one before is used."""
    tally = Tally()
    for place in world.places("checkpoint"):
        run = world.copy(place, "COMPLETE", "calibration.json", "results.json", "eval")
        names = sorted(run.glob(f"checkpoints/{runs.newest_checkpoint(run)}.*"))
        world.damage(names[int(world.generator.integers(len(names)))])
        with tally.one_try(place.name):
            ended = world.train(place)
            assert ended.code == 0, ended.output
            warned = [line for line in ended.output.splitlines() if "is damaged" in line]
            assert len(warned) == 1, ended.output
            tally.sees = warned[0]
            runs.check_same_run(world.reference, run)
    return tally


def damaged_json(world):
    """config.json, COMPLETE or calibration.json of a finished run is damaged; then restored."""
    tally, names = Tally(), ("config.json", "COMPLETE", "calibration.json")
    image = world.folder / "digit.png"
    image.write_bytes(fuzz_runs.encoded("PNG"))
    for place, name in zip(world.places("json"), itertools.cycle(names)):
        run = world.copy(place)
        world.damage(run / name)
        flags = ("score", f"--run={run}", f"--input={image}", f"--output={place / 'scores.csv'}")
        with tally.one_try(f"{place.name} {name}"):
            ended = world.run(*flags)
            if ended.code:
                tally.expect_one_line(ended, name)
            else:  # a derived value that nobody reads, or white space
                expected = Calibration.load(world.reference / "calibration.json")
                assert Calibration.load(run / "calibration.json").digest() == expected.digest()
            shutil.copy(world.reference / name, run)
            assert world.run(*flags).code == 0
    return tally


def damaged_shard(world):
    """A TFRecord file is damaged: the images before the damage are whole, the rest is reported."""
    tally = Tally()
    path = world.folder / "shard.tfrecord"
    path.write_bytes(fuzz_runs.shard())
    read = lambda: list(Reader((8, 8, 1), "pad", "image").read([str(path)]))  # noqa: E731
    whole = read()
    for place in world.places("shard"):
        path.write_bytes(fuzz_runs.shard())
        world.damage(path)
        with tally.one_try(place.name):
            found = read()
            good = [image for _, image in found if not isinstance(image, str)]
            assert all((a == b).all() for a, (_, b) in zip(good, whole, strict=False))
            bad = [f"{name}: {image}" for name, image in found if isinstance(image, str)]
            at_boundary = path.stat().st_size < len(fuzz_runs.shard()) and not bad
            assert bad or at_boundary, "nothing was reported"
            tally.sees = bad[-1] if bad else tally.sees
    return tally


FAULTS = {
    "disk full while training": full_disk_training,
    "disk full while recalibrating": full_disk_commands,
    "read-only folder": read_only,
    "clock going backwards": backward_clock,
    "two processes start the same run": rivals,
    "damaged checkpoint": damaged_checkpoint,
    "damaged config.json, COMPLETE, calibration.json": damaged_json,
    "damaged TFRecord shard": damaged_shard,
}


def measure(folder, tries, seed, only=""):
    """The tally of each fault by its name; None of one that cannot be made here."""
    world, tallies = World(folder, tries, seed), {}
    for name, fault in FAULTS.items():
        if only in name:
            try:
                tallies[name] = fault(world)
            except Impossible as error:
                tallies[name] = None
                print(f"{name}: {error}")
            print(name, tallies[name], flush=True)
    return tallies


def main():
    """Parses the flags, makes the faults, writes the record."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tries", type=int, default=3)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", default="", help="part of the names of faults")
    parser.add_argument("--output", type=pathlib.Path)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="memgan_tf_faults_") as folder:
        tallies = measure(pathlib.Path(folder), given.tries, given.seed, given.only)
        found = {name: tally and dataclasses.asdict(tally) for name, tally in tallies.items()}
        for tally in filter(None, found.values()):
            # Places of this machine are of no use in a record.
            tally.update(sees=tally["sees"].replace(folder, "…"), seed=given.seed)
    if given.output:
        # Faults that were not chosen keep what an earlier call found.
        before = files.read_json(given.output)["faults"] if given.output.exists() else {}
        files.write_json(given.output, {"faults": {**before, **found}})
    return int(any(tally and tally["problems"] for tally in found.values()))


if __name__ == "__main__":
    raise SystemExit(main())
