"""Images that a program has in memory."""

import numpy as np
import pytest
import tensorflow as tf

from memgan_tf.data.arrays import collect, name_dataset

IMAGES = np.arange(4 * 8 * 9, dtype=np.uint8).reshape(4, 8, 9)
LABELS = np.array([0, 1, 0, 1])


@pytest.mark.parametrize(
    "dataset",
    [
        IMAGES,
        IMAGES.astype(float),
        list(IMAGES),
        IMAGES[..., np.newaxis],
        {"x_train": IMAGES},
        tf.data.Dataset.from_tensor_slices(IMAGES),
        tf.data.Dataset.from_tensor_slices(IMAGES[..., np.newaxis]).batch(3),
        tf.data.Dataset.from_tensor_slices(IMAGES).batch(3),
    ],
    ids=["array", "floats", "list", "channels", "dictionary", "dataset", "batches", "grey batches"],
)
def test_images_come_in_many_ways(dataset):
    found = collect(dataset)
    assert found.keys() == {"x_train"}
    assert found["x_train"].dtype == np.uint8
    np.testing.assert_array_equal(found["x_train"], IMAGES[..., np.newaxis])


@pytest.mark.parametrize(
    "dataset",
    [
        (IMAGES, LABELS),
        tf.data.Dataset.from_tensor_slices((IMAGES, LABELS)),
        tf.data.Dataset.from_tensor_slices((IMAGES[..., np.newaxis], LABELS)).batch(3),
        tf.data.Dataset.from_tensor_slices({"image": IMAGES, "label": LABELS, "id": LABELS}),
    ],
    ids=["tuple", "pairs", "batches", "features of tensorflow-datasets"],
)
def test_labels_may_come_with_them(dataset):
    found = collect(dataset)
    np.testing.assert_array_equal(found["x_train"], IMAGES[..., np.newaxis])
    np.testing.assert_array_equal(found["y_train"], LABELS)


class Column:
    """What a column of a table looks like; pandas is not needed."""

    ndim, dtype = 1, np.dtype(object)

    def to_numpy(self):
        return np.array(list(IMAGES), object)


@pytest.mark.parametrize(
    ("dataset", "message"),
    [
        (IMAGES[0], r"one array of the shape \(8, 9\). Use images\[None\]"),
        (IMAGES / 255.0, "must hold pixels from 0 to 255.*Multiply them by 255"),
        ([], "must hold at least one image"),
        (None, "must hold at least one image"),
        ([IMAGES[0], IMAGES[0, :, :8]], "must be images of one shape.*folder:<folder>"),
        (Column(), r"Received: a Column of objects. Use np.stack\(dataset.tolist\(\)\)"),
        ((IMAGES,), r"must be \(images, labels\) if it is a tuple"),
        ((IMAGES, LABELS[:3]), "`y_train` must be one integer per image"),
        ({"images": IMAGES}, "must have x_train and nothing but"),
        (tf.data.Dataset.from_tensor_slices(IMAGES).repeat(), "must end.*`repeat\\(\\)`"),
        (tf.data.Dataset.from_tensor_slices(IMAGES).take(0), "must hold at least one image"),
        (tf.data.Dataset.from_tensor_slices(LABELS), "must have images as elements"),
        (
            tf.data.Dataset.from_tensor_slices((IMAGES, LABELS, LABELS)),
            "an image, or a pair of an image and a label",
        ),
        (
            tf.data.Dataset.from_tensor_slices([8, 9]).map(lambda n: tf.zeros((n, n), tf.uint8)),
            "must have images of one shape",
        ),
    ],
)
def test_what_is_no_set_of_images_gets_one_clear_line(dataset, message):
    with pytest.raises(ValueError, match=message) as caught:
        collect(dataset)
    assert "\n" not in str(caught.value)


def test_names_and_paths(tmp_path):
    assert name_dataset("digits", tmp_path) == "digits"
    assert name_dataset(tmp_path / "parts", tmp_path) == f"folder:{tmp_path / 'parts'}"
    assert name_dataset(tmp_path / "a.npz", tmp_path) == f"npz:{tmp_path / 'a.npz'}"
    assert name_dataset(tmp_path / "a.csv", tmp_path) == f"list:{tmp_path / 'a.csv'}"
    assert not list(tmp_path.iterdir())


def test_images_are_kept_under_a_name_that_follows_from_them(tmp_path):
    names = [name_dataset(images, tmp_path) for images in (IMAGES, list(IMAGES), IMAGES + 1)]
    assert names[0] == names[1] != names[2]
    with np.load(names[0].removeprefix("npz:")) as kept:
        np.testing.assert_array_equal(kept["x_train"], IMAGES[..., np.newaxis])
    assert len(list((tmp_path / "arrays").iterdir())) == 2
