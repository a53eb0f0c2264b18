import numpy as np
import pytest

from memgan_tf.training.levelling import held_out_curve, remaining_fall, still_falls


@pytest.mark.parametrize(
    ("values", "fall"),
    [
        (np.repeat([8.0, 4.0, 2.0], [2, 2, 10]), 0.0),  # at rest
        ([2.0] * 12 + [1.0, 1.0], 0.5),  # the last two of fourteen are half of the two before
        ([1.0] * 12 + [2.0, 2.0], -1.0),  # rises
        ([4.0, 2.0, 1.0], 0.0),  # too short to say
        ([2.0] * 13 + [np.nan], 0.0),
    ],
)
def test_remaining_fall(values, fall):
    assert remaining_fall(np.array(values)) == pytest.approx(fall)
    assert still_falls(np.array(values)) == (fall > 0.03)


def test_one_loud_epoch_decides_nothing():
    values = 10.0 + 0.1 * np.random.default_rng(0).normal(size=70)
    values[-1] = 9.0
    assert not still_falls(values)


def test_the_curve_is_the_error_and_for_older_runs_the_score(tmp_path):
    path = tmp_path / "metrics.csv"
    assert held_out_curve(path).tolist() == []
    path.write_text("epoch,validation/score\n1,3\n2,2\n")
    assert held_out_curve(path).tolist() == [3, 2]
    path.write_text("epoch,validation/score,validation/error\n1,3,9\n2,2,8\n")
    assert held_out_curve(path).tolist() == [9, 8]
    path.write_text("epoch,validation/score\n1,many\n")
    with pytest.raises(ValueError, match="Remove it"):
        held_out_curve(path)
