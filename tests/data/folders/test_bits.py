"""Folders of files with more than 8 bits."""

import numpy as np
import pytest
from PIL import Image

from memgan_tf.data.folders.folder import settle
from tests.data.folder_files import config, index, load


@pytest.mark.parametrize(
    ("peak", "bit_depth", "said"),
    [
        (4095, None, "--bit_depth=12"),
        (1000, None, "--bit_depth=10"),
        (200, None, "--bit_depth=8"),
        (60_000, None, None),
        (4095, 12, None),
        (4096, 12, "are above bit_depth=12 and get white"),
    ],
)
def test_the_bits_that_16_bit_files_use(peak, bit_depth, said, tmp_path):
    for number in range(3):
        pixels = np.full((12, 10), peak - number, np.uint16)
        (tmp_path / "set").mkdir(exist_ok=True)
        Image.fromarray(pixels).save(tmp_path / "set" / f"{number}.png")
    found = index(tmp_path / "set", bit_depth=bit_depth)
    notes = " ".join(found["notes"])
    assert said in notes if said else "16-bit" not in notes
    values = load(tmp_path / "set", bit_depth=bit_depth).images
    assert values.max() == min(255, peak >> (8 if bit_depth is None else bit_depth - 8))
    if bit_depth is None and peak < 4096:
        with pytest.raises(ValueError, match=f"`bit_depth` must be given.* add {said};"):
            settle(config(tmp_path / "set"))
        bit_depth = 16
    settle(config(tmp_path / "set", bit_depth=bit_depth))
