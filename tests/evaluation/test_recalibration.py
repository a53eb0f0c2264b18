import numpy as np
import pytest

from memgan_tf.evaluation.calibration import Calibration
from memgan_tf.evaluation.recalibration import recalibrated, replace_calibration
from memgan_tf.training.run_directory import RunDirectory

BEFORE = Calibration.of(np.arange(1.0, 20.0), 0.05)


def test_another_rate_keeps_the_scores():
    after = recalibrated(BEFORE, target_fpr=0.1)
    assert (after.threshold, after.target_fpr) == (18.0, 0.1)
    assert after.source == BEFORE.source
    np.testing.assert_array_equal(after.scores, BEFORE.scores)


def test_other_images_keep_the_rate():
    after = recalibrated(BEFORE, scores=np.arange(101.0, 120.0))
    assert (after.threshold, after.target_fpr) == (119.0, 0.05)
    assert after.source == "new images"


@pytest.mark.parametrize(
    ("target_fpr", "count", "message"),
    [
        (0.04, None, r"at least 1/20 \(0.05\), all that 19 normal images can guarantee; 24 would"),
        (None, 18, r"at least 1/19 \(0.0526\), all that 18"),
        (0.01, 50, "99 would do"),
    ],
)
def test_a_rate_that_the_images_cannot_guarantee(target_fpr, count, message):
    scores = None if count is None else np.arange(float(count))
    with pytest.raises(ValueError, match=message):
        recalibrated(BEFORE, target_fpr, scores)


def finished(path, config):
    run = RunDirectory(path)
    with run.claimed(config):
        BEFORE.save(run.path / "calibration.json")
        run.mark_complete({"training_seconds": 1.0})
    return run


def test_the_old_one_is_kept_under_its_date(tmp_path, tiny_config):
    run = finished(tmp_path / "run", tiny_config())
    before = (run.path / "calibration.json").read_bytes()
    backups = [replace_calibration(run, recalibrated(BEFORE, rate)) for rate in (0.1, 0.2)]
    assert len(set(backups)) == 2
    assert backups[0].read_bytes() == before
    assert Calibration.load(backups[1]).target_fpr == 0.1
    assert Calibration.load(run.path / "calibration.json").target_fpr == 0.2
    assert run.read_config() == tiny_config()


def test_a_run_in_use_is_left_alone(tmp_path, tiny_config):
    run = finished(tmp_path / "run", tiny_config())
    with run.claimed(tiny_config()), pytest.raises(RuntimeError, match="in use by another"):
        replace_calibration(run, recalibrated(BEFORE, 0.1))
    assert Calibration.load(run.path / "calibration.json").target_fpr == 0.05
