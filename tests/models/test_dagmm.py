"""DAGMM: features, the mixture of the whole train set, numerical failure."""

import numpy as np
import pytest
import tensorflow as tf
from sklearn.mixture import GaussianMixture

from memgan_tf.config import resolve
from memgan_tf.losses.gaussian_mixture import estimate_mixture
from memgan_tf.models.dagmm import DAGMM, error_features
from memgan_tf.training import loop
from memgan_tf.training.trainer import Trainer
from memgan_tf.training.workers import make_strategy


def test_error_features_by_hand():
    images = tf.constant([[3.0, 4.0], [1.0, 0.0]])[:, :, tf.newaxis, tf.newaxis]
    reconstruction = tf.constant([[3.0, 4.0], [0.0, 2.0]])[:, :, tf.newaxis, tf.newaxis]
    features = error_features(images, reconstruction).numpy()
    np.testing.assert_allclose(features[0], [0.0, 1.0], atol=1e-5)
    np.testing.assert_allclose(features[1], [np.sqrt(5.0), 0.0], atol=1e-5)


def test_black_images_have_finite_features():
    black = tf.zeros((2, 8, 8, 1))
    assert np.isfinite(error_features(black, black)).all()


@pytest.fixture
def make_trainer(pixels):
    def make(**overrides):
        tiny = {"base_width": 4, "latent_dim": 2, "batch_size": 8, "epochs": 2}
        config = resolve("dagmm", "default", (8, 8, 1), {**tiny, **overrides})

        def factory():
            return DAGMM(config.model, config.image_shape, seed=0)

        return Trainer(factory, config.training, pixels(24), make_strategy("none"))

    return make


def test_the_mixture_is_that_of_the_whole_train_set(make_trainer, pixels):
    trainer = make_trainer()
    trainer.run(2)
    trainer.measure_statistics()
    model, images = trainer.model, pixels(24)
    features, _, _ = model.scoring.encode(images)
    assignments = model.scoring.assignment(features)
    expected = estimate_mixture(features, assignments, model.config.covariance_jitter)
    for variable, value in zip(model.scoring.mixture, expected, strict=True):
        np.testing.assert_allclose(variable, value, rtol=1e-4, atol=1e-5)


def test_the_score_is_scikit_learns_under_the_same_mixture(make_trainer, pixels):
    trainer = make_trainer()
    trainer.measure_statistics()
    model, images = trainer.model, pixels(10, seed=5)
    weights, means, covariances = (v.numpy().astype(np.float64) for v in model.scoring.mixture)
    mixture = GaussianMixture(len(weights))
    mixture.weights_, mixture.means_, mixture.covariances_ = weights, means, covariances
    mixture.precisions_cholesky_ = np.linalg.cholesky(np.linalg.inv(covariances))
    features, _, _ = model.scoring.encode(images)
    expected = -mixture.score_samples(features.numpy().astype(np.float64))
    np.testing.assert_allclose(model.explain(images)["anomaly_score"], expected, rtol=2e-3)


def test_a_mixture_that_breaks_stops_training_in_words(make_trainer, pixels):
    """Codes that overflow leave no covariance: said, with what to do, and no Cholesky error."""
    trainer = make_trainer()
    for variable in trainer.model.trained.encoder.head.weights:
        variable.assign(tf.fill(variable.shape, 1e30))
    with pytest.raises(FloatingPointError, match=r"training diverged.*--covariance_jitter"):
        loop.train(trainer, pixels(4), None, [])


def test_dropout_keeps_its_share_and_its_mean():
    config = resolve("dagmm", "default", (8, 8, 1), {"dropout": 0.25, "estimation_width": 50})
    model = DAGMM(config.model, config.image_shape)
    kept = model.draw(200, tf.constant([1, 2], tf.int64))["kept"].numpy()
    assert set(np.unique(kept).round(4)) == {0.0, np.float32(4 / 3).round(4)}
    assert kept.mean() == pytest.approx(1.0, abs=0.02)


def test_the_terms_are_weighed_by_their_settings(make_trainer):
    model = make_trainer(energy_weight=0.2, singularity_weight=0.03).model
    assert model.term_weights == {
        "loss/reconstruction": 1.0,
        "loss/energy": 0.2,
        "loss/singularity": 0.03,
    }
