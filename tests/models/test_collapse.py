import numpy as np
import pytest

from memgan_tf.models.collapse import (
    attention_information,
    attention_signs,
    effective_units,
    reconstruction_signs,
    reconstruction_spread,
)

ONE_UNIT_EACH = np.eye(8)
UNIFORM = np.full((8, 8), 1 / 8)


@pytest.mark.parametrize(
    ("attention", "expected"),
    [
        (ONE_UNIT_EACH, np.log(8)),  # the unit names the image
        (UNIFORM, 0.0),  # the same mixture for every image says nothing
        (np.tile([1.0, 0.0], (8, 1)), 0.0),  # as does one unit for all
        (np.repeat([[1.0, 0.0], [0.0, 1.0]], 4, axis=0), np.log(2)),
    ],
)
def test_attention_information(attention, expected):
    assert attention_information(attention) == pytest.approx(expected, abs=1e-9)


def test_a_uniform_mixture_uses_every_unit_and_is_still_a_sign():
    assert effective_units(UNIFORM) == pytest.approx(8.0)
    assert "same for every image" in attention_signs(UNIFORM)[0]
    assert attention_signs(ONE_UNIT_EACH) == []


def test_the_spread_is_a_share_of_the_images_own():
    images = np.random.default_rng(0).uniform(size=(9, 4, 4, 3))
    middle = images.mean(axis=0)
    half = middle + 0.5 * (images - middle)
    assert reconstruction_spread(images, images) == pytest.approx(1.0)
    assert reconstruction_spread(half, images) == pytest.approx(0.5)
    assert reconstruction_signs(half, images) == []
    same = np.tile(middle, (9, 1, 1, 1))
    assert "reconstructions are nearly the same" in reconstruction_signs(same, images)[0]


def test_images_that_do_not_differ_accuse_nobody():
    same = np.ones((9, 4, 4, 3))
    assert reconstruction_spread(same, same) is None
    assert reconstruction_signs(same, same) == []


def test_few_images_say_nothing():
    assert attention_signs(UNIFORM[:7]) == []
    assert reconstruction_signs(np.zeros((7, 2, 2, 1)), np.eye(7)[:, :4].reshape(7, 2, 2, 1)) == []
