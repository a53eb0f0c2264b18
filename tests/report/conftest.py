"""A finished run that the tests of the report copy."""

import dataclasses
import shutil

import numpy as np
import pytest

from memgan_tf.config import resolve
from memgan_tf.data import load_task
from memgan_tf.evaluation.trained_run import TrainedRun
from memgan_tf.fit import fit
from memgan_tf.report.evaluate import evaluate
from tests.conftest import tiny_overrides


@pytest.fixture(scope="session")
def tiny_run(tmp_path_factory):
    """The folder of a tiny MEMGAN run on the digits, not evaluated."""
    config = resolve("memgan", "default", (8, 8, 1), tiny_overrides())
    return fit(config, tmp_path_factory.mktemp("report")).path


@pytest.fixture(scope="session")
def tiny_task(tiny_run):
    """Its data, the first 60 test images."""
    config = TrainedRun.load(tiny_run).config
    task = load_task(config.data, config.training.seed)
    return dataclasses.replace(task, test=task.test.select(np.arange(60)))


@pytest.fixture
def finished(tiny_run, tmp_path):
    """A copy of the run, loaded."""
    path = tmp_path / "runs" / "memgan" / "digits" / "0" / "seed_0"
    shutil.copytree(tiny_run, path)
    return TrainedRun.load(path)


@pytest.fixture(scope="session")
def masked_task(tiny_task):
    """The same data with masks: the left half of each anomaly is its defect."""
    masks = np.zeros((60, 8, 8), bool)
    masks[tiny_task.test.labels == 1, :, :4] = True
    return dataclasses.replace(tiny_task, test=dataclasses.replace(tiny_task.test, masks=masks))


@pytest.fixture(scope="session")
def evaluated_run(tiny_run, masked_task, tmp_path_factory):
    """A copy of the folder after an evaluation with masks."""
    path = tmp_path_factory.mktemp("evaluated") / "run"
    shutil.copytree(tiny_run, path)
    evaluate(TrainedRun.load(path), masked_task, 2)
    return path


@pytest.fixture
def evaluated(evaluated_run, tmp_path):
    """A copy of it, loaded."""
    path = tmp_path / "runs" / "memgan" / "digits" / "0" / "seed_0"
    shutil.copytree(evaluated_run, path)
    return TrainedRun.load(path)
