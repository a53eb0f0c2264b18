"""A run may get more epochs, and is then the run that had them from the start."""

import numpy as np
import pytest

import memgan_tf
from memgan_tf.config import resolve
from memgan_tf.fit import fit
from memgan_tf.training.growth import grows
from memgan_tf.training.run_directory import RunDirectory


@pytest.fixture
def make(tiny_config):
    return lambda epochs, **more: tiny_config(
        dataset="digits", normal_class=0, epochs=epochs, learning_rate_decay=1.0, **more
    )


def test_a_finished_run_grows_into_the_longer_one(make, tmp_path, pixels):
    grown = fit(make(1), tmp_path / "grown")
    (grown.path / "results.json").write_text("{}")
    assert not grown.is_complete_for(make(2))
    assert fit(make(2), tmp_path / "grown").path == grown.path
    longer = fit(make(2), tmp_path / "longer")
    assert grown.is_complete_for(make(2))
    assert grown.read_config() == make(2)
    assert not (grown.path / "results.json").exists()
    scores = [memgan_tf.load(run.path).score(pixels()) for run in (grown, longer)]
    np.testing.assert_array_equal(*scores)
    rows = [(run.path / "metrics.csv").read_text().splitlines() for run in (grown, longer)]
    assert len(rows[0]) == len(rows[1]) == 3
    calibrations = [(run.path / "calibration.json").read_text() for run in (grown, longer)]
    assert calibrations[0] == calibrations[1]


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        ({"epochs": 4}, {"epochs": 3}, "`epochs` of a run may only grow.*epochs=4.*epochs=3"),
        (
            {"epochs": 3, "learning_rate_decay": 0.1},
            {"epochs": 4, "learning_rate_decay": 0.1},
            "`epochs` cannot grow: the step size falls to the end, learning_rate_decay=0.1",
        ),
    ],
)
def test_what_cannot_grow_says_why(before, after, message, tiny_config, tmp_path):
    run = RunDirectory(tmp_path / "run")
    with run.claimed(tiny_config(**before)):
        pass
    with pytest.raises(ValueError, match=message), run.claimed(tiny_config(**after)):
        pass
    assert run.read_config() == tiny_config(**before)


def test_a_step_size_that_drops_cannot_grow():
    shorter, longer = (
        resolve("deep_svdd", "paper", (28, 28, 1), {"epochs": epochs}) for epochs in (5, 6)
    )
    with pytest.raises(ValueError, match="the step size drops at a share of the steps"):
        grows(shorter, longer)


def test_other_differences_are_no_growth(make):
    assert not grows(make(1), make(2, latent_dim=5))
    assert not grows(make(1), make(1))
    assert grows(make(1), make(2))
