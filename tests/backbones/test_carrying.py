"""What a run carries of a backbone."""

import numpy as np

from memgan_tf.backbones.carrying import read_backbone, save_backbone
from memgan_tf.backbones.making import make_backbone


def test_same_maps_to_the_bit(tiny, tmp_path):
    made = make_backbone(f"file:{tiny}")
    save_backbone(made, tmp_path)
    read = read_backbone(tmp_path)
    image = np.random.default_rng(0).uniform(0, 255, (1, 40, 56, 3)).astype("float32")
    for before, after in zip(made.model(image), read.model(image), strict=True):
        np.testing.assert_array_equal(before, after)
    for key in ("name", "layers", "strides", "channels", "sha256", "license", "notes"):
        assert getattr(made, key) == getattr(read, key)
