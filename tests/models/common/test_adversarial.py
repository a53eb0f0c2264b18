"""BiGAN's, ALAD's and AnoGAN's games: who tells what from what, and who wants it told."""

import numpy as np
import pytest
import tensorflow as tf

from memgan_tf.config import resolve
from memgan_tf.detectors.registry import implementation
from tests.models.recording import RecordingStep

SEED = tf.constant([1, 2], tf.int64)
TINY = {"base_width": 4, "latent_dim": 3, "discriminator_width": 5}
REGULARIZED = {"discriminator_dropout": 0.4, "spectral_normalization": True}


@pytest.fixture
def make_model():
    def make(name, **overrides):
        config = resolve(name, "default", (8, 8, 1), {**TINY, **overrides})
        return implementation(name)(config.model, config.image_shape, seed=3)

    return make


def cross_entropy(logits, label):
    return tf.nn.sigmoid_cross_entropy_with_logits(tf.fill(tf.shape(logits), label), logits)


def games(model, name, images, noise, kept):
    """(real, fake) logits of every discriminator, forward passes and all, from the papers."""
    parts = model.trained
    real = parts.scaling(images)
    generated = parts.generator(noise, training=True)
    joint = (parts.discriminator, *kept["discriminator"])
    if name == "adgan":
        return [judge(*joint, (real,), (generated,))]
    codes = parts.encoder(real, training=True)
    pairs = [judge(*joint, (real, codes), (generated, noise))]
    if name == "alad":
        reconstruction = parts.generator(codes, training=True)
        returned = parts.encoder(generated, training=True)
        pairs += [
            judge(parts.image_pairs, *kept["image_pairs"], (real, real), (real, reconstruction)),
            judge(parts.code_pairs, *kept["code_pairs"], (noise, noise), (noise, returned)),
        ]
    return pairs


def masks_of(model, draws, turn):
    """Of each discriminator the masks of real and of fake pairs; turn 0 is D's, 1 E's and G's."""
    return {
        d.name: [
            [draws[f"kept/{d.name}/{i}"][:, turn, side] for i in range(len(d.dropped_shapes))]
            for side in (0, 1)
        ]
        for d in model.trained.discriminators
    }


def judge(discriminator, kept_of_real, kept_of_fake, real, fake):
    return discriminator(*real, kept=kept_of_real), discriminator(*fake, kept=kept_of_fake)


@pytest.mark.parametrize("options", [{}, REGULARIZED], ids=["plain", "regularized"])
@pytest.mark.parametrize("name", ["bigan", "alad", "adgan"])
def test_d_tells_real_from_fake_and_the_others_want_it_wrong(name, options, make_model, pixels):
    """D under its own dropout masks, E and G under theirs."""
    model, images = make_model(name, **options), pixels(6)
    draws, step = model.draw(6, SEED), RecordingStep(6)
    model.train_step(images, draws, step)
    with tf.GradientTape(persistent=True) as tape:
        told, untold = (
            tf.add_n(
                [
                    tf.reduce_mean(cross_entropy(real, label) + cross_entropy(fake, 1.0 - label))
                    for real, fake in games(
                        model, name, images, draws["noise"], masks_of(model, draws, turn)
                    )
                ]
            )
            for turn, label in ((0, 1.0), (1, 0.0))
        )
    assert set(step.gradients) == set(model.players)
    for player, gradients in step.gradients.items():
        objective = told if player == "discriminator" else untold
        expected = tape.gradient(objective, model.players[player])
        for gradient, printed in zip(gradients, expected, strict=True):
            np.testing.assert_allclose(gradient, printed, rtol=2e-3, atol=2e-5)
            assert np.abs(printed).max() > 0


def test_alad_has_three_discriminators_that_learn(make_model):
    model = make_model("alad")
    assert len(model.trained.discriminators) == 3
    expected = sum(len(d.trainable_variables) for d in model.trained.discriminators)
    assert len(model.players["discriminator"]) == expected


@pytest.mark.parametrize("name", ["bigan", "alad", "adgan"])
def test_no_variable_has_two_players(name, make_model):
    known = [id(v) for values in make_model(name).players.values() for v in values]
    assert len(known) == len(set(known))


def test_bigans_score_by_hand(make_model, pixels):
    model, images = make_model("bigan", feature_weight=0.25), pixels(3)
    parts = model.scoring
    scaled = parts.scaling(images)
    codes = parts.encoder(scaled)
    reconstruction = parts.generator(codes)
    features = parts.discriminator.features(scaled, codes)
    others = parts.discriminator.features(reconstruction, codes)
    expected = 0.75 * np.abs(scaled - reconstruction).sum(axis=(1, 2, 3))
    expected += 0.25 * np.abs(features - others).sum(axis=1)
    np.testing.assert_allclose(model.explain(images)["anomaly_score"], expected, rtol=1e-5)


@pytest.mark.parametrize("image_pairs", ["trunk", "convolutions"])
@pytest.mark.parametrize("form", ["features", "l1", "l2", "logits"])
def test_alads_scores_by_hand(form, image_pairs, make_model, pixels):
    model, images = make_model("alad", score_form=form, image_pairs=image_pairs), pixels(3)
    parts = model.scoring
    scaled = parts.scaling(images)
    reconstruction = parts.generator(parts.encoder(scaled))
    difference = np.abs(scaled - reconstruction)
    same = parts.image_pairs.features(scaled, scaled)
    other = parts.image_pairs.features(scaled, reconstruction)
    expected = {
        "features": np.abs(same - other).sum(axis=1),
        "l1": difference.sum(axis=(1, 2, 3)),
        "l2": np.sqrt(np.square(difference).sum(axis=(1, 2, 3))),
        "logits": -parts.image_pairs(scaled, reconstruction),
    }[form]
    np.testing.assert_allclose(model.explain(images)["anomaly_score"], expected, rtol=1e-4)


def test_a_lost_game_is_told(make_model):
    model = make_model("bigan")
    scores = {"anomaly_score": np.array([1.0, 2.0])}
    assert model.health({"loss/discriminator": 1.0}, scores) == []
    assert "discriminator" in model.health({"loss/discriminator": 0.001}, scores)[0]


def test_inversion_lowers_every_images_distance(make_model, pixels):
    images = pixels(5)
    few, many = (make_model("adgan", num_inversion_steps=n) for n in (1, 40))
    scaled = few.scoring.scaling(images)
    features = few.scoring.discriminator.features(scaled)
    start = few.scoring.nearest_candidates(scaled)
    started = few.scoring.distance(scaled, features, few.scoring.generator(start)).numpy()
    after_one = few.explain(images)["anomaly_score"].numpy()
    after_many = many.explain(images)["anomaly_score"].numpy()
    assert (after_one <= started + 1e-4).all()
    assert (after_many < after_one).all()


def test_inversion_of_an_image_ignores_its_batch(make_model, pixels):
    model, images = make_model("adgan", num_inversion_steps=20), pixels(6)
    together = model.explain(images)["anomaly_score"].numpy()
    alone = [model.explain(images[i : i + 1])["anomaly_score"].numpy()[0] for i in range(6)]
    np.testing.assert_allclose(alone, together, rtol=1e-4)
    repeated = model.explain(np.repeat(images[:1], 6, axis=0))["anomaly_score"].numpy()
    np.testing.assert_allclose(repeated, np.repeat(together[:1], 6), rtol=1e-4)


def test_inversion_starts_at_the_nearest_candidate(make_model):
    """An image that a candidate generates is found at once."""
    model = make_model("adgan", num_candidates=8, normalization="none")
    parts = model.scoring
    candidates = tf.random.stateless_normal((8, 3), (17, 0))
    chosen = parts.nearest_candidates(parts.generator(candidates))
    np.testing.assert_allclose(chosen, candidates, rtol=1e-5)


@pytest.mark.parametrize("weight", [0.0, 0.25, 1.0])
def test_adgans_distance_weighs_pixels_and_features(make_model, pixels, weight):
    parts = make_model("adgan", feature_weight=weight).scoring
    scaled, generated = parts.scaling(pixels(4)), parts.scaling(pixels(4, seed=9))
    features, others = map(parts.discriminator.features, (scaled, generated))
    of_pixels = np.abs(scaled - generated).sum((1, 2, 3))
    of_features = np.abs(features - others).reshape(4, -1).sum(1)
    expected = (1.0 - weight) * of_pixels + weight * of_features
    np.testing.assert_allclose(parts.distance(scaled, features, generated), expected, rtol=1e-5)
