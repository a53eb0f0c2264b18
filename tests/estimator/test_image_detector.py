"""Estimators on real digits: scikit-learn's signs, tools and files; PyOD's view."""

import copy
import pickle
import subprocess
import sys

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV, KFold, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler

import memgan_tf
from memgan_tf.config import DETECTORS
from memgan_tf.estimator import ImageDetector, KdeDetector, image_detector, make_estimator
from memgan_tf.estimator.classes import CLASSES, class_name
from memgan_tf.tools import main
from tests.estimator.conftest import TINY


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
    with pytest.raises(ValueError, match="`path` must be a path that TensorFlow can read"):
        fitted["memgan"].save(tmp_path / "a [1]")
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


def test_few_images_are_held_out_as_memgan_train_does(tmp_path, pixels):
    images = np.concatenate([pixels(40), pixels(3)])  # three are copies
    estimator = make_estimator("kde").fit(images)
    run = memgan_tf.train(images, tmp_path, detector="kde")
    assert len(run.calibration.scores) == 13
    np.testing.assert_array_equal(estimator.calibration_.scores, run.calibration.scores)
    np.testing.assert_array_equal(-estimator.score_samples(images), run.score(images))


def test_the_base_is_no_method():
    assert set(CLASSES) == set(DETECTORS)
    assert all(issubclass(cls, ImageDetector) for cls in CLASSES.values())
