"""Sides of tiles: their margins leave room for a step."""

import pytest

from memgan_tf.config import resolve
from memgan_tf.networks.tiling import spans


def test_the_smallest_tiles_cover_a_side_once():
    used = [(first, last) for _, _, first, last in spans(512, 192, 64)]
    assert used[0][0] == 0
    assert used[-1][1] == 512
    assert [last for _, last in used[:-1]] == [first for first, _ in used[1:]]


def test_tiles_that_are_all_margin_are_refused():
    with pytest.raises(ValueError, match="`tile_size` must be .*192"):
        resolve("padim", "default", (512, 512, 3), {"tile_size": 128})
