import numpy as np
import pytest
from scipy import ndimage

from memgan_tf.data.local_anomalies import KINDS, SIZES, make_local_anomalies


@pytest.fixture(scope="module")
def images():
    """Noise on a slope, so that another place looks different and a blur shows."""
    slope = np.linspace(40, 200, 32)[np.newaxis, :, np.newaxis, np.newaxis]
    noise = np.random.default_rng(0).normal(0, 25, (12, 32, 32, 3))
    return np.clip(slope + noise, 0, 255).astype(np.uint8)


@pytest.fixture(scope="module")
def made(images):
    return make_local_anomalies(images, seed=3)


def test_there_is_every_kind_in_every_size(made, images):
    assert made.keys() == {f"{kind}_{size}" for kind in KINDS for size in SIZES}
    for damaged, masks in made.values():
        assert damaged.shape == images.shape
        assert damaged.dtype == np.uint8
        assert masks.shape == images.shape[:3]


def test_only_the_place_of_the_defect_has_changed(made, images):
    for name, (damaged, masks) in made.items():
        changed = (damaged != images).any(axis=3)
        # A soft edge reaches a little further than its mask.
        assert changed.mean() < 0.35, name
        assert changed[masks].mean() > 0.8, name


def test_larger_sizes_have_larger_masks(made):
    for kind in KINDS:
        areas = [made[f"{kind}_{size}"][1].sum() for size in SIZES]
        assert areas == sorted(areas)
        assert areas[0] * 4 < areas[2]


def test_a_blur_is_smoother_than_the_image(made, images):
    damaged, masks = made["blur_large"]
    before, after = (np.abs(np.diff(a.astype(float), axis=1)) for a in (images, damaged))
    inside = masks[:, 1:] & masks[:, :-1]
    assert after[inside].mean() < 0.5 * before[inside].mean()


def test_a_patch_is_a_part_of_another_image():
    """Each image is striped in two gray levels of its own."""
    levels = 28 * np.arange(9)[:, np.newaxis] + [0, 14]
    images = np.zeros((9, 32, 32, 1), np.uint8)
    images[:, ::2], images[:, 1::2] = (
        levels[:, column, np.newaxis, np.newaxis, np.newaxis] for column in (0, 1)
    )
    damaged, masks = make_local_anomalies(images, 0, ("large",))["patch_large"]
    for index, (image, mask) in enumerate(zip(damaged, masks, strict=True)):
        inside = ndimage.binary_erosion(mask)
        assert inside.sum() > 20
        assert not np.isin(image[inside], levels[index]).any()
        assert np.isin(image[inside], levels).all()


@pytest.mark.parametrize("kind", ["scratch", "stain"])
def test_a_mask_ends_where_half_of_the_change_is_left(kind):
    images = np.full((6, 32, 32, 1), 128, np.uint8)
    made = make_local_anomalies(images, 0, ("medium", "large"))
    for damaged, masks in (made[f"{kind}_{size}"] for size in ("medium", "large")):
        changes = np.abs(damaged.astype(int) - 128)[..., 0]
        largest = changes.max(axis=(1, 2), keepdims=True)
        # A gray level is lost in rounding.
        assert (changes >= largest / 2 - 1)[masks].all()
        assert (changes <= largest / 2 + 1)[~masks].all()


def test_the_same_seed_makes_the_same_defects(made, images):
    again = make_local_anomalies(images, seed=3)
    for name, (damaged, _) in made.items():
        np.testing.assert_array_equal(again[name][0], damaged)
