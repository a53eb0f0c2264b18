import numpy as np
import pytest
from PIL import Image

from memgan_tf.backbones.making import make_backbone
from memgan_tf.data.image_files import DecodedImage
from memgan_tf.networks.patch_features import PatchFeatures
from tests.tiny_backbone import CHANNELS, write_tiny_backbone


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    path = write_tiny_backbone(tmp_path_factory.mktemp("backbone") / "tiny.keras")
    return make_backbone(f"file:{path}")


@pytest.fixture
def photographs():
    return np.random.default_rng(0).integers(1, 256, (2, 32, 48, 3), dtype=np.uint8)


def test_neighboring_strides_make_grids(tiny, photographs):
    fine, coarse = PatchFeatures(tiny, (32, 48, 3))(photographs)
    assert fine.features.shape == (2, 16, 24, CHANNELS[0] + CHANNELS[1])
    assert coarse.features.shape == (2, 8, 12, CHANNELS[1] + CHANNELS[2])
    assert fine.valid.numpy().all()
    assert fine.valid.shape == (2, 16, 24)


def test_features_are_means_over_three_by_three_positions(tiny, photographs):
    network = PatchFeatures(tiny, (32, 48, 3))
    finest = network.maps(photographs)[0].numpy()
    found = network(photographs)[0].features.numpy()[..., : CHANNELS[0]]
    np.testing.assert_allclose(found[:, 5, 7], finest[:, 4:7, 6:9].mean(axis=(1, 2)), rtol=1e-4)
    # At a corner there are four.
    np.testing.assert_allclose(found[:, 0, 0], finest[:, :2, :2].mean(axis=(1, 2)), rtol=1e-4)


def test_one_map_makes_one_grid(tiny, photographs, tmp_path):
    path = write_tiny_backbone(tmp_path / "tiny.keras")
    network = PatchFeatures(make_backbone(f"file:{path}", "second"), (32, 48, 3))
    (grid,) = network(photographs)
    assert grid.features.shape == (2, 8, 12, CHANNELS[1])


def test_grey_images_are_repeated(tiny, photographs):
    grey = photographs[..., :1]
    found = PatchFeatures(tiny, (32, 48, 1))(grey)[0].features
    expected = PatchFeatures(tiny, (32, 48, 3))(np.repeat(grey, 3, axis=-1))[0].features
    np.testing.assert_array_equal(found, expected)


def test_small_images_are_enlarged(tiny):
    network = PatchFeatures(tiny, (8, 12, 1), min_side=32)
    assert network.size == (32, 48)
    assert network(np.ones((1, 8, 12, 1), np.uint8))[0].features.shape[1:3] == (16, 24)
    assert PatchFeatures(tiny, (64, 48, 1), min_side=32).size == (64, 48)


def test_padding_is_not_valid(tiny, photographs):
    photographs[:, :8] = photographs[:, -8:] = 0
    padded = PatchFeatures(tiny, (32, 48, 3), "pad")(photographs)
    valid = padded[0].valid.numpy()
    # Two rows of pixels to a patch: a patch is valid if at least half of it is content.
    assert valid[:, 4:12].all()
    assert not valid[:, :4].any()
    assert not valid[:, 12:].any()
    # By another fit black rows are dark content.
    assert PatchFeatures(tiny, (32, 48, 3), "crop")(photographs)[0].valid.numpy().all()


def kept(size, canvas=(64, 80)):
    """A photograph of noise in a canvas, with black beside it."""
    pixels = np.random.default_rng(0).integers(0, 256, (*size, 3), dtype=np.uint8)
    return DecodedImage(Image.fromarray(pixels), "PNG").fit(*canvas, "keep")


def test_grids_cover_the_content_alone_where_shapes_are_kept(tiny):
    network = PatchFeatures(tiny, (64, 80, 3), "keep")
    images = np.stack([kept((32, 80)), kept((64, 40)), kept((64, 80))])
    fine, coarse = network(images)
    # Four fifths of the canvas' 32 × 40 and 16 × 20 positions.
    assert fine.features.shape == (3, 26, 32, CHANNELS[0] + CHANNELS[1])
    assert coarse.features.shape == (3, 13, 16, CHANNELS[1] + CHANNELS[2])
    assert fine.valid.numpy().all()
    expected = [[16, 0, 32, 80], [0, 20, 64, 40], [0, 0, 64, 80]]
    assert fine.boxes.numpy().tolist() == coarse.boxes.numpy().tolist() == expected
    assert [part.shape[1:3] for part in network.maps(images)] == [(26, 32), (13, 16), (7, 8)]


def test_where_shapes_are_kept_the_network_sees_no_bars(tiny):
    """The rows next to a bar of a plain photograph have the features of its middle."""
    images = np.full((1, 64, 80, 3), 90, np.uint8)
    images[:, :16] = images[:, 48:] = 0
    features = PatchFeatures(tiny, (64, 80, 3), "keep")(images)[0].features.numpy()[0, :, 8:24]
    np.testing.assert_allclose(features, np.broadcast_to(features[13], features.shape), rtol=1e-5)
    padded = PatchFeatures(tiny, (64, 80, 3), "pad")(images)[0].features.numpy()[0, :, 10:30]
    assert np.abs(padded[8] - padded[16]).max() > 0.1 * np.abs(padded[16]).max()


def test_kept_shapes_pass_in_tiles_and_enlarged(tiny):
    images = np.stack([kept((320, 200), (320, 320)), kept((100, 320), (320, 320))])
    whole = PatchFeatures(tiny, (320, 320, 3), "keep")(images)[0].features
    tiled = PatchFeatures(tiny, (320, 320, 3), "keep", tile_size=192)(images)[0].features
    np.testing.assert_allclose(tiled, whole, rtol=1e-4, atol=1e-4)
    enlarged = PatchFeatures(tiny, (64, 80, 1), "keep", min_side=128)
    assert enlarged(np.ones((1, 64, 80, 1), np.uint8))[0].features.shape[1:3] == (51, 64)


def test_an_image_below_the_stride_is_refused(tiny):
    with pytest.raises(ValueError, match=r"`image_size` must be at least the largest stride.* 8"):
        PatchFeatures(tiny, (7, 48, 3))
    PatchFeatures(tiny, (7, 48, 3), min_side=8)


def test_sides_of_tiled_images_are_multiples_of_the_strides(tiny):
    assert PatchFeatures(tiny, (330, 195, 3), tile_size=192).size == (328, 192)
    assert PatchFeatures(tiny, (330, 195, 3), tile_size=384).size == (330, 195)


def test_large_images_pass_in_tiles_by_themselves(tiny, monkeypatch):
    seen = []
    monkeypatch.setattr(
        "memgan_tf.networks.patch_features.map_in_tiles",
        lambda network, images, tile_size, strides: seen.append(tile_size) or [],
    )
    for side, tile_size in ((1024, None), (1056, None), (512, 256)):
        PatchFeatures(tiny, (side, 64, 3), tile_size=tile_size).maps(np.zeros((1, side, 64, 3)))
    assert seen == [None, 512, 256]
