"""Copies of an image stay on one side."""

import dataclasses
import io

import numpy as np
import pytest
from PIL import Image

from memgan_tf.config import DataConfig, resolve, suited_to_few_images
from memgan_tf.data import load_task
from memgan_tf.data.folders import copies
from memgan_tf.data.folders import index as folder_index
from tests.data.folder_files import config, index, load


def scenes(count, side=48, seed=0):
    """Different pictures: smooth, each its own."""
    generator = np.random.default_rng(seed)
    coarse = generator.integers(0, 256, (count, 6, 6, 3), dtype=np.uint8)
    size, filter_ = (side, side), Image.Resampling.BICUBIC
    return [np.asarray(Image.fromarray(small).resize(size, filter_)) for small in coarse]


def encoded_again(pixels):
    content = io.BytesIO()
    Image.fromarray(pixels).save(content, "JPEG", quality=85)
    return np.asarray(Image.open(content))


def shot_again(pixels):
    noise = np.random.default_rng(5).normal(0, 3, pixels.shape)
    return np.clip(pixels + noise, 0, 255).astype(np.uint8)


def smaller(pixels):
    image = Image.fromarray(pixels)
    return np.asarray(image.resize((40, 40), Image.Resampling.BILINEAR))


def lit_again(pixels):
    return np.clip(pixels.astype(int) + 2, 0, 255).astype(np.uint8)


def groups_of(images):
    digests = [image.tobytes().hex()[:4000] + str(image.shape) for image in images]
    return copies.group(digests, np.stack([copies.signature(image) for image in images])).tolist()


@pytest.mark.parametrize("change", [np.copy, encoded_again, shot_again, smaller, lit_again])
def test_copies_share_a_number(change):
    images = scenes(20)
    assert groups_of(images) == list(range(20))
    assert groups_of([*images, change(images[7]), change(images[3])])[-2:] == [7, 3]


def test_another_picture_of_the_same_scene_is_none():
    """A defect of a few pixels, or other light, is no copy."""
    images = scenes(20)
    spot, lit = images[4].copy(), np.clip(images[5] * 1.1, 0, 255).astype(np.uint8)
    spot[10:22, 10:22] = 255 - spot[10:22, 10:22]
    assert groups_of([*images, spot, lit])[-2:] == [20, 21]


def test_sets_whose_images_are_all_alike_are_not_one_group():
    base = scenes(1)[0].astype(float)
    generator = np.random.default_rng(0)
    alike = [
        np.clip(base + generator.normal(0, 4, base.shape), 0, 255).astype(np.uint8)
        for _ in range(30)
    ]
    assert len(set(groups_of(alike))) == 30
    assert groups_of([*alike, alike[3]])[-1] == 3


def test_nearness_is_not_passed_on():
    """All frames of a slow pan are near to the next one, and few to the first."""
    wide = scenes(1, side=2000)[0]
    frames = [np.ascontiguousarray(wide[:48, i : i + 48]) for i in range(200)]
    groups = np.array(groups_of(frames))
    assert 10 < len(set(groups)) < 200
    assert np.bincount(groups).max() < 20


def test_a_set_that_would_be_one_group_joins_equal_images_alone():
    images = scenes(3)
    again = [np.clip(images[0].astype(int) + n, 0, 255).astype(np.uint8) for n in (1, 2, 3)]
    assert groups_of([*again, *images[:1]]) == [0, 1, 2, 3]


@pytest.mark.parametrize(("count", "are_joined"), [(5, True), (6, False)])
def test_a_group_of_more_than_half_joins_equal_images_alone(count, are_joined):
    """Of ten images: five shots of a scene are copies, six say that the set has one scene."""
    generator = np.random.default_rng(0)
    scene, *others = scenes(11 - count)
    shots = [
        np.clip(scene + generator.normal(0, 2, scene.shape), 0, 255).astype(np.uint8)
        for _ in range(count)
    ]
    rest = list(range(count, 10))
    expected = [0] * count if are_joined else list(range(count))
    assert groups_of([*shots, *others]) == [*expected, *rest]


def test_a_lamp_and_noise_together_are_still_a_copy():
    """Two gray levels of light and 3.6 of noise, of which 4 are allowed without the light."""
    generator = np.random.default_rng(1)
    signatures = generator.integers(40, 200, (8, 432)).astype(np.uint8)
    noise = np.round(generator.normal(0, 3.6, 432))
    again = signatures[2] + 2.0 + noise - round(noise.mean())
    found = copies.group(
        [str(i) for i in range(9)], np.vstack([signatures, again]).astype(np.uint8)
    )
    assert np.sqrt(np.mean((again - signatures[2]) ** 2)) > copies.MAX_DIFFERENCE
    assert found.tolist() == [*range(8), 2]


@pytest.mark.parametrize("count", [0, 1, 2])
def test_few_images(count):
    images = scenes(count)
    signatures = np.array([copies.signature(i) for i in images]).reshape(count, 432)
    assert copies.group([str(i) for i in range(count)], signatures).tolist() == list(range(count))


def save_set(root, images, names):
    root.mkdir(parents=True, exist_ok=True)
    for name, image in zip(names, images, strict=True):
        Image.fromarray(image).save(root / name)
    return root


@pytest.mark.parametrize("change", [np.copy, shot_again])
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_copies_stay_on_one_side_of_the_hold_out(change, seed, tmp_path):
    images = scenes(20)
    root = save_set(tmp_path / "set", images, [f"{i:02d}.png" for i in range(20)])
    save_set(root, map(change, images), [f"{i:02d} - Copy.png" for i in range(20)])
    task = load_task(dataclasses.replace(config(root), validation_fraction=0.25), seed)
    trained, held_out = (
        {name[:2] for name in part.names} for part in (task.train, task.validation)
    )
    assert not trained & held_out
    # Each scene counts once; the copies of those held out do not train.
    assert (len(task.validation), len(held_out), len(task.train)) == (5, 5, 30)


def test_without_copies_the_hold_out_is_what_it_was(tmp_path):
    root = save_set(tmp_path / "set", scenes(20), [f"{i:02d}.png" for i in range(20)])
    task = load_task(config(root), 3)
    order = np.random.default_rng(3).permutation(20)
    assert task.validation.names == [f"{i:02d}.png" for i in sorted(order[:2])]
    assert task.train.names == [f"{i:02d}.png" for i in sorted(order[2:])]


def test_copies_alone_are_refused(tmp_path):
    root = save_set(tmp_path / "set", scenes(1) * 4, [f"{i}.png" for i in range(4)])
    with pytest.raises(ValueError, match="2 different training images.*Received: 1, 4 with their"):
        load_task(config(root), 0)


def test_the_index_lists_near_copies_and_warns_where_they_are_in_both_splits(tmp_path):
    images = scenes(12)
    save_set(tmp_path / "set/train/good", images[:10], [f"{i}.png" for i in range(10)])
    save_set(tmp_path / "set/test/good", [encoded_again(images[2])], ["a.png"])
    save_set(tmp_path / "set/test/bad", images[10:], ["0.png", "1.png"])
    found = index(tmp_path / "set")
    assert found["near_duplicates"] == [
        {"splits": ["test", "train"], "paths": ["test/good/a.png", "train/good/2.png"]}
    ]
    lines = folder_index.summarize(found)
    assert "Warning: 1 group of nearly equal images is in train and in test:" in lines
    assert found["leaks"] == []


def test_a_drawn_test_split_takes_copies_together(tmp_path):
    images = scenes(16)
    root = tmp_path / "set"
    save_set(root / "good", images, [f"{i:02d}.png" for i in range(16)])
    save_set(root / "good", map(encoded_again, images), [f"{i:02d}b.png" for i in range(16)])
    save_set(root / "bad", scenes(2, seed=1), ["0.png", "1.png"])
    train, test = load(root), load(root, "test")
    tested = {name[5:7] for name in test.names if name.startswith("good")}
    assert len(tested) == 4
    assert not tested & {name[5:7] for name in train.names}


def test_what_is_held_out_for_a_rate_counts_without_copies():
    resolved = resolve("pca", "default", (32, 32, 3), {"dataset": "folder:x"})
    suited = suited_to_few_images(resolved, 300, set(), 100)
    assert round(suited.data.validation_fraction * 100) == 19


def test_equal_arrays_of_an_npz_file_stay_on_one_side(tmp_path):
    images = np.stack(scenes(20, side=8))
    np.savez(tmp_path / "set.npz", x_train=np.concatenate([images, images]))
    data = DataConfig(dataset=f"npz:{tmp_path / 'set.npz'}", validation_fraction=0.25)
    task = load_task(data, 0)
    held_out = {image.tobytes() for image in task.validation.images}
    assert len(held_out) == len(task.validation) == 5
    assert not held_out & {image.tobytes() for image in task.train.images}
