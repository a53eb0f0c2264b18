import json

import numpy as np
import pytest
import tensorflow_datasets as tfds

from memgan_tf import outputs
from memgan_tf.config import DataConfig
from memgan_tf.data import as_pixels, prepared, sources


def splits(config):
    """Both splits, decoded."""
    found = (sources.load(config, split) for split in ("train", "test"))
    return [split and split.select(np.arange(len(split))) for split in found]


def npz(tmp_path, **arrays):
    path = tmp_path / "set.npz"
    np.savez(path, **arrays)
    return DataConfig(dataset=f"npz:{path}")


def test_digits_are_whole_and_use_the_byte_range():
    train, test = splits(DataConfig(dataset="digits"))
    assert len(train) + len(test) == 1797
    assert train.images.shape[1:] == (8, 8, 1)
    assert train.images.dtype == np.uint8
    assert (train.images.min(), train.images.max()) == (0, 255)
    assert len({*train.names, *test.names}) == 1797
    assert set(train.labels) == set(test.labels) == set(range(10))


def test_digits_are_split_the_same_way_each_time():
    first, second = (sources.load(DataConfig(), "train") for _ in range(2))
    assert first.names == second.names


@pytest.mark.parametrize(
    ("dataset", "kind", "folder"),
    [
        ("digits", ("digits", ""), "digits"),
        ("mnist", ("tfds", "mnist"), "mnist"),
        ("tfds:cifar10", ("tfds", "cifar10"), "cifar10"),
        ("npz:a/b.npz", ("npz", "a/b.npz"), "npz_b"),
    ],
)
def test_names(dataset, kind, folder):
    assert sources.parse_name(dataset) == kind
    assert sources.directory_name(dataset) == folder


@pytest.mark.parametrize(
    ("name", "folder"),
    [
        ("a b&<i>", "folder_a b&<i>"),
        ("parts [1]", "folder_parts (1)"),
        ("a\\b", "folder_a_b"),
        ("\udcff", "folder__xff"),
        ("x" * 248, "folder_" + "x" * 248),
        ("é" * 125, "folder_" + "é" * 119 + "_3a247b66"),
    ],
)
def test_a_runs_folder_is_one_that_tensorflow_reads(name, folder):
    found = sources.directory_name(f"folder:/sets/{name}")
    assert found == folder
    assert outputs.tensorflow_obstacle(found) is None
    assert len(found.encode()) <= 255


@pytest.mark.parametrize("dataset", ["", "mnits", "npz:", "tfds:", "folders:x", "digits:1"])
def test_unknown_names(dataset):
    with pytest.raises(ValueError, match="`dataset` must be digits, mnist, cifar10"):
        sources.parse_name(dataset)


def test_records_are_read_as_tensorflow_datasets_reads_them(fake_mnist, monkeypatch):
    monkeypatch.setattr(prepared, "READ_BATCH", 7)
    builder = tfds.builder_from_directory(prepared.find_directory("mnist", fake_mnist.data_dir))
    ours = list(prepared.read_records(builder, "train"))
    theirs = list(prepared.read_by_tfds(builder, "train"))
    assert len(ours) == len(theirs) == 9
    for own, other in zip(ours, theirs, strict=True):
        assert own.keys() == other.keys()
        for name, values in own.items():
            np.testing.assert_array_equal(values, other[name], err_msg=name)


def test_another_format_is_read_by_tensorflow_datasets(fake_mnist, monkeypatch):
    """Its own reader stands for all formats: it is given the same files here."""
    config = DataConfig(dataset="mnist", data_dir=fake_mnist.data_dir)
    expected, _ = splits(config)
    monkeypatch.setattr(prepared, "has_plain_records", lambda builder: False)
    monkeypatch.delattr(prepared, "read_records")
    found, _ = splits(config)
    np.testing.assert_array_equal(found.images, expected.images)
    assert found.names == expected.names


def test_a_set_that_is_not_prepared_is_named_with_the_way_to_get_it(tmp_path):
    config = DataConfig(dataset="tfds:fashion_mnist", data_dir=str(tmp_path))
    for function in (sources.image_shape, splits):
        with pytest.raises(ValueError, match="fashion_mnist is not prepared") as caught:
            function(config)
        assert str(tmp_path) in str(caught.value)
        assert "tfds.load('fashion_mnist'" in str(caught.value)


def test_a_prepared_set(fake_mnist):
    config = DataConfig(dataset="mnist", data_dir=fake_mnist.data_dir)
    assert sources.image_shape(config) == (28, 28, 1)
    train, test = splits(config)
    for split, given in ((train, fake_mnist.train), (test, fake_mnist.test)):
        images, labels = given
        assert len(split) == len(images)
        # tfds stores examples in an order of its own; each image keeps its label.
        ours = {image.tobytes(): label for image, label in zip(split.images, split.labels)}  # noqa: B905
        assert ours == {i.tobytes(): int(n) for i, n in zip(images, labels)}  # noqa: B905
    again, _ = splits(config)
    np.testing.assert_array_equal(again.images, train.images)
    assert again.names == train.names


@pytest.mark.real_data
def test_real_mnist(real_data_dir):
    train, test = splits(DataConfig(dataset="mnist", data_dir=real_data_dir))
    assert (train.images.shape, test.images.shape) == ((60000, 28, 28, 1), (10000, 28, 28, 1))
    # Published counts of the digits in the train split.
    counts = [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]
    assert np.bincount(train.labels).tolist() == counts


def test_npz(tmp_path, pixels):
    config = npz(
        tmp_path, x_train=pixels(5), y_train=np.arange(5), x_test=pixels(3), y_test=np.arange(3)
    )
    assert sources.image_shape(config) == (8, 8, 1)
    train, test = splits(config)
    np.testing.assert_array_equal(train.images, pixels(5))
    np.testing.assert_array_equal(test.labels, np.arange(3))


def test_npz_without_a_channel_axis_is_grey(tmp_path, pixels):
    config = npz(tmp_path, x_train=pixels(5)[..., 0])
    assert sources.image_shape(config) == (8, 8, 1)
    train, test = splits(config)
    assert train.images.shape == (5, 8, 8, 1)
    assert test is None


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"other": np.zeros((3, 8, 8, 1), np.uint8)}, "no array x_train"),
        ({"x_train": np.zeros((3, 4, 4, 1), np.uint8)}, "sides of 8 to 8192 pixels"),
        ({"x_train": np.zeros((3, 8, 8, 2), np.uint8)}, "1 or 3 channels"),
        ({"x_train": np.zeros((0, 8, 8, 1), np.uint8)}, "at least one image"),
        ({"x_train": np.full((3, 8, 8, 1), np.nan, np.float32)}, "image 0 has nan"),
        ({"x_train": np.full((3, 8, 8, 1), 256)}, "pixels from 0 to 255.*image 0 has 256"),
        ({"x_train": np.full((3, 8, 8, 1), -1)}, "pixels from 0 to 255.*image 0 has -1"),
        ({"x_train": np.linspace(0, 1, 192).reshape(3, 8, 8, 1)}, "Multiply them by 255"),
        ({"x_train": np.full((3, 8, 8, 1), "a")}, "must hold numbers"),
        ({"x_train": np.array([{}] * 3, object)}, "cannot be read|must be \\(images"),
        (
            {"x_train": np.zeros((3, 8, 8, 1), np.uint8), "y_train": np.zeros(2, int)},
            "one integer per image",
        ),
        (
            {"x_train": np.zeros((3, 8, 8, 1), np.uint8), "y_train": np.zeros(3)},
            "one integer per image",
        ),
        (
            {
                "x_train": np.zeros((3, 8, 8, 1), np.uint8),
                "x_test": np.zeros((3, 9, 8, 1), np.uint8),
            },
            "must have images like x_train's",
        ),
    ],
)
def test_bad_npz(arrays, message, tmp_path):
    config = npz(tmp_path, **arrays)

    def read():
        sources.image_shape(config)
        splits(config)

    with pytest.raises(ValueError, match=message):
        read()


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 not a zip", b"plain text"])
def test_corrupt_npz(content, tmp_path):
    path = tmp_path / "set.npz"
    path.write_bytes(content)
    for function in (sources.image_shape, splits):
        with pytest.raises(ValueError, match="cannot be read"):
            function(DataConfig(dataset=f"npz:{path}"))


def test_truncated_npz(tmp_path, pixels):
    path = tmp_path / "set.npz"
    np.savez(path, x_train=pixels(50))
    path.write_bytes(path.read_bytes()[:-200])
    with pytest.raises(ValueError, match="cannot be read"):
        sources.load(DataConfig(dataset=f"npz:{path}"), "train")


def test_a_damaged_array_is_named(tmp_path, pixels):
    path = tmp_path / "set.npz"
    np.savez(path, x_train=pixels(50))
    content = bytearray(path.read_bytes())
    content[1500] ^= 0xFF  # the archive's checksum notices
    path.write_bytes(content)
    with pytest.raises(ValueError, match="cannot be read"):
        sources.load(DataConfig(dataset=f"npz:{path}"), "train")


def test_sets_that_are_not_classification_are_refused(tmp_path):
    folder = tmp_path / "odd" / "1.0.0"
    folder.mkdir(parents=True)
    (folder / "dataset_info.json").write_text("{}")
    (folder / "features.json").write_text(json.dumps({"featuresDict": {"features": {}}}))
    with pytest.raises(ValueError, match="not an image classification set"):
        sources.image_shape(DataConfig(dataset="tfds:odd", data_dir=str(tmp_path)))


def test_whole_numbers_of_any_type_are_pixels(pixels):
    for kind in (np.int64, np.uint16, np.float64):
        np.testing.assert_array_equal(as_pixels("x", pixels().astype(kind)), pixels())
