"""One training, from its configuration to a complete run."""

import numpy as np
import pytest

import memgan_tf


def test_a_backbone_that_cannot_be_used_leaves_no_run(tmp_path):
    """Otherwise the next try, with one that can, would find another configuration's run."""
    network = tmp_path / "network.keras"
    network.write_bytes(b"not a network")
    images = np.random.default_rng(0).integers(0, 256, (24, 64, 64, 3), dtype=np.uint8)
    with pytest.raises(ValueError, match=r"network\.keras"):
        memgan_tf.train(
            images,
            detector="patch_memory",
            model_dir=tmp_path / "runs",
            backbone=f"file:{network}",
        )
    assert not list((tmp_path / "runs").rglob("config.json"))
