"""Estimators on real digits: scikit-learn's signs, tools and files; PyOD's view."""

import copy
import pickle
import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf
from sklearn.base import clone
from sklearn.datasets import load_digits
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV, KFold, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler

import memgan_tf
from memgan_tf.config import DETECTORS
from memgan_tf.estimator import ImageDetector, KdeDetector, PyodView, image_detector, make_estimator
from memgan_tf.estimator.classes import CLASSES, class_name
from memgan_tf.tools import main

TINY = {
    "epochs": 2,
    "base_width": 4,
    "latent_dim": 4,
    "num_units": 4,
    "discriminator_width": 8,
    "target_fpr": 0.1,
}


@pytest.fixture(scope="module")
def digits():
    """Images of 0 to 255 as `(1797, 8, 8)` floats, +1 for zeros and -1 for other digits."""
    found = load_digits()
    return found.images * (255 / 16), np.where(found.target == 0, 1, -1)


@pytest.fixture(scope="module")
def fitted(digits):
    """A tiny MEMGAN and a kernel density that saw zeros."""
    images, labels = digits
    detectors = {
        "memgan": memgan_tf.MemganDetector(**TINY),
        "kde": memgan_tf.make_estimator("kde", target_fpr=0.1),
    }
    return {name: detector.fit(images[labels == 1]) for name, detector in detectors.items()}


@pytest.fixture(params=["memgan", "kde"])
def detector(request, fitted):
    return fitted[request.param]


def test_the_package_imports_without_tensorflow():
    code = "import sys, memgan_tf; assert not {'tensorflow', 'sklearn'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize("method", DETECTORS)
def test_every_registered_detector_has_a_class(method):
    estimator = make_estimator(method, seed=3)
    assert type(estimator).__name__ == class_name(method)
    assert type(estimator) is getattr(memgan_tf.estimator, class_name(method))
    assert clone(estimator).get_params() == estimator.get_params()
    settings = set(DETECTORS[method].config.describe()) - {"max_test_images"}
    assert settings <= set(estimator.get_params())
    for name in settings:
        assert f"    {name}: " in type(estimator).__doc__


def test_settings_that_have_no_effect_are_none():
    parameters = make_estimator("kde").get_params()
    assert not {"dataset", "normal_class", "epochs", "checkpoint_epochs"} & set(parameters)


def test_signs(detector, digits):
    images, _ = digits
    scores = detector.detector_.score(np.round(images)[..., np.newaxis])
    samples, decisions = detector.score_samples(images), detector.decision_function(images)
    np.testing.assert_array_equal(samples, -scores.astype(np.float64))
    np.testing.assert_array_equal(decisions, samples - detector.offset_)
    assert detector.offset_ == -detector.calibration_.threshold
    flagged = scores > detector.calibration_.threshold
    np.testing.assert_array_equal(detector.predict(images), np.where(flagged, -1, 1))
    assert decisions[scores.argmax()] == decisions.min()


def test_rows_and_images_are_one(detector, digits):
    images, _ = digits
    some, rows = images[:20], images[:20].reshape(20, 64)
    np.testing.assert_array_equal(detector.score_samples(some), detector.score_samples(rows))
    np.testing.assert_array_equal(
        detector.score_samples(some), detector.score_samples(some[..., np.newaxis])
    )


def test_p_values_are_the_calibrations(detector, digits):
    images, _ = digits
    expected = detector.calibration_.p_values(-detector.score_samples(images))
    np.testing.assert_array_equal(detector.p_values(images), expected)


def test_fit_leaves_the_arguments_alone(fitted):
    given = {name: value for name, value in fitted["memgan"].get_params().items() if value}
    assert given == {**TINY, "preset": "default", "values": "pixels"}


def test_a_share_is_held_out(fitted):
    # The digits' preset holds out a fifth of the 178 zeros.
    assert len(fitted["kde"].calibration_.scores) == round(0.2 * 178)


class Recorder:
    """A detector that keeps what it was given; the mean pixel is its score."""

    left_out_scores = None

    def fit(self, images, validation_images, run=None):
        self.trained_on, self.held_out = images, validation_images
        return 0.0

    def score(self, images):
        return images.mean(axis=(1, 2, 3))


def test_training_never_sees_what_calibrates(monkeypatch):
    detector = Recorder()
    monkeypatch.setattr(image_detector, "make_detector", lambda config: detector)
    images = np.arange(20, dtype=np.uint8)[:, np.newaxis, np.newaxis] * np.ones((8, 8), np.uint8)
    estimator = make_estimator("kde", validation_fraction=0.25).fit(images)
    trained, held = (set(part[:, 0, 0, 0]) for part in (detector.trained_on, detector.held_out))
    assert (len(trained), len(held)) == (15, 5)
    assert trained | held == set(range(20))
    assert set(estimator.calibration_.scores) == held


def test_a_copy_scores_the_same(detector, digits, tmp_path):
    images, _ = digits
    expected = detector.score_samples(images[:50])
    detector.save(tmp_path / "saved")
    for other in (
        pickle.loads(pickle.dumps(detector)),
        copy.deepcopy(detector),
        type(detector).load(tmp_path / "saved"),
    ):
        np.testing.assert_array_equal(other.score_samples(images[:50]), expected)
        assert other.offset_ == detector.offset_
        assert other.get_params() == detector.get_params()
    type(detector).load(tmp_path / "saved").save(tmp_path / "again")
    again = type(detector).load(tmp_path / "again")
    np.testing.assert_array_equal(again.score_samples(images[:50]), expected)


def test_a_saved_estimator_is_a_run(fitted, digits, tmp_path):
    images, _ = digits
    path = fitted["memgan"].save(tmp_path / "saved")
    assert not [file for file in path.rglob("*") if file.suffix in (".pkl", ".pickle")]
    run = memgan_tf.load(path)
    pixels = np.round(images[:50, ..., np.newaxis]).astype(np.uint8)
    np.testing.assert_array_equal(
        -run.score(pixels).astype(np.float64), fitted["memgan"].score_samples(images[:50])
    )
    assert main.main(["recalibrate", f"--run={path}", "--target_fpr=0.3"]) == 0
    assert type(fitted["memgan"]).load(path).offset_ == -memgan_tf.load(path).threshold


def test_mistakes_with_files(fitted, tmp_path):
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine").write_text("mine")
    with pytest.raises(ValueError, match="`path` must be new or an empty folder"):
        fitted["kde"].save(tmp_path / "full")
    assert [path.name for path in tmp_path.iterdir()] == ["full"]
    with pytest.raises(ValueError, match="estimator.json is missing"):
        KdeDetector.load(tmp_path / "full")
    path = fitted["kde"].save(tmp_path / "saved")
    with pytest.raises(ValueError, match="must hold a memgan estimator, and holds kde"):
        memgan_tf.MemganDetector.load(path)
    for content in ("[]", "{}", '{"method": "kde"}'):
        (path / "estimator.json").write_text(content)
        with pytest.raises(ValueError, match="estimator.json is damaged"):
            KdeDetector.load(path)
    with pytest.raises(NotFittedError):
        KdeDetector().save(tmp_path / "new")


def one_class_folds(labels):
    """Folds that train on normal images alone and test on the others and all anomalies."""
    normal, odd = np.flatnonzero(labels == 1), np.flatnonzero(labels == -1)
    folds = KFold(3, shuffle=True, random_state=0).split(normal)
    return [(normal[train], np.concatenate([normal[test], odd])) for train, test in folds]


def test_cross_validation_in_a_pipeline(digits):
    images, labels = digits
    rows = images.reshape(len(images), 64) / 255
    pipeline = make_pipeline(
        MinMaxScaler((0, 255), clip=True), make_estimator("kde", image_shape=(8, 8))
    )
    folds = one_class_folds(labels)
    assert cross_val_score(pipeline, rows, labels, cv=folds, scoring="roc_auc").min() > 0.98


def test_a_search_over_numpys_numbers(digits):
    images, labels = digits
    search = GridSearchCV(
        make_estimator("pca", image_shape=(8, 8)),
        {"explained_variance": np.linspace(0.5, 0.9, 2)},
        cv=one_class_folds(labels),
        scoring="roc_auc",
    )
    search.fit(images.reshape(len(images), 64), labels)
    assert search.best_score_ > 0.98


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


def test_few_images_are_held_out_as_memgan_train_does(tmp_path, pixels):
    images = np.concatenate([pixels(40), pixels(3)])  # three are copies
    estimator = make_estimator("kde").fit(images)
    run = memgan_tf.train(images, tmp_path, detector="kde")
    assert len(run.calibration.scores) == 13
    np.testing.assert_array_equal(estimator.calibration_.scores, run.calibration.scores)
    np.testing.assert_array_equal(-estimator.score_samples(images), run.score(images))


def test_images_of_another_shape(fitted, pixels):
    with pytest.raises(ValueError, match=r"`X` must hold images of the shape \(8, 8, 1\)"):
        fitted["kde"].predict(pixels(2, (8, 8, 3)))
    with pytest.raises(ValueError, match="64 features"):
        fitted["kde"].predict(np.zeros((2, 65)))


def test_pyods_view_is_the_other_way_round(digits):
    images, labels = digits
    zeros = images[labels == 1]
    view = PyodView(make_estimator("kde", target_fpr=0.1)).fit(zeros)
    estimator = view.estimator
    np.testing.assert_array_equal(view.decision_scores_, -estimator.score_samples(zeros))
    np.testing.assert_array_equal(view.decision_function(images), -estimator.score_samples(images))
    np.testing.assert_array_equal(view.predict(images), (1 - estimator.predict(images)) // 2)
    np.testing.assert_array_equal(view.labels_, view.decision_scores_ > view.threshold_)
    shares = view.predict_proba(zeros)
    np.testing.assert_allclose(shares.sum(axis=1), 1.0)
    assert shares[view.decision_scores_.argmin(), 1] == 0.0
    assert shares[view.decision_scores_.argmax(), 1] == 1.0
    assert shares[:, 1].argsort().tolist() == view.decision_scores_.argsort().tolist()


def test_pyods_view_of_a_fitted_estimator(fitted, digits):
    images, _ = digits
    view = PyodView(fitted["kde"])
    assert set(view.predict(images)) == {0, 1}
    with pytest.raises(RuntimeError, match="`fit` must come before `predict_proba`"):
        view.predict_proba(images)


def test_pyods_contamination_sets_the_threshold_on_the_scores_of_fit(digits):
    images, labels = digits
    view = PyodView(make_estimator("kde"), contamination=0.1)
    found = view.fit_predict(images[labels == 1])
    np.testing.assert_array_equal(found, view.labels_)
    assert found.sum() == round(0.1 * len(found))
    assert (view.threshold_ < view.decision_scores_).sum() == found.sum()
    np.testing.assert_array_equal(view.predict(images[labels == 1]), found)
    with pytest.raises(RuntimeError, match="`fit` must come before `predict`"):
        PyodView(view.estimator, 0.1).predict(images)
    with pytest.raises(ValueError, match="`contamination` must be at most 0.5"):
        PyodView(make_estimator("kde"), contamination=0.7).fit(images)


def test_pyods_parameters():
    view = PyodView(make_estimator("kde", target_fpr=0.2), contamination=0.1)
    assert view.get_params(deep=False).keys() == {"estimator", "contamination"}
    assert view.get_params()["estimator__target_fpr"] == 0.2
    assert view.set_params(contamination=None, estimator__seed=3) is view
    assert (view.contamination, view.estimator.seed) == (None, 3)
    assert clone(view).estimator.seed == 3


def test_the_base_is_no_method():
    assert set(CLASSES) == set(DETECTORS)
    assert all(issubclass(cls, ImageDetector) for cls in CLASSES.values())
