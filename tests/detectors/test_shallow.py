"""Shallow detectors against scikit-learn, and their label-free choices."""

import errno
import math
import time
import types

import numpy as np
import pytest
from sklearn.decomposition import PCA
from sklearn.ensemble import IsolationForest as Forest
from sklearn.neighbors import KernelDensity as Density
from sklearn.svm import OneClassSVM

from memgan_tf.config import resolve
from memgan_tf.detectors.features import Features, principal_components
from memgan_tf.detectors.isolation_forest import average_path_length
from memgan_tf.detectors.kde import cross_validated_likelihoods, log_density
from memgan_tf.detectors.ocsvm import choose_gamma
from memgan_tf.detectors.registry import make_detector


@pytest.fixture
def smooth_images():
    """Images with a few strong components, `(num_images, 8, 8, 1)` uint8."""

    def make(num_images, seed=0):
        generator = np.random.default_rng(seed)
        patterns = np.random.default_rng(7).normal(size=(5, 64))
        values = 128 + 20 * generator.normal(size=(num_images, 5)) @ patterns
        values += generator.normal(0, 3, values.shape)
        return np.clip(values, 0, 255).astype(np.uint8).reshape(-1, 8, 8, 1)

    return make


def fitted(name, images, **overrides):
    detector = make_detector(resolve(name, "default", (8, 8, 1), overrides))
    detector.fit(images, images)
    return detector


@pytest.mark.parametrize("shape", [(40, 12), (12, 40)])
def test_components_are_scikit_learns(shape):
    values = np.random.default_rng(0).normal(size=shape) * np.linspace(3, 0.1, shape[1])
    centered = values - values.mean(axis=0)
    components = principal_components(centered, 0.9)
    expected = PCA(0.9, svd_solver="full").fit(values).components_.T
    assert components.shape == expected.shape
    np.testing.assert_allclose(np.abs(np.sum(components * expected, axis=0)), 1.0, rtol=1e-9)


def test_ocsvm_is_scikit_learns(smooth_images):
    train, test = smooth_images(60), smooth_images(20, seed=1)
    detector = fitted("ocsvm", train, nu=0.2)
    rows = detector.features(train)
    machine = OneClassSVM(gamma="scale", nu=0.2).fit(rows)
    expected = -machine.decision_function(detector.features(test))
    np.testing.assert_allclose(detector.score(test), expected, rtol=1e-6, atol=1e-9)


def test_gamma_by_hand():
    features = np.array([[0.0, 0.0], [2.0, 2.0]])
    assert choose_gamma(features, "scale") == pytest.approx(1 / (2 * 1.0))
    assert choose_gamma(features, "median") == pytest.approx(1 / 8.0)


def test_gamma_of_many_copies():
    features = np.array([[0.0], [0.0], [0.0], [2.0]])
    assert choose_gamma(features, "median") == pytest.approx(0.25)


def test_kde_is_scikit_learns(smooth_images):
    train, test = smooth_images(50), smooth_images(20, seed=1)
    detector = fitted("kde", train)
    rows, bandwidth = detector._learned["rows"], float(detector._learned["bandwidth"])
    density = Density(bandwidth=bandwidth).fit(rows)
    expected = -density.score_samples(detector.features(test))
    np.testing.assert_allclose(detector.score(test), expected, rtol=1e-6)


def test_log_density_by_hand():
    # One point at distance 2 in one dimension: the normal density at two standard deviations.
    value = log_density(np.array([[4.0]]), 1.0, 1)
    np.testing.assert_allclose(value, [-2.0 - 0.5 * math.log(2 * math.pi)])


def test_the_bandwidth_has_the_best_held_out_likelihood():
    rows = np.random.default_rng(0).normal(size=(200, 1))
    bandwidths = 2.0 ** np.arange(-8.0, 5.0)
    likelihoods = cross_validated_likelihoods(rows, bandwidths, 5, seed=0)
    best = bandwidths[np.argmax(likelihoods)]
    assert 0.1 < best < 1.1  # the rule of thumb says 0.37
    order = np.random.default_rng(0).permutation(200)
    expected = sum(
        Density(bandwidth=best).fit(rows[np.setdiff1d(order, fold)]).score(rows[fold])
        for fold in np.array_split(order, 5)
    )
    assert max(likelihoods) == pytest.approx(expected, rel=1e-6)


def test_a_bandwidth_at_the_grids_edge_is_told(smooth_images, capsys):
    fitted("kde", smooth_images(40), smallest_bandwidth=3.0, largest_bandwidth=5.0)
    assert "is at the grid's edge" in capsys.readouterr().err
    fitted("kde", smooth_images(40))
    assert capsys.readouterr().err == ""


def test_the_forest_is_scikit_learns(smooth_images):
    train, test = smooth_images(300), smooth_images(40, seed=1)
    detector = fitted("isolation_forest", train, seed=3, num_trees=20)
    forest = Forest(n_estimators=20, max_samples=256, random_state=3).fit(detector.features(train))
    expected = -forest.score_samples(detector.features(test))
    np.testing.assert_allclose(detector.score(test), expected, rtol=1e-9)


def test_average_path_length():
    # c(2) = 1; c(3) = 2 (1 + 1/2) - 4/3, with the harmonic number's usual approximation.
    lengths = average_path_length(np.array([1, 2, 3]))
    expected = 2 * (math.log(2) + np.euler_gamma) - 4 / 3
    np.testing.assert_allclose(lengths, [0.0, 1.0, expected])


def test_pca_is_the_distance_to_the_subspace(smooth_images):
    train, test = smooth_images(80), smooth_images(10, seed=1)
    detector = fitted("pca", train, explained_variance=0.9)
    flat, others = (x.reshape(len(x), -1) / 255.0 for x in (train, test))
    model = PCA(0.9, svd_solver="full").fit(flat)
    expected = np.linalg.norm(others - model.inverse_transform(model.transform(others)), axis=1)
    explained = detector.explain(test)
    np.testing.assert_allclose(explained["anomaly_score"], expected, rtol=1e-4)
    from_map = np.sqrt(np.sum(np.square(explained["anomaly_map"]), axis=(1, 2)))
    np.testing.assert_allclose(from_map, expected, rtol=1e-4)
    assert explained["reconstruction"].shape == test.shape


def test_pca_with_all_components_is_refused():
    with pytest.raises(ValueError, match="`explained_variance` must be below 1 for pca"):
        resolve("pca", "default", (8, 8, 1), {"explained_variance": 1.0})


@pytest.mark.parametrize("name", ["ocsvm", "kde", "isolation_forest", "pca"])
def test_one_image_is_not_said_to_be_many_equal_ones(name, smooth_images):
    with pytest.raises(ValueError, match="at least 2 to learn how they differ; 1 is left"):
        fitted(name, smooth_images(1))


@pytest.mark.parametrize("name", ["ocsvm", "kde", "isolation_forest", "pca"])
def test_training_images_that_are_all_the_same_are_refused(name):
    with pytest.raises(ValueError, match="all training images are the same"):
        fitted(name, np.full((10, 8, 8, 1), 7, np.uint8))


@pytest.mark.parametrize("name", ["ocsvm", "kde", "isolation_forest"])
def test_ten_thousand_images_take_seconds(name, smooth_images):
    detector = fitted(name, smooth_images(1000))
    images = smooth_images(10_000, seed=2)
    started = time.monotonic()
    detector.score(images)
    assert time.monotonic() - started < 20.0


def test_features_keep_the_measured_range(smooth_images):
    config = resolve("isolation_forest", "default", (8, 8, 1), {"explained_variance": 1.0}).model
    features, images = Features(config), smooth_images(30)
    features.fit(images)
    rows = features(images)
    assert rows.min() == pytest.approx(0.0, abs=1e-6)
    assert rows.max() == pytest.approx(1.0, abs=1e-6)
    again = Features(config)
    again.load(features.state())
    np.testing.assert_array_equal(again(images), rows)


@pytest.mark.parametrize("detector", ["pca", "patch_memory"])
def test_a_state_without_access_is_not_called_damaged(detector, tmp_path, monkeypatch):
    def refuse(path):
        raise PermissionError(errno.EACCES, "Permission denied", str(path))

    # What a detector reads its arrays with.
    monkeypatch.setattr("memgan_tf.data.npz.zipfile.ZipFile", refuse)
    (tmp_path / "detector.npz").write_bytes(b"")
    config = resolve(detector, "default", (32, 32, 3), {"dataset": "folder:none"})
    with pytest.raises(PermissionError, match=str(tmp_path)):
        make_detector(config).load(types.SimpleNamespace(path=tmp_path))
