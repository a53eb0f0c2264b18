"""The training function: replicas, steps a call, averages, resume."""

import numpy as np
import pytest
import tensorflow as tf

from memgan_tf.models.memgan import MEMGAN
from memgan_tf.training.checkpoints import raw_variable
from memgan_tf.training.trainer import Trainer
from memgan_tf.training.workers import make_strategy


@pytest.fixture
def make_trainer(tiny_config, pixels):
    def make(strategy="none", **overrides):
        config = tiny_config(**overrides)

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


def largest_difference(first, second):
    first, second = weights(first), weights(second)
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


def test_steps_per_call_change_nothing(make_trainer):
    together, apart = make_trainer(), make_trainer()
    together.run(4)
    for _ in range(4):
        apart.run(1)
    assert largest_difference(together, apart) == 0.0


def test_the_same_seed_repeats_and_another_does_not(make_trainer):
    first, same, other = make_trainer(), make_trainer(), make_trainer(seed=1)
    for trainer in (first, same, other):
        trainer.run(2)
    assert largest_difference(first, same) == 0.0
    assert largest_difference(first, other) > 1e-3


def test_a_step_moves_every_weight_of_every_player(make_trainer):
    trainer = make_trainer()
    before = weights(trainer)
    trainer.run(1)
    after = weights(trainer)
    for player in trainer.model.players:
        for old, new in zip(before[f"player_{player}"], after[f"player_{player}"], strict=True):
            assert np.abs(old - new).max() > 0, player


def test_the_scoring_weights_are_the_moving_average(make_trainer):
    trainer = make_trainer(ema_decay=0.5)
    expected = [average.numpy() for average, _ in trainer.model.scoring_pairs]
    for step in (1, 2, 3):
        trainer.run(1)
        decay = min(0.5, (1 + step) / (10 + step))
        trained = [trained.numpy() for _, trained in trainer.model.scoring_pairs]
        expected = [decay * a + (1 - decay) * t for a, t in zip(expected, trained, strict=True)]
    for (average, _), value in zip(trainer.model.scoring_pairs, expected, strict=True):
        np.testing.assert_allclose(average, value, atol=1e-6)


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


@pytest.mark.parametrize("options", [{"jit_compile": True}, {"mixed_precision": True}])
def test_compiled_and_bfloat16_steps_stay_close(make_trainer, options):
    plain, other = make_trainer(), make_trainer(**options)
    for trainer in (plain, other):
        trainer.run(3)
    close = plain.take_metrics()
    assert other.take_metrics() == pytest.approx(close, rel=0.05, abs=0.05)


def test_a_compiled_step_is_one_program(make_trainer):
    trainer = make_trainer(jit_compile=True)
    trainer.run(2)
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


def test_the_step_is_traced_once(make_trainer):
    trainer = make_trainer()
    for count in (1, 2, 3):
        trainer.run(count)
    assert trainer._steps.experimental_get_tracing_count() == 1


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
