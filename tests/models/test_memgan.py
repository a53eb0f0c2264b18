"""Algorithm 1: each player descends its own printed objective and nothing else moves."""

import numpy as np
import pytest
import tensorflow as tf

from memgan_tf.losses import discriminator_loss, generator_loss, l2_distance, mutual_information
from memgan_tf.models.memgan import MEMGAN, effective_units, tile_images
from tests.models.recording import RecordingStep

SEED = tf.constant([1, 2], tf.int64)


@pytest.fixture
def make_model(tiny_config):
    def make(**overrides):
        config = tiny_config(**overrides)
        return MEMGAN(config.model, config.image_shape, seed=3, average_weights=False)

    return make


def printed_objective(model, player, images, draws):
    """A player's objective as Algorithm 1 prints it, every forward pass run anew."""
    parts, weights, config = model.trained, draws["mixing_weights"], model.config
    real = parts.scaling(images)
    codes = parts.encoder(real, training=True)
    mixed = parts.memory.mix(weights)
    generated = parts.generator(mixed, training=True)
    real_logits = model.discriminator(real, codes)
    fake_logits = model.discriminator(generated, mixed)
    projected = parts.memory(codes)
    cycle = config.cycle_weight * l2_distance(real, parts.generator(projected, training=True))
    projection = config.projection_weight * l2_distance(codes, projected)
    logits = parts.memory.address(parts.encoder(generated, training=True))
    information = config.mutual_information_weight * mutual_information(weights, logits)
    if config.encoder_adversarial == "saturating":
        encoder_adversarial = -tf.nn.softplus(-real_logits)
    else:
        encoder_adversarial = tf.nn.softplus(real_logits)
    adversarial = config.adversarial_weight
    values = {
        "discriminator": discriminator_loss(real_logits, fake_logits),
        "encoder": adversarial * encoder_adversarial + cycle + projection + information,
        "generator": adversarial * generator_loss(fake_logits) + cycle + information,
        "memory": cycle + projection + information,
    }
    return tf.reduce_mean(values[player])


@pytest.mark.parametrize("player", ["discriminator", "encoder", "generator", "memory"])
@pytest.mark.parametrize(
    "overrides",
    [
        {"encoder_adversarial": "saturating"},
        {"encoder_adversarial": "nonsaturating"},
        {
            "adversarial_weight": 0.5,
            "cycle_weight": 2.0,
            "projection_weight": 3.0,
            "mutual_information_weight": 0.7,
            "normalization": "none",
        },
    ],
)
def test_each_player_descends_its_printed_objective(player, overrides, make_model, pixels):
    model, images = make_model(**overrides), pixels(6)
    draws, step = model.draw(6, SEED), RecordingStep(6)
    model.train_step(images, draws, step)
    with tf.GradientTape() as tape:
        objective = printed_objective(model, player, images, draws)
    expected = tape.gradient(objective, model.players[player])
    assert set(step.gradients) == set(model.players)
    for gradient, printed in zip(step.gradients[player], expected, strict=True):
        np.testing.assert_allclose(gradient, printed, rtol=2e-3, atol=2e-5)
        assert np.abs(printed).max() > 0


def test_e_and_g_play_against_the_updated_discriminator(make_model, pixels):
    """D is updated first: with D pushed far, the others' gradients must follow the pushed D."""
    model, images = make_model(), pixels(6)
    draws = model.draw(6, SEED)

    class PushingStep(RecordingStep):
        def apply(self, player, gradients):
            super().apply(player, gradients)
            if player == "discriminator":
                for variable in model.players["discriminator"]:
                    variable.assign_add(0.3 * tf.ones_like(variable))

    step = PushingStep(6)
    model.train_step(images, draws, step)
    with tf.GradientTape() as tape:
        objective = printed_objective(model, "generator", images, draws)
    expected = tape.gradient(objective, model.players["generator"])
    for gradient, printed in zip(step.gradients["generator"], expected, strict=True):
        np.testing.assert_allclose(gradient, printed, rtol=2e-3, atol=2e-5)


def test_the_players_share_no_variable(make_model):
    names = [id(v) for values in make_model().players.values() for v in values]
    assert len(names) == len(set(names))


def test_metrics_are_the_terms_of_the_objectives(make_model, pixels):
    model, images = make_model(adversarial_weight=0.5, cycle_weight=2.0), pixels(4)
    draws, parts = model.draw(4, SEED), model.trained
    metrics = model.train_step(images, draws, RecordingStep(4))
    assert set(metrics) == set(model.metric_names)
    weights, real = draws["mixing_weights"], parts.scaling(images)
    codes, mixed = parts.encoder(real, training=True), parts.memory.mix(weights)
    generated, projected = parts.generator(mixed, training=True), parts.memory(codes)
    logits = parts.memory.address(parts.encoder(generated, training=True))
    # No weight of an objective is in them.
    entropy = -tf.reduce_sum(tf.math.xlogy(weights, weights), axis=1)
    information = mutual_information(weights, logits)
    of_real, of_fake = model.discriminator(real, codes), model.discriminator(generated, mixed)
    expected = {
        "loss/discriminator": tf.nn.softplus(-of_real) + tf.nn.softplus(of_fake),
        "loss/generator_adversarial": tf.nn.softplus(-of_fake),
        "loss/cycle": l2_distance(real, parts.generator(projected, training=True)),
        "loss/projection": l2_distance(codes, projected),
        "loss/mutual_information": information,
        "loss/mutual_information_excess": information - entropy,
        "gan/real_probability": tf.sigmoid(of_real),
        "gan/fake_probability": tf.sigmoid(of_fake),
    }
    for name, values in expected.items():
        np.testing.assert_allclose(metrics[name], tf.reduce_mean(values), rtol=1e-4, err_msg=name)


def test_instance_noise_reaches_the_discriminator_alone(make_model, pixels):
    model, images = make_model(instance_noise=0.5), pixels(4)
    quiet = {**model.draw(4, SEED), "instance_noise": tf.zeros((4, 2, 8, 8, 1))}
    first = model.train_step(images, model.draw(4, SEED), RecordingStep(4))
    second = model.train_step(images, quiet, RecordingStep(4))
    assert abs(float(first["loss/discriminator"] - second["loss/discriminator"])) > 1e-4
    np.testing.assert_array_equal(first["loss/cycle"], second["loss/cycle"])


def test_each_side_of_the_discriminator_has_noise_of_its_own(make_model, pixels):
    """Real and generated images come to D with their own noise, of the given deviation."""
    model, images = make_model(instance_noise=0.5), pixels(64)
    draws, seen = model.draw(64, SEED), []

    class Watched:
        trainable_variables = model.discriminator.trainable_variables

        def __call__(self, images, codes):
            seen.append(images)
            return network(images, codes)

    network, model.discriminator = model.discriminator, Watched()
    model.train_step(images, draws, RecordingStep(64))
    both, real, fake = seen
    np.testing.assert_array_equal(both, tf.concat([real, fake], axis=0))
    parts = model.trained
    noise_of_real = real - parts.scaling(images)
    mixed = parts.memory.mix(draws["mixing_weights"])
    noise_of_fake = fake - parts.generator(mixed, training=True)
    for noise in (noise_of_real, noise_of_fake):
        assert np.std(noise) == pytest.approx(0.5, rel=0.05)
    correlation = np.corrcoef(np.ravel(noise_of_real), np.ravel(noise_of_fake))[0, 1]
    assert abs(correlation) < 0.1


def test_the_noise_is_drawn_apart_from_the_mixing_weights(make_model):
    """The same seed would make the noise of the first images the logits of the weights."""
    draws = make_model(instance_noise=0.5).draw(64, SEED)
    weights = np.log(draws["mixing_weights"])
    noise = np.ravel(draws["instance_noise"])[: weights.size].reshape(weights.shape)
    apart = [values - values.mean(axis=1, keepdims=True) for values in (weights, noise)]
    assert abs(np.corrcoef(*map(np.ravel, apart))[0, 1]) < 0.2


def test_the_score_does_not_change_with_the_batch(make_model, pixels):
    model, images = make_model(), pixels(9)
    for index in range(3):
        model.measure_statistics(pixels(9, seed=index), tf.constant(1.0 / (index + 1)))
    together = model.explain(images)["anomaly_score"].numpy()
    alone = [model.explain(images[i : i + 1])["anomaly_score"].numpy()[0] for i in range(9)]
    backwards = model.explain(images[::-1])["anomaly_score"].numpy()[::-1]
    np.testing.assert_allclose(alone, together, rtol=1e-5)
    np.testing.assert_allclose(backwards, together, rtol=1e-5)
    # It could: in training mode a batch's other images change an image's score.
    training = model.scoring.explain(images[:4], training=True)["anomaly_score"]
    assert np.abs(training - together[:4]).max() > 1e-3


def test_the_measured_score_is_that_of_the_network_as_trained(make_model, pixels):
    """Statistics of one batch, measured along the scoring path, give that batch's own scores."""
    model, images = make_model(), pixels(32)
    before = model.explain(images)["anomaly_score"].numpy()
    as_trained = model.scoring.explain(images, training=True)["anomaly_score"].numpy()
    model.measure_statistics(images, tf.constant(1.0))
    np.testing.assert_allclose(model.explain(images)["anomaly_score"], as_trained, rtol=1e-4)
    assert np.abs(before - as_trained).max() > 1e-2


def test_the_score_is_equation_8(make_model, pixels):
    model, images = make_model(), pixels(3)
    parts = model.scoring
    scaled = parts.scaling(images)
    codes = parts.encoder(scaled)
    attention = tf.nn.softmax(codes @ tf.transpose(parts.memory.units))
    reconstruction = parts.generator(attention @ parts.memory.units)
    expected = np.sqrt(np.sum(np.square(scaled - reconstruction), axis=(1, 2, 3)))
    explained = model.explain(images)
    np.testing.assert_allclose(explained["anomaly_score"], expected, rtol=1e-5)
    np.testing.assert_allclose(
        np.sqrt(np.sum(np.square(explained["anomaly_map"]), axis=(1, 2))), expected, rtol=1e-5
    )


@pytest.mark.parametrize("scaling", ["contrast_level", "contrast_map"])
def test_a_channel_of_contrast_is_played_and_scored_as_the_others(scaling, make_model, pixels):
    model, images = make_model(input_scaling=scaling, instance_noise=0.1), pixels(4)
    draws, step = model.draw(4, SEED), RecordingStep(4)
    assert draws["instance_noise"].shape == (4, 2, 8, 8, 2)
    model.train_step(images, draws, step)
    assert all(np.abs(g).max() > 0 for gradients in step.gradients.values() for g in gradients)
    parts = model.scoring
    scaled = parts.scaling(images)
    errors = np.square(scaled - parts.generator(parts.memory(parts.encoder(scaled)))).sum((1, 2))
    explained = model.explain(images)
    np.testing.assert_allclose(explained["anomaly_score"], np.sqrt(errors.sum(axis=1)), rtol=1e-5)
    assert errors[:, 1].min() > 0, "the contrast has a part in the score"
    assert explained["reconstruction"].shape == (4, 8, 8, 1)


def test_health(make_model):
    model = make_model()
    well = {"anomaly_score": np.array([1.0, 2.0]), "attention": np.full((2, 5), 0.2)}
    assert model.health({"loss/discriminator": 0.011}, well) == []
    assert "discriminator" in model.health({"loss/discriminator": 0.009}, well)[0]
    one_unit = {**well, "attention": np.array([[1.0, 0, 0, 0, 0]] * 2)}
    assert "same memory unit" in model.health({"loss/discriminator": 1.0}, one_unit)[0]
    constant = {**well, "anomaly_score": np.array([1.0, 1.0])}
    assert "same score" in model.health({"loss/discriminator": 1.0}, constant)[0]


def test_a_mixture_that_is_the_same_for_every_image_is_a_sign(make_model, pixels):
    model, images = make_model(), pixels(12)
    found = {"anomaly_score": np.arange(12.0), "attention": np.full((12, 5), 0.2)}
    assert "attention" in model.health({"loss/discriminator": 1.0}, found)[0]
    told_apart = {**found, "attention": np.eye(5)[np.arange(12) % 5], "images": images}
    same = {**told_apart, "reconstruction": np.full((12, 8, 8, 1), 0.5)}
    assert "reconstructions" in model.health({"loss/discriminator": 1.0}, same)[0]
    true = model.scoring.scaling.display(model.scoring.scaling(images)).numpy()
    assert model.health({"loss/discriminator": 1.0}, {**same, "reconstruction": true}) == []


def test_effective_units():
    assert effective_units(np.array([[1.0, 0.0], [1.0, 0.0]])) == pytest.approx(1.0)
    assert effective_units(np.array([[1.0, 0.0], [0.0, 1.0]])) == pytest.approx(2.0)


def test_tile_images_fills_rows_first():
    tiles = np.arange(3, dtype=np.float32).reshape(3, 1, 1, 1)
    np.testing.assert_array_equal(tile_images(tiles, num_columns=2)[..., 0], [[0, 1], [2, 1]])
