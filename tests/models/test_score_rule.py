"""The score of photographs, in every method that has it."""

import numpy as np
import pytest
import tensorflow as tf

from memgan_tf.config import resolve
from memgan_tf.detectors.registry import implementation
from memgan_tf.training.trainer import Trainer
from memgan_tf.training.workers import make_strategy
from tests.conftest import untraced

SHAPE = (8, 8, 1)
SMALL = {"num_units": 6, "latent_dim": 4, "base_width": 4, "discriminator_width": 8, "widths": "4"}
IMAGES = np.random.default_rng(0).integers(0, 256, (40, *SHAPE)).astype(np.uint8)
RULED = ("dcae", "memae", "memgan", "vae")


def make_model(name, **overrides):
    fields = resolve(name, "default", SHAPE, {}).flat()
    small = {key: value for key, value in SMALL.items() if key in fields}
    given = {**small, "epochs": 1, "batch_size": 8, "ema_decay": 0.5, **overrides}
    config = resolve(name, "default", SHAPE, given)
    trainer = Trainer(
        lambda: implementation(name)(config.model, SHAPE, 0, average_weights=True),
        config.training,
        IMAGES,
        make_strategy("none"),
    )
    with untraced():
        trainer.run(3)
        trainer.measure_statistics()
    return trainer


def explain(model):
    return {name: value.numpy() for name, value in model.explain(tf.constant(IMAGES)).items()}


@pytest.mark.parametrize("name", RULED)
def test_the_rule_changes_the_score_and_the_map_and_keeps_the_error(name):
    trainer = make_model(name, score_rule="local")
    found, model = explain(trainer.model), trainer.model
    assert len(trainer._reserved) == 4  # every tenth image
    errors = found["error_map"]
    distances = np.sqrt(np.square(errors).sum(axis=(1, 2)))
    np.testing.assert_allclose(found["reconstruction_error"], distances, rtol=1e-5)
    scores, maps = model.local_score(tf.square(errors))
    np.testing.assert_allclose(found["anomaly_score"], scores, rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(found["anomaly_map"], maps, rtol=1e-4)
    # Of the reserved images each scale's peaks have mean 0: the highest of them is above it.
    assert found["anomaly_score"][::10].mean() > 0
    held = {id(v) for v in model.scoring_variables}
    assert {id(v) for v in model.local_score.variables} <= held


@pytest.mark.parametrize("name", RULED)
def test_the_distance_is_the_score_where_it_is_chosen(name):
    trainer = make_model(name)
    assert trainer.model.local_score is None
    assert len(trainer._reserved) == 40
    assert "error_map" not in explain(trainer.model)


def test_memgan_plus_has_it_as_its_residual():
    model = make_model("memgan_plus", score_rule="local", weigh_turns=False).model
    found, networks = explain(model), model.scoring
    scores, maps = networks.local_score(tf.square(found["error_map"]))
    raw = found["parts"] * networks.part_deviations.numpy() + networks.part_means.numpy()
    np.testing.assert_allclose(raw[:, 1], scores, rtol=1e-3, atol=1e-3)
    np.testing.assert_allclose(found["anomaly_map"], maps, rtol=1e-4)
    expected = found["parts"][:, [1, 3, 4]].mean(axis=1)
    np.testing.assert_allclose(found["anomaly_score"], expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", [*RULED, "memgan_plus", "pca"])
def test_photographs_have_it_by_default_and_small_images_do_not(name):
    large = resolve(name, "default", (64, 64, 3), {})
    assert large.model.score_rule == "local"
    assert resolve(name, "default", (32, 32, 3), {}).model.score_rule == "distance"
    assert resolve(name, "paper", (64, 64, 3), {}).model.score_rule == "distance"
