import numpy as np
import pytest

from memgan_tf.config import DataConfig
from memgan_tf.data import load_task


def test_only_normal_images_train_and_calibrate():
    task = load_task(DataConfig(dataset="digits", normal_class=3), seed=0)
    assert set(task.train.labels) == set(task.validation.labels) == {3}
    assert not set(task.train.names) & set(task.validation.names)


def test_the_whole_test_split_is_labelled_one_for_anomalies():
    task = load_task(DataConfig(dataset="digits", normal_class=3), seed=0)
    assert len(task.test) == 450
    assert set(task.test.labels) == {0, 1}
    assert (task.test.labels == 0).sum() == 46  # the threes of the test split


def test_the_seed_decides_what_is_held_out_and_the_fraction_how_much():
    def held_out(seed, fraction=0.1):
        config = DataConfig(normal_class=3, validation_fraction=fraction)
        return load_task(config, seed).validation.names

    assert held_out(0) == held_out(0)
    assert held_out(0) != held_out(1)
    total = len(held_out(0)) + len(load_task(DataConfig(normal_class=3), 0).train)
    assert len(held_out(0, 0.25)) == round(0.25 * total)


@pytest.mark.parametrize(
    ("normal_class", "message"),
    [
        (None, "`normal_class` must be given for digits: one of 0, 1, 2"),
        (10, "`normal_class` must have training images in digits.*Received: normal_class=10"),
    ],
)
def test_classes_out_of_range(normal_class, message):
    with pytest.raises(ValueError, match=message):
        load_task(DataConfig(normal_class=normal_class), 0)


def npz(tmp_path, **arrays):
    path = tmp_path / "set.npz"
    np.savez(path, **arrays)
    return f"npz:{path}"


def test_unlabelled_npz_is_all_normal(tmp_path, pixels):
    dataset = npz(tmp_path, x_train=pixels(20), x_test=pixels(4), y_test=[0, 1, 1, 0])
    task = load_task(DataConfig(dataset=dataset), 0)
    assert len(task.train) + len(task.validation) == 20
    np.testing.assert_array_equal(task.test.labels, [0, 1, 1, 0])


@pytest.mark.parametrize(
    ("labels", "normal_class", "message"),
    [
        ([-1, 1, 1], None, r"-1 is an anomaly save \(y_test == -1\)"),
        ([0, 2, 1], None, "or name the normal one.*Received: 0, 1, 2"),
        (np.eye(3), None, "one integer per image.*argmax"),
        ([[0], [1], [1]], None, r"one integer per image.*y\[:, 0\]"),
        ([0.0, 1.0, 1.0], None, r"one integer per image.*y.astype\(int\)"),
        ([0, 0, 0], None, "must have normal and anomalous images; all 3 are normal"),
        ([1, 1, 1], None, "all 3 are anomalous"),
        ([4, 4, 4], 4, "all 3 are normal"),
        ([5, 6, 7], 4, "all 3 are anomalous"),
        ([0, 1], None, "one integer per image"),
    ],
)
def test_labels_are_checked_before_training(labels, normal_class, message, tmp_path, pixels):
    arrays = {"x_train": pixels(9), "x_test": pixels(3), "y_test": labels}
    if normal_class is not None:
        arrays["y_train"] = [normal_class] * 9
    data = DataConfig(dataset=npz(tmp_path, **arrays), normal_class=normal_class)
    with pytest.raises(ValueError, match=message):
        load_task(data, 0, with_test=False)


def test_npz_without_a_test_split(tmp_path, pixels):
    assert load_task(DataConfig(dataset=npz(tmp_path, x_train=pixels(20))), 0).test is None


@pytest.mark.parametrize(
    ("arrays", "normal_class", "message"),
    [
        ({"num": 1}, None, "at least 2 different training images"),
        ({"num": 9}, 0, "`normal_class` must be left out"),
        ({"num": 9, "y_train": [1] * 9}, 0, "must have training images"),
        ({"num": 9, "x_test": 2, "y_test": [0, 7]}, None, "must hold 0 .normal. and 1"),
    ],
)
def test_bad_tasks(arrays, normal_class, message, tmp_path, pixels):
    given = {"x_train": pixels(arrays.pop("num"))}
    if "x_test" in arrays:
        given["x_test"] = pixels(arrays.pop("x_test"))
    dataset = npz(tmp_path, **given, **arrays)
    with pytest.raises(ValueError, match=message):
        load_task(DataConfig(dataset=dataset, normal_class=normal_class), 0)
