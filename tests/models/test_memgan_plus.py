"""MEMGAN+: the parts of its score, its own player, and MEMGAN untouched by it."""

import numpy as np
import pytest
import tensorflow as tf

from memgan_tf.config import MemganPlusConfig
from memgan_tf.config.memgan_plus import SCORE_PARTS
from memgan_tf.losses.turns import turn_loss
from memgan_tf.models.memgan import MEMGAN
from memgan_tf.models.memgan_plus import MEMGANPlus
from memgan_tf.models.plus_networks import LOG_OFFSET
from memgan_tf.models.turn_views import moved, reflected
from tests.models.plus_runs import IMAGES, SHAPE, explain, make_trainer


@pytest.fixture(scope="module")
def trained():
    return make_trainer(MEMGANPlus)


def turn_losses(model, images):
    """Of the part, undone: standardisation, logarithm and floor."""
    networks = model.scoring
    part = explain(model, images)["parts"][:, 3]
    logarithms = networks.part_means[3] + networks.part_deviations[3] * part
    return np.exp(logarithms) - LOG_OFFSET


def test_reserved_images_are_every_tenth_and_no_step_sees_them(trained):
    reserved = np.arange(40) % 10 == 0
    np.testing.assert_array_equal(trained._reserved, IMAGES[reserved])
    np.testing.assert_array_equal(trained._images, IMAGES[~reserved])
    assert trained.steps_per_epoch == 5  # 36 images, 8 a step


def test_the_parts_have_mean_0_and_deviation_1_on_the_reserved_images(trained):
    assert trained.model.part_names == SCORE_PARTS[:5]
    parts = explain(trained.model, IMAGES[::10])["parts"]
    np.testing.assert_allclose(parts.mean(axis=0), 0.0, atol=2e-3)
    networks = trained.model.scoring
    floors = 0.02 * np.abs(networks.part_means.numpy()) + 1e-6
    usual = networks.part_deviations.numpy() > floors * 1.01
    assert usual.sum() >= 2
    np.testing.assert_allclose(parts.std(axis=0)[usual], 1.0, rtol=1e-3)


def test_a_part_that_never_varies_has_a_floor_under_its_deviation():
    images = np.repeat(IMAGES[:1], 40, axis=0)
    networks = make_trainer(MEMGANPlus, images=images).model.scoring
    expected = 0.02 * np.abs(networks.part_means.numpy()) + 1e-6
    np.testing.assert_allclose(networks.part_deviations.numpy(), expected, rtol=1e-4)


def raw_parts(model, found):
    """The parts in their own units."""
    networks = model.scoring
    return found["parts"] * networks.part_deviations.numpy() + networks.part_means.numpy()


def eq_8(found):
    return np.sqrt((found["anomaly_map"] ** 2).sum(axis=(1, 2)))


@pytest.mark.parametrize(
    ("score_parts", "columns"),
    [
        ("weighted_residual,turns", [1, 3]),
        ("turns, reconstruction, projection", [0, 2, 3]),
        ("projection", [2]),
    ],
)
def test_the_score_is_the_mean_of_the_chosen_parts(score_parts, columns):
    found = explain(make_trainer(MEMGANPlus, score_parts=score_parts).model, IMAGES)
    expected = found["parts"][:, columns].mean(axis=1)
    np.testing.assert_allclose(found["anomaly_score"], expected, rtol=1e-5, atol=1e-6)


def test_the_parts_are_what_they_say(trained):
    found = explain(trained.model, IMAGES)
    parts, squares = raw_parts(trained.model, found), found["anomaly_map"] ** 2
    np.testing.assert_allclose(parts[:, 0], eq_8(found), rtol=1e-4)
    usual = squares[::10].mean(axis=0)
    expected = np.sqrt((squares / (usual + usual.mean())).sum(axis=(1, 2)))
    np.testing.assert_allclose(parts[:, 1], expected, rtol=1e-3)
    np.testing.assert_allclose(parts[:, 2], found["projection_distance"], rtol=1e-3, atol=1e-5)


def test_eq_8_alone_is_the_score_as_it_is():
    trainer = make_trainer(MEMGANPlus, score_parts="reconstruction")
    found = explain(trainer.model, IMAGES)
    np.testing.assert_allclose(found["anomaly_score"], eq_8(found), rtol=1e-5)
    assert "turns" not in trainer.model.players
    assert "loss/turns" not in trainer.model.metric_names


@pytest.mark.parametrize("score_parts", ["", "turns,turns", "turns;projection", "hull"])
def test_unknown_parts_are_refused(score_parts):
    with pytest.raises(ValueError, match="`score_parts` must list some of reconstruction, "):
        MemganPlusConfig(score_parts=score_parts)


def test_the_turn_classifier_leaves_memgans_players_alone():
    plus = make_trainer(MEMGANPlus)

    class Reserving(MEMGAN):
        reserved_share = 0.1

    plain = make_trainer(Reserving)
    assert plus.model.players.keys() - plain.model.players.keys() == {"turns"}
    for player, variables in plain.model.players.items():
        for mine, theirs in zip(variables, plus.model.players[player], strict=True):
            np.testing.assert_array_equal(mine.numpy(), theirs.numpy(), err_msg=player)


def test_mirror_views_average_the_loss_of_both(trained):
    networks = trained.model.scoring
    mirrored = turn_losses(trained.model, IMAGES[:, :, ::-1])
    alone = turn_losses(trained.model, IMAGES)
    networks.mirror_views = True
    both = turn_losses(trained.model, IMAGES)
    networks.mirror_views = False
    np.testing.assert_allclose(both, (alone + mirrored) / 2, rtol=1e-3, atol=1e-4)


def test_the_part_is_the_logarithm_of_the_turn_loss(trained):
    scaled = trained.model.scoring.scaling(tf.constant(IMAGES))
    expected = turn_loss(trained.model.scoring.classify_turns(scaled)[0])
    np.testing.assert_allclose(turn_losses(trained.model, IMAGES), expected, rtol=1e-3)


@pytest.mark.parametrize("turn_features", ["raw", "unit"])
def test_the_features_part_is_the_distance_of_the_four_turns_features(trained, turn_features):
    is_shared = turn_features == "raw"
    model = (trained if is_shared else make_trainer(MEMGANPlus, turn_features="unit")).model
    networks = model.scoring
    scaled = networks.scaling(tf.constant(IMAGES))
    features = networks.classify_turns(scaled)[1].numpy().reshape(4, len(IMAGES), -1)
    if turn_features == "unit":
        features /= np.linalg.norm(features, axis=-1, keepdims=True)
    law = networks.feature_law
    covariances = law.second_moments - law.means[:, :, None] * law.means[:, None]
    expected = np.zeros(len(IMAGES))
    for turn, covariance in enumerate(covariances.numpy()):
        size = len(covariance)
        covariance += np.eye(size) * (0.01 * np.trace(covariance) / size + 1e-6)
        differences = features[turn] - law.means[turn].numpy()
        expected += (differences @ np.linalg.inv(covariance) * differences).sum(axis=1) / 4
    found = np.exp(raw_parts(model, explain(model, IMAGES))[:, 4]) - LOG_OFFSET
    np.testing.assert_allclose(found, expected, rtol=2e-2)


def test_the_law_of_the_features_is_measured_on_images_that_trained(trained):
    # The batches that the statistics are measured on, in training mode.
    networks, batches = (
        trained.model.scoring,
        IMAGES[np.arange(40) % 10 != 0][:32].reshape(4, 8, *SHAPE),
    )
    features = [
        networks.classify_turns(networks.scaling(tf.constant(batch)), training=True)[1]
        for batch in batches
    ]
    expected = np.mean([np.reshape(batch, (4, 8, -1)).mean(axis=1) for batch in features], axis=0)
    np.testing.assert_allclose(networks.feature_law.means, expected, rtol=1e-4, atol=1e-5)


def test_the_classifier_takes_as_many_steps_as_asked_on_other_draws():
    trainer = make_trainer(MEMGANPlus, turn_steps=3, turn_flip=True)
    many = trainer.model.draw(200, tf.constant([1, 2]))
    shift = trainer.model.config.turn_shift
    # As far to either side, and an image is mirrored as often as not.
    assert set(many["turn_shifts"].numpy().ravel()) == set(range(-shift, shift + 1))
    assert np.mean(many["turn_flips"]) == pytest.approx(0.5, abs=0.1)
    draws = trainer.model.draw(8, tf.constant([1, 2]))
    assert draws["turn_shifts"].shape == (8, 3, 2)
    assert draws["turn_flips"].shape == (8, 3)
    assert (draws["turn_shifts"][:, 0] != draws["turn_shifts"][:, 1]).numpy().any()
    assert trainer._optimizers["turns"].iterations == 9
    assert trainer._optimizers["discriminator"].iterations == 3


def test_a_decaying_step_size_is_spread_over_all_of_its_updates():
    options = {"steps": 5, "turn_steps": 3, "learning_rate_decay": 0.1, "turn_learning_rate": 1.0}
    trainer = make_trainer(MEMGANPlus, **options)
    assert trainer.steps_per_epoch == 5
    assert trainer.learning_rate("turns") == pytest.approx(trainer.learning_rate("encoder"))


def test_images_that_are_not_square_are_turned_all_the_same():
    config = MemganPlusConfig(num_units=4, latent_dim=4, base_width=8, turn_width=4, turn_side=16)
    model = MEMGANPlus(config, (12, 40, 3))
    images = np.random.default_rng(1).integers(0, 256, (2, 12, 40, 3)).astype(np.uint8)
    found = explain(model, images)
    assert model.scoring.turned_shape == (12, 12)
    assert found["parts"].shape == (2, 5)
    assert np.isfinite(found["parts"]).all()


def test_shifts_reflect_at_the_border():
    image = tf.constant(np.arange(5, dtype=np.float32).reshape(1, 1, 5, 1).repeat(5, axis=1))
    right = moved(image, tf.constant([[0, 2]]), None).numpy()[0, 0, :, 0]
    left = moved(image, tf.constant([[0, -2]]), None).numpy()[0, 0, :, 0]
    np.testing.assert_array_equal(right, [2, 1, 0, 1, 2])
    np.testing.assert_array_equal(left, [2, 3, 4, 3, 2])
    down = moved(tf.transpose(image, (0, 2, 1, 3)), tf.constant([[1, 0]]), None)
    np.testing.assert_array_equal(down.numpy()[0, :, 0, 0], [1, 0, 1, 2, 3])
    np.testing.assert_array_equal(reflected(tf.constant([-3, 0, 3]), 1), [0, 0, 0])


def test_only_the_chosen_images_are_mirrored():
    images = tf.constant(np.random.default_rng(2).normal(size=(2, 4, 4, 1)).astype(np.float32))
    found = moved(images, None, tf.constant([True, False])).numpy()
    np.testing.assert_array_equal(found[0], images.numpy()[0, :, ::-1])
    np.testing.assert_array_equal(found[1], images.numpy()[1])


def test_turns_that_cannot_be_told_are_left_out_of_the_score():
    """The images are noise: no classifier tells how they were turned."""
    parts = {"score_parts": "weighted_residual,turns,features", "weigh_turns": True}
    model = make_trainer(MEMGANPlus, **parts).model
    assert model.scoring.part_weights.numpy().tolist() == [1, 1, 1, 0, 1]
    found = explain(model, IMAGES)
    expected = found["parts"][:, [1, 4]].mean(axis=1)
    np.testing.assert_allclose(found["anomaly_score"], expected, rtol=1e-5, atol=1e-5)
    assert "left out of the score" in model.score_notes()[0]


def test_turns_that_are_told_count_as_before():
    bright_on_top = np.zeros((40, *SHAPE), np.uint8)
    bright_on_top[:, :3] = 200
    images = bright_on_top + IMAGES // 8
    overrides = {"images": images, "steps": 60, "learning_rate": 1e-3}
    weighed = make_trainer(MEMGANPlus, weigh_turns=True, **overrides).model
    plain = make_trainer(MEMGANPlus, **overrides).model
    assert weighed.scoring.told.numpy() > 0.9
    assert "counts in full" in weighed.score_notes()[0]
    assert plain.score_notes() == []
    for name, values in explain(plain, images).items():
        np.testing.assert_array_equal(explain(weighed, images)[name], values)


def test_a_score_of_turns_alone_keeps_them():
    model = make_trainer(MEMGANPlus, score_parts="turns", weigh_turns=True).model
    found = explain(model, IMAGES)
    np.testing.assert_allclose(found["anomaly_score"], found["parts"][:, 3], rtol=1e-5)
