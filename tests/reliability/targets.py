"""Commands that are killed before an operation on a file, and what must hold afterwards."""

import json
import os
import pathlib
import shutil
import sys

from memgan_tf import files
from memgan_tf.evaluation.calibration import Calibration
from memgan_tf.export.model_card import CARD_FILE
from memgan_tf.export.publish import ModelStore
from memgan_tf.reproduction.grid import Grid
from memgan_tf.reproduction.records import Cell, read_records
from memgan_tf.temporaries import STALE_SECONDS
from tests.reliability import processes, runs

CELL = Cell("digits", "memgan", "default", 0, 0)


class Target:
    """A command on a copy of the reference run.

    Args:
        reference: A finished and evaluated run.
    """

    name = ""
    # Whether a try is cheap enough for every operation.
    is_exhaustive = True

    def __init__(self, reference):
        self._reference = reference

    def prepare(self, place):
        """Makes the folder that the command works in."""
        ignore = shutil.ignore_patterns("tensorboard")
        shutil.copytree(self._reference, place / "run", ignore=ignore)

    def start(self, place, log, **kill):
        """Runs the command; see `processes.run`."""
        return processes.run(self.arguments(place), log, **kill)

    def count_operations(self, place, log):
        """How many operations on files the command has."""
        self.prepare(place)
        ended = processes.run_function(_count, (self.arguments(place), str(place)), log)
        shutil.rmtree(place)
        return int(ended.output.split()[-1])


def _count(arguments, below):
    count = 0

    def look(event, given):
        nonlocal count
        count += event in processes.OPERATIONS and str(given[0]).startswith(below)

    sys.addaudithook(look)
    code = processes._call_main(arguments)
    print(count)
    return code


class Recalibrate(Target):
    """`memgan recalibrate`."""

    name = "recalibrate"

    def arguments(self, place):
        """Of the command line."""
        return ["recalibrate", f"--run={place / 'run'}", "--target_fpr=0.2"]

    def check_after_kill(self, place):
        """The run has the old calibration or the new one, whole."""
        found = Calibration.load(place / "run" / "calibration.json")
        assert found.target_fpr in (0.05, 0.2)

    def check_again(self, place, ended):
        """The new one, and the old one beside it."""
        assert ended.code == 0, ended.output
        run = place / "run"
        assert Calibration.load(run / "calibration.json").target_fpr == 0.2
        old = [Calibration.load(path) for path in run.glob("calibration.2*.json")]
        assert 0.05 in {calibration.target_fpr for calibration in old}
        assert runs.leftovers(place) == []


class Record(Target):
    """The grid of `memgan benchmark` as it keeps a cell's record; the runs are there already.

    Its trainings are killed with it by `kill_benchmark.kill_benchmark`.
    """

    name = "benchmark, keeping records"

    def prepare(self, place):
        """A folder of runs with the results of the cell."""
        run = place / "runs" / CELL.place
        run.mkdir(parents=True)
        shutil.copy(self._reference / "results.json", run)

    def start(self, place, log, **kill):
        """Runs the cell."""
        return processes.run_function(_run_cell, (str(place),), log, **kill)

    def check_after_kill(self, place):
        """There is a whole record or none."""
        read_records(place / "results")

    def check_again(self, place, ended):
        """There is the record, and nothing else."""
        assert ended.code == 0, ended.output
        assert set(read_records(place / "results")) == {CELL}
        kept = CELL.record_path(place / "results")
        assert kept.read_bytes() == (self._reference / "results.json").read_bytes()
        assert runs.leftovers(place) == [], runs.leftovers(place)


class _Finished(Grid):
    def _run_command(self, arguments, log):
        return 0


def _run_cell(place):
    place = pathlib.Path(place)
    failed = _Finished(place / "runs", place / "results", None, 1).run([CELL])
    return len(failed)


class Evaluate(Target):
    """`memgan evaluate`."""

    name, is_exhaustive = "evaluate", False

    def prepare(self, place):
        """A copy of the run that is not evaluated."""
        super().prepare(place)
        shutil.rmtree(place / "run" / "eval")
        (place / "run" / "results.json").unlink()

    def arguments(self, place):
        """Of the command line."""
        return ["evaluate", f"--run={place / 'run'}", "--num_heatmaps=1"]

    def check_after_kill(self, place):
        """There are whole results or none."""
        path = place / "run" / "results.json"
        if path.exists():
            assert json.loads(path.read_text())["metrics"]

    def check_again(self, place, ended):
        """The results and scores are the reference's."""
        assert ended.code == 0, ended.output
        for name in ("eval/scores.csv", "calibration.json"):
            assert (place / "run" / name).read_bytes() == (self._reference / name).read_bytes()
        results = [
            runs.without_clocks(p / "results.json") for p in (self._reference, place / "run")
        ]
        assert results[0] == results[1]
        assert runs.leftovers(place) == [], runs.leftovers(place)


class Export(Target):
    """`memgan export`."""

    name, is_exhaustive = "export", False

    def prepare(self, place):
        """An empty folder of models."""
        place.mkdir()

    def arguments(self, place):
        """Of the command line."""
        flags = [f"--run={self._reference}", "--name=zeros", f"--output_dir={place}"]
        return ["export", *flags, "--version=1", "--golden_images=0"]

    def check_after_kill(self, place):
        """There is a whole version or none."""
        path = place / "zeros" / "1"
        if path.exists():
            self._check_whole(path)
        self._published = path.exists()

    def check_again(self, place, ended):
        """The version is there; what the kill left goes once it is old."""
        if self._published:
            assert "exists, and a published version is never overwritten" in ended.output
        else:
            assert ended.code == 0, ended.output
        self._check_whole(place / "zeros" / "1")
        for left in runs.leftovers(place):
            old = left.stat().st_mtime - STALE_SECONDS - 1
            os.utime(left, (old, old))
        with ModelStore(place, "zeros").publishing(2):
            pass
        assert runs.leftovers(place) == [], runs.leftovers(place)

    @staticmethod
    def _check_whole(path):
        digests = json.loads((path / CARD_FILE).read_text())["sha256"]
        assert "saved_model.pb" in digests
        assert digests == {name: files.sha256(path / name) for name in digests}


def all_targets(reference):
    """Every target."""
    return [kind(reference) for kind in (Recalibrate, Record, Evaluate, Export)]
