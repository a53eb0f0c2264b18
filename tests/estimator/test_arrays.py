"""What an estimator takes as images, and what it says of the rest."""

import numpy as np
import pytest
import tensorflow as tf

from memgan_tf.estimator import make_estimator


def test_rows_and_images_are_one(detector, digits):
    images, _ = digits
    some, rows = images[:20], images[:20].reshape(20, 64)
    np.testing.assert_array_equal(detector.score_samples(some), detector.score_samples(rows))
    np.testing.assert_array_equal(
        detector.score_samples(some), detector.score_samples(some[..., np.newaxis])
    )


def test_mistakes(digits):
    images, _ = digits
    rows = images.reshape(len(images), 64)
    with pytest.raises(TypeError, match="`epochs` is not a setting of KdeDetector"):
        make_estimator("kde", epochs=3)
    with pytest.raises(TypeError, match=r"of KdeDetector. Did you mean num_folds\? It has: "):
        make_estimator("kde", num_fold=3)
    with pytest.raises(ValueError, match=r"of KdeDetector. Did you mean num_folds\?"):
        make_estimator("kde").set_params(num_fold=3)
    with pytest.raises(ValueError, match="`detector` must be one of"):
        make_estimator("gan")
    for settings, given, message in (
        ({}, rows, "`image_shape` must be given"),
        ({"num_folds": 1}, images, "`num_folds` must be at least 2"),
        ({"preset": "best"}, images, "`preset` must be one of"),
        ({"image_shape": (9, 9)}, images, r"`X` must hold images of the shape \(9, 9, 1\)"),
        ({}, images - 1, "`X` must hold pixels from 0 to 255"),
        ({}, images / 255, "Multiply them by 255"),
    ):
        with pytest.raises(ValueError, match=message):
            make_estimator("kde", **settings).fit(given)


class Column:
    """What a column of a table with a picture in each cell looks like; pandas is not needed."""

    ndim, dtype = 1, np.dtype(object)

    def __len__(self):
        return 3

    def to_numpy(self):
        return np.array([np.zeros((8, 8))] * 3, object)


@pytest.mark.parametrize("when", ["fit", "predict"])
@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda images: tf.data.Dataset.from_tensor_slices(images),
            "`X` must be an array of images. Received: a tf.data.Dataset",
        ),
        (lambda images: Column(), r"a Column of objects. Use np.stack\(X.tolist\(\)\)"),
        (lambda images: np.array([*images[:2], None], object), "a ndarray of objects"),
        (lambda images: images[:0], "`X` must hold at least one image. Received: none"),
        (lambda images: [], "`X` must hold at least one image. Received: none"),
        (lambda images: None, "`X` must hold at least one image. Received: none"),
        (lambda images: images[0], r"X\[None\]"),
        (lambda images: [images[0], images[0, :, :7]], "`X` must be images of one shape"),
    ],
    ids=["dataset", "column", "objects", "none", "list", "nothing", "one", "shapes"],
)
def test_what_is_no_array_of_images_gets_one_clear_line(fitted, digits, make, message, when):
    estimator = fitted["kde"] if when == "predict" else make_estimator("kde")
    with pytest.raises(ValueError, match=message) as caught:
        getattr(estimator, when)(make(digits[0]))
    assert "\n" not in str(caught.value)


def test_images_of_tensorflow_are_images(fitted, digits):
    found = fitted["kde"].score_samples(tf.constant(digits[0][:3]))
    np.testing.assert_array_equal(found, fitted["kde"].score_samples(digits[0][:3]))


def test_images_of_another_shape(fitted, pixels):
    with pytest.raises(ValueError, match=r"`X` must hold images of the shape \(8, 8, 1\)"):
        fitted["kde"].predict(pixels(2, (8, 8, 3)))
    with pytest.raises(ValueError, match="64 features"):
        fitted["kde"].predict(np.zeros((2, 65)))
