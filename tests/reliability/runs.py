"""What a run must be after a fault: the same as if nothing had happened."""

import csv
import json
import pathlib

import numpy as np
import tensorflow as tf

from memgan_tf import temporaries
from tests.conftest import tiny_overrides

# Settings of a run that trains for seconds and saves often.
SETTINGS = tiny_overrides(epochs=25, steps_per_call=1)
PLACE = pathlib.Path("memgan", "digits", "0", "seed_0")
# What differs between two runs that are the same: clocks.
CLOCKS = ("seconds", "training_seconds", "scoring_seconds", "config_sha256", "environment")


def train_flags(model_dir, **settings):
    """`train` with the settings; others may be given."""
    return [
        "train",
        f"--model_dir={model_dir}",
        *(f"--{name}={value}" for name, value in {**SETTINGS, **settings}.items()),
    ]


def leftovers(folder):
    """What writing leaves in a folder if it is cut off."""
    kinds = (f"{temporaries.TEMPORARY_PREFIX}*", "*_temp", ".staging-*", "*.claim")
    return sorted({path for kind in kinds for path in pathlib.Path(folder).rglob(kind)})


def newest_checkpoint(run):
    """The name of a run's newest checkpoint."""
    return pathlib.Path(tf.train.latest_checkpoint(str(run / "checkpoints"))).name


def weights(run):
    """Every tensor of the newest checkpoint but the clock."""
    path = str(run / "checkpoints" / newest_checkpoint(run))
    names = [name for name, _ in tf.train.list_variables(path)]
    return {
        name: tf.train.load_variable(path, name)
        for name in names
        if not name.startswith(("seconds", "save_counter", "_CHECKPOINTABLE"))
    }


def rows_of(path):
    """Rows of a CSV file without the clock."""
    with path.open(newline="") as file:
        return [{k: v for k, v in row.items() if k != "seconds"} for row in csv.DictReader(file)]


def without_clocks(path):
    """A JSON object without what differs from run to run."""
    return {k: v for k, v in json.loads(path.read_text()).items() if k not in CLOCKS}


def check_same_run(expected, run):
    """Checks that a finished run is bit for bit another; names the first difference."""
    mine, theirs = weights(expected), weights(run)
    assert mine.keys() == theirs.keys(), "other weights"
    for name, value in mine.items():
        np.testing.assert_array_equal(theirs[name], value, err_msg=name)
    assert rows_of(run / "metrics.csv") == rows_of(expected / "metrics.csv"), "metrics.csv"
    for name in ("calibration.json", "config.json"):
        assert (run / name).read_bytes() == (expected / name).read_bytes(), name
    assert without_clocks(run / "COMPLETE") == without_clocks(expected / "COMPLETE"), "COMPLETE"
    assert leftovers(run) == [], leftovers(run)
