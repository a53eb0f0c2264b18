"""The training function: replicas, steps a call, averages, resume."""

import dataclasses

import numpy as np
import pytest
import tensorflow as tf

from memgan_tf.data.pipeline import training_batches
from memgan_tf.models.memgan import MEMGAN
from memgan_tf.training.checkpoints import raw_variable
from memgan_tf.training.trainer import Trainer
from memgan_tf.training.workers import make_strategy

# Four steps an epoch.
BATCH_SIZE = 6


@pytest.fixture(scope="module")
def make_trainer(tiny_config, pixels):
    def make(strategy="none", **overrides):
        config = tiny_config(**{"batch_size": BATCH_SIZE, **overrides})

        def factory():
            return MEMGAN(
                config.model,
                config.image_shape,
                config.training.seed,
                average_weights=config.training.ema_decay > 0,
                jit_compile=config.training.jit_compile and not config.training.compiles_step,
                mixed_precision=config.training.mixed_precision,
            )

        return Trainer(factory, config.training, pixels(24), make_strategy(strategy))

    return make


def weights(trainer):
    return {
        name: [raw_variable(v).numpy() for v in values]
        for name, values in trainer.variables.items()
        if name != "seconds"
    }


@dataclasses.dataclass(frozen=True)
class Trained:
    """A trainer that others are compared with.

    Attributes:
        trainer: It; a test may train it on.
        states: Its weights before the first step and after each call.
        metrics: After the last call.
    """

    trainer: Trainer
    states: list[dict]
    metrics: dict


def train(trainer, *counts):
    """A call for each count of steps."""
    states = [weights(trainer)]
    for count in counts:
        trainer.run(count)
        states.append(weights(trainer))
    return Trained(trainer, states, trainer.take_metrics())


@pytest.fixture(scope="module")
def one_by_one(make_trainer):
    return train(make_trainer(), 1, 1, 1, 1)


@pytest.fixture(scope="module")
def at_once(make_trainer):
    return train(make_trainer(), 4)


@pytest.fixture(scope="module")
def compiled(make_trainer):
    return train(make_trainer(jit_compile=True), 4)


def largest_difference(first, second):
    """Between two trainers or what `weights` gave."""
    first, second = (x if isinstance(x, dict) else weights(x) for x in (first, second))
    return max(
        float(np.abs(a - b).max())
        for name in first
        if not name.startswith("optimizer_")
        for a, b in zip(first[name], second[name], strict=True)
    )


def test_the_discriminator_has_a_step_size_of_its_own(make_trainer):
    trainer = make_trainer(learning_rate=0.01, discriminator_learning_rate=0.25)
    assert trainer.learning_rate("discriminator") == pytest.approx(0.0025)
    assert trainer.learning_rate("encoder") == pytest.approx(0.01)


@pytest.mark.parametrize(
    ("normalization", "instance_noise"), [("batch", 0.3), ("layer", 0.0)], ids=["batch", "layer"]
)
def test_two_replicas_equal_one_on_the_same_global_batch(
    make_trainer, normalization, instance_noise
):
    options = {
        "normalization": normalization,
        "instance_noise": instance_noise,
        "batch_size": 12,
        "ema_decay": 0.9,
    }
    one, two = make_trainer("none", **options), make_trainer("mirrored", **options)
    assert (one.num_replicas, two.num_replicas) == (1, 2)
    for trainer in (one, two):
        trainer.run(3)
        trainer.measure_statistics()
    assert largest_difference(one, two) < 1e-6
    assert one.take_metrics() == pytest.approx(two.take_metrics(), rel=1e-5, abs=1e-6)


def test_steps_per_call_change_nothing(one_by_one, at_once):
    assert largest_difference(one_by_one.states[4], at_once.states[1]) == 0.0


def test_the_same_seed_repeats_and_another_does_not(make_trainer, one_by_one, at_once):
    other = make_trainer(seed=1)
    other.run(2)
    assert largest_difference(one_by_one.states[4], at_once.states[1]) == 0.0
    assert largest_difference(one_by_one.states[2], other) > 1e-3


def test_the_data_are_those_of_the_seed_and_the_step(make_trainer, one_by_one, pixels):
    """Apart from the weights that the seed makes: batches of the second epoch."""
    other = make_trainer(seed=3)
    other.step.assign(5)
    for trainer, seed, step in ((one_by_one.trainer, 0, 4), (other, 3, 5)):
        images, draws = next(iter(trainer._batches()))
        whole = training_batches(pixels(24), BATCH_SIZE, seed, step, trainer.model.draw)
        expected, expected_draws = next(iter(whole))
        np.testing.assert_array_equal(images, expected)
        assert draws.keys() == expected_draws.keys() == {"mixing_weights"}
        np.testing.assert_array_equal(draws["mixing_weights"], expected_draws["mixing_weights"])


def test_a_step_moves_every_weight_of_every_player(one_by_one):
    before, after = one_by_one.states[:2]
    for player in one_by_one.trainer.model.players:
        for old, new in zip(before[f"player_{player}"], after[f"player_{player}"], strict=True):
            assert np.abs(old - new).max() > 0, player


def test_the_scoring_weights_are_the_moving_average(make_trainer):
    trainer = make_trainer(ema_decay=0.5)
    scoring, trained = trainer.model.scoring, trainer.model.trained
    pairs = list(zip(scoring.trainable_variables, trained.trainable_variables, strict=True))
    assert [tuple(map(id, pair)) for pair in trainer.model.scoring_pairs] == [
        tuple(map(id, pair)) for pair in pairs
    ]
    assert scoring is not trained
    expected = [average.numpy() for average, _ in pairs]
    for step in (1, 2, 3):
        trainer.run(1)
        decay = min(0.5, (1 + step) / (10 + step))
        trained = [trained.numpy() for _, trained in trainer.model.scoring_pairs]
        expected = [decay * a + (1 - decay) * t for a, t in zip(expected, trained, strict=True)]
    for (average, _), value in zip(trainer.model.scoring_pairs, expected, strict=True):
        np.testing.assert_allclose(average, value, atol=1e-6)


def test_statistics_are_means_over_batches_of_the_images_in_order(make_trainer, pixels):
    trainer, seen = make_trainer(ema_decay=0.5, batch_size=10), []
    measure = trainer._measure

    def record(images, rate):
        seen.append((images.numpy(), float(rate)))
        measure(images, rate)

    trainer._measure = record
    trainer.measure_statistics()
    # A part of a batch, here of four, is left out.
    assert [rate for _, rate in seen] == pytest.approx([1.0, 0.5])
    np.testing.assert_array_equal(np.concatenate([images for images, _ in seen]), pixels(24)[:20])
    # They belong to the networks that score.
    (own,), (trained,) = (
        [v.numpy() for v in networks.variables if v.name == "mean"][:1]
        for networks in (trainer.model.scoring, trainer.model.trained)
    )
    assert np.abs(own).max() > 0
    assert np.abs(trained).max() == 0


def test_metrics_are_means_over_the_epoch(make_trainer):
    trainer = make_trainer(batch_size=12)  # two steps an epoch
    values = []
    for _ in range(2):
        before = float(trainer.totals["loss/cycle"])
        trainer.run(1)
        values.append(float(trainer.totals["loss/cycle"]) - before)
    assert trainer.take_metrics()["loss/cycle"] == pytest.approx(np.mean(values), rel=1e-5)
    assert float(trainer.totals["loss/cycle"]) == 0.0


def test_the_step_size_follows_the_cosine(make_trainer):
    trainer = make_trainer(learning_rate=1e-2, learning_rate_decay=0.1, batch_size=24, epochs=4)
    rates = []
    for _ in range(5):
        rates.append(float(trainer.learning_rate("encoder")))
        trainer.run(1)
    cosine = (1 + np.cos(np.pi * np.arange(5) / 4)) / 2
    np.testing.assert_allclose(rates, 1e-2 * (0.9 * cosine + 0.1), rtol=1e-5)


@pytest.mark.parametrize("name", ["compiled", "bfloat16"])
def test_compiled_and_bfloat16_steps_stay_close(name, make_trainer, at_once, request):
    if name == "compiled":
        other = request.getfixturevalue("compiled")
    else:
        other = train(make_trainer(mixed_precision=True), 4)
        parts = other.trainer.model.trained
        assert {parts.encoder.compute_dtype, parts.generator.compute_dtype} == {"bfloat16"}
        assert all(v.dtype == "float32" for v in parts.variables)
    # Not the very same, which would be float32 without XLA.
    assert other.metrics != at_once.metrics
    assert other.metrics == pytest.approx(at_once.metrics, rel=0.05, abs=0.05)


def test_a_compiled_step_is_one_program(compiled):
    trainer = compiled.trainer
    graph = trainer._steps.get_concrete_function(
        trainer._iterator, tf.constant(2), trainer.phase
    ).graph
    (body,) = [function for name, function in graph._functions.items() if "while_body" in name]
    kinds = [node.op for node in body.cached_definition.node_def]
    # The loop reads a batch and calls the program; nothing of the step is left outside it.
    assert "PartitionedCall" in kinds or "StatefulPartitionedCall" in kinds
    assert not {"Conv2D", "MatMul", "ResourceApplyAdam", "AssignAddVariableOp"} & set(kinds)


def test_a_batch_that_the_replicas_cannot_share(make_trainer):
    with pytest.raises(ValueError, match="`batch_size` must be a multiple of the 2 replicas"):
        make_trainer("mirrored", batch_size=7)


def test_the_step_is_traced_once(at_once):
    for count in (1, 2, 3):
        at_once.trainer.run(count)
    assert at_once.trainer._steps.experimental_get_tracing_count() == 1


def test_the_weights_are_made_by_the_seed_alone(make_trainer):
    tf.random.set_seed(1)
    first = make_trainer()
    tf.random.set_seed(2)
    assert largest_difference(first, make_trainer()) == 0.0


def test_two_compiled_replicas_equal_one(make_trainer):
    options = {"normalization": "layer", "batch_size": 12, "jit_compile": True}
    options["distribution_strategy"] = "mirrored"
    one, two = make_trainer("none", **options), make_trainer("mirrored", **options)
    for trainer in (one, two):
        trainer.run(2)
    assert largest_difference(one, two) < 1e-6
