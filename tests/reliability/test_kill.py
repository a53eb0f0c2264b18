"""Killed commands, at few moments; `python -m tests.reliability.kill` tries more."""

import numpy as np
import pytest

from tests.reliability import kill, kill_benchmark, targets


@pytest.mark.slow
def test_killed_training_comes_to_the_same_weights(reference, tmp_path):
    run, seconds = reference
    tally = kill.kill_training(tmp_path, run, seconds, 3, np.random.default_rng(0))
    assert tally.problems == []
    assert tally.tried == tally.survived == 3


@pytest.mark.slow
def test_a_fresh_process_resumes_bitwise_after_ctrl_c(reference, tmp_path):
    kill.stop_training(tmp_path, reference[0], 60)


@pytest.mark.slow
def test_a_killed_benchmark_comes_to_the_same_record(reference, tmp_path):
    run, seconds = reference
    given = (tmp_path, run, kill.GRID_FACTOR * seconds, 1, np.random.default_rng(3))
    tally = kill_benchmark.kill_benchmark(*given, kill.Tally())
    assert tally.problems == []
    assert tally.tried == tally.survived == 1


def test_a_killed_recalibration_leaves_a_whole_calibration(reference, tmp_path):
    tally = kill.kill_command(tmp_path, targets.Recalibrate(reference[0]), [3, 8, 13])
    assert tally.problems == []
    assert tally.tried == tally.survived == 3
