"""DCAE, VAE, MemAE and DSEBM: losses and scores against their formulas."""

import numpy as np
import pytest
import tensorflow as tf

from memgan_tf.config import resolve
from memgan_tf.detectors.registry import implementation
from tests.models.recording import RecordingStep

SEED = tf.constant([1, 2], tf.int64)
TINY = {
    "dcae": {"widths": "4", "latent_dim": 8},
    "vae": {"base_width": 4, "latent_dim": 3},
    "memae": {"base_width": 4, "latent_dim": 3, "num_units": 5},
    "dsebm": {"base_width": 4, "num_hidden": 5},
}


@pytest.fixture
def make_model():
    def make(name, **overrides):
        config = resolve(name, "default", (8, 8, 1), {**TINY[name], **overrides})
        return implementation(name)(config.model, config.image_shape, seed=3)

    return make


def printed_loss(model, name, images, draws):
    """Each method's objective as its paper prints it, written out."""
    parts, config = model.trained, model.config
    scaled = parts.scaling(images)
    if name == "dsebm":
        _, reconstruction = parts.energy.reconstruct(scaled + draws["noise"])
        return tf.reduce_sum(tf.square(scaled - reconstruction), axis=(1, 2, 3))
    codes = parts.encoder(scaled, training=True)
    if name == "dcae":
        reconstruction = parts.decoder(codes, training=True)
        squares = sum(tf.reduce_sum(tf.square(v)) for v in parts.trainable_variables)
        error = tf.reduce_sum(tf.square(scaled - reconstruction), axis=(1, 2, 3))
        return error + config.weight_decay / 2 * squares
    if name == "memae":
        weights = parts.memory.attend(codes)
        reconstruction = parts.generator(weights @ parts.memory.units, training=True)
        entropy = -tf.reduce_sum(weights * tf.math.log(weights + 1e-12), axis=1)
        error = tf.reduce_sum(tf.square(scaled - reconstruction), axis=(1, 2, 3))
        return error + config.entropy_weight * entropy
    means, log_variances = codes[:, :3], codes[:, 3:]
    drawn = means + tf.exp(log_variances / 2) * draws["noise"]
    error = tf.square(scaled - parts.generator(drawn, training=True))
    variance = config.observation_stddev**2
    log_likelihood = -error / (2 * variance) - 0.5 * np.log(2 * np.pi * variance)
    divergence = -0.5 * tf.reduce_sum(1 + log_variances - means**2 - tf.exp(log_variances), axis=1)
    return divergence - tf.reduce_sum(log_likelihood, axis=(1, 2, 3))


@pytest.mark.parametrize(
    ("name", "overrides"),
    [
        ("dcae", {"weight_decay": 0.1}),
        ("vae", {"observation_stddev": 0.3}),
        ("memae", {"entropy_weight": 0.5}),
        ("memae", {"similarity": "dot", "shrinkage": 0.5}),
        ("dsebm", {"noise_stddev": 0.2}),
    ],
)
def test_the_player_descends_the_printed_loss(name, overrides, make_model, pixels):
    model, images = make_model(name, **overrides), pixels(6)
    draws, step = model.draw(6, SEED), RecordingStep(6)
    model.train_step(images, draws, step)
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(printed_loss(model, name, images, draws))
    expected = tape.gradient(loss, model.players[model.player])
    for gradient, printed in zip(step.gradients[model.player], expected, strict=True):
        np.testing.assert_allclose(gradient, printed, rtol=2e-3, atol=1e-4)


@pytest.mark.parametrize("name", ["dcae", "memae"])
def test_the_score_is_the_squared_error(name, make_model, pixels):
    model, images = make_model(name), pixels(3)
    explained = model.explain(images)
    scaled, *_, reconstruction = model.scoring.reconstruct(images)
    expected = np.sum(np.square(scaled - reconstruction), axis=(1, 2, 3))
    np.testing.assert_allclose(explained["anomaly_score"], expected, rtol=1e-4)
    from_map = np.sum(np.square(explained["anomaly_map"]), axis=(1, 2))
    np.testing.assert_allclose(from_map, expected, rtol=1e-4)


def test_the_vae_scores_by_the_bound_at_the_mean(make_model, pixels):
    model, images = make_model("vae"), pixels(3)
    silent = {"noise": tf.zeros((3, 3))}
    likelihood, divergence, _ = model.scoring.bound(images, silent["noise"])
    np.testing.assert_allclose(
        model.explain(images)["anomaly_score"], likelihood + divergence, rtol=1e-6
    )


def test_both_scores_of_dsebm(make_model, pixels):
    images = pixels(3)
    by_energy, by_error = (make_model("dsebm", energy_form=f) for f in ("energy", "reconstruction"))
    scaled = by_energy.scoring.scaling(images)
    energies, reconstruction = by_energy.scoring.energy.reconstruct(scaled)
    np.testing.assert_allclose(by_energy.explain(images)["anomaly_score"], energies, rtol=1e-6)
    expected = np.sqrt(np.sum(np.square(scaled - reconstruction), axis=(1, 2, 3)))
    np.testing.assert_allclose(by_error.explain(images)["anomaly_score"], expected, rtol=1e-5)


def test_memae_decodes_its_items(make_model):
    model = make_model("memae")
    units = model.decode_units().numpy()
    assert units.shape == (5, 8, 8, 1)
    assert ((units >= 0) & (units <= 1)).all()
    assert model.embedding_points()["unit"].shape == (5, 3)


@pytest.mark.parametrize(
    ("shape", "code_size"), [((28, 28, 1), 4 * 4 * 64), ((32, 32, 3), 4 * 4 * 128)]
)
def test_memaes_paper_preset_addresses_the_flat_map(shape, code_size):
    config = resolve("memae", "paper", shape, {"num_units": 5})
    model = implementation("memae")(config.model, config.image_shape, seed=3)
    assert model.scoring.memory.units.shape == (5, code_size)
    assert model.decode_units().shape == (5, *shape)
