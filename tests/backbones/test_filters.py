"""The backbone of fixed filters."""

import numpy as np
import pytest
import tensorflow as tf

from memgan_tf import files
from memgan_tf.backbones.carrying import read_backbone, save_backbone
from memgan_tf.backbones.filters import cosine_kernel
from memgan_tf.backbones.making import make_backbone
from memgan_tf.backbones.requests import check_request
from memgan_tf.evaluation.trained_run import TrainedRun
from memgan_tf.tools import main
from tests.folder_sets import make_mvtec

NUM_FILTERS = 20 + 2 * 3


@pytest.fixture(scope="module")
def backbone():
    return make_backbone("filters")


def test_maps(backbone):
    assert backbone.strides == (2, 4, 8)
    assert backbone.channels == (NUM_FILTERS,) * 3
    assert not backbone.notes
    assert not backbone.model.trainable_weights
    shapes = [tuple(found.shape) for found in backbone.maps(np.zeros((2, 48, 64, 3), np.float32))]
    assert shapes == [(2, 24, 32, 26), (2, 12, 16, 26), (2, 6, 8, 26)]


def test_filters_are_orthogonal_and_grow_with_the_frequency():
    kernel = cosine_kernel(7, 20, 3, balanced=False).reshape(-1, NUM_FILTERS) * 7
    products = kernel.T @ kernel
    # Colors count twice.
    np.testing.assert_allclose(products, np.diag([1.0] * 20 + [4.0] * 6), atol=1e-4)
    # The second one has a frequency along x alone.
    along_x = kernel[:, 1].reshape(7, 7, 3)
    np.testing.assert_allclose(along_x, np.broadcast_to(along_x[:1], (7, 7, 3)), atol=1e-6)
    balanced = cosine_kernel(7, 20, 3, balanced=True).reshape(-1, NUM_FILTERS) * 7
    # In order of the sum of both frequencies: (0, 0), (0, 1), (1, 0), (0, 2), (1, 1), …
    factors = np.linalg.norm(balanced[:, :5], axis=0)
    np.testing.assert_allclose(factors, [0.5, 1.0, 1.0, 2.0, np.sqrt(2.0)], rtol=1e-5)


def test_an_even_photograph_has_its_brightness_and_color_only(backbone):
    images = np.full((1, 64, 64, 3), 192.0, np.float32)
    for found in backbone.maps(images):
        # Away from the border, whose windows reach beyond the image.
        inner = np.asarray(found)[0, 2:-2, 2:-2]
        # (192 - 128) / 64 in three colors, 7 × 7 pixels: √3 · 7, divided by 7.
        np.testing.assert_allclose(inner[..., 0], np.sqrt(3.0), rtol=1e-5)
        np.testing.assert_allclose(inner[..., 1:], 0.0, atol=1e-5)


def test_a_stripe_is_seen_where_it_is(backbone):
    images = np.full((1, 64, 64, 3), 128.0, np.float32)
    images[0, :, 32:34] = 255.0
    finest = np.abs(np.asarray(backbone.maps(images)[0])).max(axis=(0, 1, 3))
    # At stride 2, position j has the pixels from 2 j - 2 to 2 j + 4.
    assert (finest[14:18] > 0.1).all()
    np.testing.assert_allclose(np.delete(finest, range(14, 18)), 0.0, atol=1e-5)


def test_it_is_carried(backbone, tmp_path):
    save_backbone(backbone, tmp_path)
    found = read_backbone(tmp_path)
    assert (found.name, found.sha256) == ("filters", backbone.sha256)
    image = np.random.default_rng(0).uniform(0, 255, (1, 40, 40, 3)).astype(np.float32)
    for ours, theirs in zip(backbone.maps(image), found.maps(image), strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_layers_can_be_chosen():
    assert make_backbone("filters", "cosines_4").strides == (4,)
    assert make_backbone("filters", num_maps=2).strides == (2, 4)
    with pytest.raises(ValueError, match="cosines_2"):
        make_backbone("filters", "cosines_16")


def test_it_takes_no_weights():
    with pytest.raises(ValueError, match="which has none"):
        check_request("filters", None, "random")
    with pytest.raises(ValueError, match="did you mean filters"):
        check_request("filter", None, None)


def test_a_folder_is_learned_evaluated_and_exported(tmp_path, monkeypatch):
    make_mvtec(tmp_path / "parts", 24, 3, 2, side=32)
    monkeypatch.chdir(tmp_path)
    command = "train --dataset=folder:parts --detector=patch_memory --backbone=filters"
    assert main.main([*command.split(), "--min_side=32", "--image_size=32"]) == 0
    path = tmp_path / "runs/patch_memory/folder_parts/all/seed_0"
    assert main.main(["evaluate", f"--run={path}", "--num_heatmaps=0"]) == 0
    assert files.read_json(path / "results.json")["metrics"]["auroc"] == 1.0
    assert main.main(["export", f"--run={path}", "--output_dir=exported", "--name=parts"]) == 0
    images = make_mvtec(tmp_path / "more", 3, 1, 1, side=32) / "train" / "good"
    pixels = np.stack([tf.io.decode_png(found.read_bytes()) for found in sorted(images.iterdir())])
    (published,) = (tmp_path / "exported" / "parts").iterdir()
    signature = tf.saved_model.load(str(published)).signatures["serving_default"]
    served = signature(image=tf.constant(pixels, tf.float32))["anomaly_score"]
    np.testing.assert_array_equal(served, TrainedRun.load(path).score(pixels))
