"""Deep SVDD: the centre, the radius, the phases."""

import numpy as np
import pytest
import tensorflow as tf

from memgan_tf.config import resolve
from memgan_tf.models.deep_svdd import (
    DeepSVDD,
    center_of,
    soft_boundary_loss,
    squared_radius_of,
)
from memgan_tf.training.trainer import Trainer
from memgan_tf.training.workers import make_strategy
from tests.models.recording import RecordingStep


def test_the_centre_is_the_mean_kept_off_zero_with_its_sign():
    codes = np.array([[1.0, 0.04, -0.04, 0.0, -3.0], [3.0, 0.04, -0.06, 0.0, -1.0]])
    np.testing.assert_allclose(center_of(codes, 0.1), [2.0, 0.1, -0.1, 0.1, -2.0])


def test_a_share_nu_is_outside_the_radius():
    distances = np.arange(1, 101) / 10.0
    radius = squared_radius_of(distances, 0.1)
    assert (distances > radius).mean() == pytest.approx(0.1)


@pytest.mark.parametrize("nu", [0.05, 0.1, 0.5])
def test_the_radius_is_what_a_line_search_of_the_objective_finds(nu):
    distances = np.random.default_rng(0).exponential(size=2000)
    candidates = np.linspace(0.0, 6.0, 6001)
    objective = [np.mean(soft_boundary_loss(distances, r, nu)) for r in candidates]
    found = candidates[np.argmin(objective)]
    assert squared_radius_of(distances, nu) == pytest.approx(found, abs=5e-3)


@pytest.mark.parametrize(
    ("distance", "expected"),
    [
        (0.5, 1.0),  # inside: R² alone
        (1.0, 1.0),
        (1.5, 1.0 + 0.5 / 0.1),  # outside: the excess over ν
    ],
)
def test_the_soft_boundary(distance, expected):
    loss = soft_boundary_loss(tf.constant([distance]), tf.constant(1.0), 0.1)
    np.testing.assert_allclose(loss, [expected], rtol=1e-6)


@pytest.fixture
def make_trainer(pixels):
    def make(**overrides):
        tiny = {"widths": "4", "latent_dim": 6, "batch_size": 8, "learning_rate": 1e-2}
        tiny |= {"pretraining_epochs": 2, "epochs": 4}
        config = resolve("deep_svdd", "default", (8, 8, 1), {**tiny, **overrides})

        def factory():
            return DeepSVDD(config.model, config.image_shape, seed=0)

        return Trainer(factory, config.training, pixels(16), make_strategy("none"))

    return make


@pytest.mark.parametrize(("phase", "decay"), [("pretraining", 0.5), ("training", 0.25)])
def test_each_phase_has_its_own_weight_decay(phase, decay, make_trainer, pixels):
    """The gradient of ½ λ ‖w‖² is λ w; the same seed makes the same weights."""
    gradients = []
    for share in (1.0, 0.0):
        decays = {"pretraining_weight_decay": 0.5 * share, "weight_decay": 0.25 * share}
        model, step = make_trainer(**decays).model, RecordingStep(8)
        step.phase = phase
        model.train_step(tf.constant(pixels(8)), {}, step)
        ((player, found),) = step.gradients.items()
        gradients.append(found)
    for with_decay, without, weights in zip(*gradients, model.players[player], strict=True):
        np.testing.assert_allclose(with_decay - without, decay * weights.numpy(), atol=1e-4)


def values(variables):
    return [v.numpy() for v in variables]


def test_the_centre_is_set_once_between_the_phases(make_trainer):
    trainer = make_trainer()
    model = trainer.model
    trainer.run(4)  # two epochs of two steps
    assert not model.scoring.center.numpy().any()
    decoder = values(model.trained.decoder.trainable_variables)
    trainer.run(1)
    center = model.scoring.center.numpy()
    assert np.abs(center).min() >= 0.1 - 1e-6
    trainer.run(7)
    np.testing.assert_array_equal(model.scoring.center, center)
    for before, after in zip(
        decoder, values(model.trained.decoder.trainable_variables), strict=True
    ):
        np.testing.assert_array_equal(before, after)  # the decoder's time is over


def test_the_first_phase_is_the_autoencoders(make_trainer):
    trainer = make_trainer()
    trainer.run(4)
    metrics = trainer.take_metrics()
    assert metrics["loss/reconstruction"] > 0
    assert metrics["loss/distance"] == 0
    trainer.run(2)
    metrics = trainer.take_metrics()
    assert metrics["loss/reconstruction"] == 0
    assert metrics["loss/distance"] > 0
    assert (trainer.total_epochs, trainer.total_steps) == (6, 12)


def test_the_radius_waits_for_the_warm_up_and_then_holds_its_share(make_trainer):
    trainer = make_trainer(objective="soft_boundary", warm_up_epochs=2, nu=0.25)
    model = trainer.model
    trainer.run(8)  # pre-training and two epochs
    assert float(model.scoring.squared_radius) == 0.0
    trainer.run(1)
    assert float(model.scoring.squared_radius) > 0.0


def test_the_score_is_the_squared_distance_less_the_squared_radius(make_trainer, pixels):
    model, images = make_trainer().model, pixels(3)
    model.scoring.center.assign(np.arange(6.0))
    model.scoring.squared_radius.assign(2.0)
    codes = model.scoring.encode(images)
    expected = np.sum(np.square(codes - np.arange(6.0)), axis=1) - 2.0
    np.testing.assert_allclose(model.explain(images)["anomaly_score"], expected, rtol=1e-5)


def test_the_step_size_drops_in_each_phase(make_trainer):
    trainer = make_trainer(step_drop=0.5)
    rates = {player: [] for player in trainer.model.players}
    for _ in range(12):
        for player, seen in rates.items():
            seen.append(trainer.learning_rate(player))
        trainer.run(1)
    # Steps at and before the boundary have the first rate.
    np.testing.assert_allclose(rates["autoencoder"][:4], [1e-2, 1e-2, 1e-2, 1e-3])
    np.testing.assert_allclose(rates["encoder"][:5], [1e-2] * 5)
    np.testing.assert_allclose(rates["encoder"][9:], [1e-3] * 3)
