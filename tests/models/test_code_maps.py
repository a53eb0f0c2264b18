"""MEMGAN with a memory at each position of a convolutional code."""

import math

import numpy as np
import pytest
import tensorflow as tf

from memgan_tf.config import resolve
from memgan_tf.losses import mutual_information
from memgan_tf.models.memgan import MEMGAN, by_position
from memgan_tf.training.trainer import Trainer
from memgan_tf.training.workers import make_strategy

SHAPE = (16, 16, 1)
IMAGES = np.random.default_rng(0).integers(0, 256, (32, *SHAPE)).astype(np.uint8)
SMALL = {"code_map": True, "num_units": 5, "base_width": 4, "discriminator_width": 8}


@pytest.fixture(scope="module")
def trainer():
    given = {**SMALL, "epochs": 1, "batch_size": 8}
    config = resolve("memgan", "default", SHAPE, given)
    made = Trainer(
        lambda: MEMGAN(config.model, SHAPE, 0, average_weights=True),
        config.training,
        IMAGES,
        make_strategy("none"),
    )
    made.run(3)
    made.measure_statistics()
    return made


def test_a_code_is_the_smallest_map_and_a_unit_one_position_of_it(trainer):
    parts = trainer.model.scoring
    assert parts.num_positions == 4 * 4
    assert parts.encoder.code_size == 4 * 4 * 8
    assert parts.memory.units.shape == (5, 8)


def test_every_player_learns(trainer):
    fresh = MEMGAN(trainer.model.config, SHAPE, 0)
    for player, variables in trainer.model.players.items():
        before = fresh.players[player]
        moved = [
            np.abs(a.numpy() - b.numpy()).max() for a, b in zip(variables, before, strict=True)
        ]
        assert max(moved) > 1e-6, player


def test_explanations_are_an_image_s_means_over_the_positions(trainer):
    found = trainer.model.explain(tf.constant(IMAGES[:3]))
    assert found["attention"].shape == (3, 5)
    np.testing.assert_allclose(tf.reduce_sum(found["attention"], axis=1), 1.0, rtol=1e-5)
    assert found["codes"].shape == (3, 8)
    assert found["reconstruction"].shape == (3, *SHAPE)


def test_units_are_decoded_at_every_position(trainer):
    units = trainer.model.decode_units()
    assert units.shape == (5, *SHAPE)
    recalled = trainer.model.recall(tf.constant([3, 1]))
    np.testing.assert_allclose(recalled["decoded"], units.numpy()[[3, 1]], rtol=1e-5)
    assert recalled["unit"].shape == (2, 8)


def test_information_is_a_mean_over_positions():
    weights = tf.constant([[[0.5, 0.5], [1.0, 0.0]], [[1.0, 0.0], [0.0, 1.0]]])
    logits = tf.constant([[[0.0, 0.0], [50.0, -50.0]], [[-50.0, 50.0], [-50.0, 50.0]]])
    # No evidence costs log 2, the right unit nothing, the wrong one the gap of 100.
    found = by_position(mutual_information, weights, logits)
    np.testing.assert_allclose(found, [math.log(2) / 2, 50.0], rtol=1e-6)


@pytest.mark.parametrize("code_map", [True, False])
def test_normalised_codes_differ_however_much_images_look_alike(code_map):
    alike = np.clip(128 + (IMAGES.astype(int) - 128) // 32, 0, 255).astype(np.uint8)
    given = {**SMALL, "code_map": code_map, "epochs": 1, "batch_size": 8}
    given["input_scaling"] = "symmetric"
    deviations = {}
    for normalized in (False, True):
        overrides = {**given, "code_normalization": normalized}
        config = resolve("memgan", "default", SHAPE, overrides)
        model = MEMGAN(config.model, SHAPE, 0)
        model.measure_statistics(tf.constant(alike), tf.constant(1.0))
        codes = model.trained.encoder(model.trained.scaling(alike)).numpy()
        deviations[normalized] = codes.reshape(-1, model.trained.memory.units.shape[-1]).std(axis=0)
    np.testing.assert_allclose(deviations[True], 1.0, atol=0.05)
    assert abs(deviations[False] - 1.0).max() > 0.1
