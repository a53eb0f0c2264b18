"""What is decided about a folder before anything is trained."""

import numpy as np
import pytest
from PIL import Image

from memgan_tf import configure as module
from memgan_tf.configure import configure
from tests.tiny_backbone import write_tiny_backbone


@pytest.fixture
def folder(tmp_path):
    """Six photographs of 60 × 90."""
    generator = np.random.default_rng(0)
    place = tmp_path / "parts"
    place.mkdir()
    for index in range(6):
        pixels = generator.integers(0, 256, (60, 90, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(place / f"{index}.png")
    return {"dataset": f"folder:{place}"}


@pytest.fixture
def tiny(tmp_path):
    return {"backbone": f"file:{write_tiny_backbone(tmp_path / 'tiny.keras')}"}


def test_photographs_get_the_detector_for_them_and_their_own_shape(folder, tiny):
    lines = []
    found = configure({**folder, **tiny}, lines.append)
    assert found.detector == "patch_memory"
    assert found.image_shape == (224, 320, 3)
    assert (found.data.aspect_ratio, found.data.fit) == (1.5, "stretch")
    assert lines[0].startswith("Detector: patch_memory")


def test_other_sets_get_memgan_and_a_named_detector_stays(folder):
    assert configure({"dataset": "digits", "normal_class": 0}).detector == "memgan"
    found = configure({**folder, "detector": "pca"}, lambda line: None)
    assert (found.detector, found.image_shape) == ("pca", (64, 64, 3))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"backbone": "efficientnet_bo"}, "`backbone` must be one of .*did you mean efficientnet"),
        ({"backbone": "file:nowhere.keras"}, "`backbone` must name an existing file"),
        ({"backbone_layers": "a,a"}, "`backbone_layers` must be different names"),
        ({"backbone_weights": "nowhere.h5"}, "`backbone_weights` must name an existing file"),
    ],
)
def test_a_bad_backbone_is_refused_before_a_photograph_is_read(
    folder, settings, message, monkeypatch
):
    monkeypatch.setattr(module, "settle", lambda *_: pytest.fail("photographs were read"))
    with pytest.raises(ValueError, match=message):
        configure({**folder, **settings}, lambda line: None)


def test_large_images_for_a_detector_on_pixels_are_refused_in_one_line(folder):
    with pytest.raises(ValueError, match="`image_size` must be at most 256 for memgan") as caught:
        configure({**folder, "detector": "memgan", "image_size": 512}, lambda line: None)
    assert "\n" not in str(caught.value)
    assert "patch_memory" in str(caught.value)


def test_shapes_are_kept_for_detectors_on_features_alone(folder):
    with pytest.raises(ValueError, match=r"`image_fit` must be pad, crop or stretch for memgan,"):
        configure({**folder, "detector": "memgan", "image_fit": "keep"}, lambda line: None)


def test_a_fit_that_was_named_is_kept_with_a_square(folder, tiny):
    found = configure({**folder, **tiny, "image_fit": "pad"}, lambda line: None)
    assert (found.image_shape, found.data.fit) == ((256, 256, 3), "pad")


def test_tiles_are_multiples_of_64_with_room_for_their_margins(folder, tiny):
    for size, message in ((128, "at least 192"), (200, "must be a multiple of 64")):
        with pytest.raises(ValueError, match=f"`tile_size` .*{message}"):
            configure({**folder, **tiny, "tile_size": size}, lambda line: None)
