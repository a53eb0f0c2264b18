import numpy as np
import pytest
from PIL import Image

from tests.texture_sets import DEFECTS, make_textures


@pytest.mark.parametrize("texture", ["woven", "stone"])
def test_a_set_has_the_layout_and_masks_of_what_was_changed(texture, tmp_path):
    root = make_textures(tmp_path / texture, texture, 3, 2, 2, side=64)
    assert len(list(root.glob("train/good/*.png"))) == 3
    for kind in DEFECTS:
        for path in sorted((root / "test" / kind).glob("*.png")):
            mask = np.asarray(Image.open(root / "ground_truth" / kind / f"{path.stem}_mask.png"))
            assert 0 < (mask > 0).mean() < 0.35
    again = make_textures(tmp_path / "again", texture, 3, 2, 2, side=64)
    first = sorted(p.read_bytes() for p in root.rglob("*.png"))
    assert first == sorted(p.read_bytes() for p in again.rglob("*.png"))
