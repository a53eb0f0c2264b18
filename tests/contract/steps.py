"""Training of tiny detectors step by step, and what any of it must hold to."""

import dataclasses

import numpy as np

from memgan_tf.detectors.registry import implementation
from memgan_tf.training.checkpoints import raw_variable
from memgan_tf.training.trainer import Trainer
from memgan_tf.training.workers import make_strategy
from tests.contract.conftest import make_config


def make_trainer(name, task, strategy="none", **overrides):
    config = make_config(name, **{"learning_rate": 1e-3, **overrides})
    model_class = implementation(name)

    def factory():
        return model_class(
            config.model,
            config.image_shape,
            config.training.seed,
            average_weights=config.training.ema_decay > 0,
        )

    return Trainer(factory, config.training, task.train[:48], make_strategy(strategy))


def state(trainer):
    """Everything that a checkpoint keeps but the clock and the optimisers."""
    return {
        name: [raw_variable(v).numpy() for v in values]
        for name, values in trainer.variables.items()
        if name != "seconds" and not name.startswith("optimizer_")
    }


# A few epochs of three steps that reach every phase.
SHORT = {"batch_size": 16, "epochs": 2}


def short(name):
    return {**SHORT, "pretraining_epochs": 1} if name == "deep_svdd" else SHORT


@dataclasses.dataclass(frozen=True)
class Stepped:
    """A trainer of one replica after four steps, which several checks share.

    Attributes:
        trainer: It; a check may take the steps that are left.
        start: Its state before the first step.
        fourth: Its state after four steps and a measurement of the statistics.
        saved: Everything that a checkpoint keeps, then.
    """

    trainer: Trainer
    start: dict
    fourth: dict
    saved: dict


def step(name, task, **overrides):
    """Takes four steps."""
    trainer = make_trainer(name, task, **overrides)
    start = state(trainer)
    trainer.run(4)
    trainer.measure_statistics()
    saved = {
        part: [raw_variable(v).numpy() for v in values]
        for part, values in trainer.variables.items()
    }
    return Stepped(trainer, start, state(trainer), saved)


def check_replicas(one, name, task, **overrides):
    """One replica and two come to the same variables.

    Args:
        one: From `step` with the same arguments.
        name: Of the detector.
        task: Its data.
        **overrides: Of its configuration.
    """
    two = make_trainer(name, task, "mirrored", **overrides)
    assert (one.trainer.num_replicas, two.num_replicas) == (1, 2)
    two.run(4)
    two.measure_statistics()
    first, second = one.fourth, state(two)
    assert first.keys() == second.keys()
    for part in first:
        for mine, theirs in zip(first[part], second[part], strict=True):
            # Alone the matrices of `MeasuredGaussians` have three axes, and entries of an inverse
            # are as exact as its largest.
            atol = 2e-4 * (max(1.0, np.abs(theirs).max()) if theirs.ndim == 3 else 1.0)
            np.testing.assert_allclose(mine, theirs, rtol=1e-3, atol=atol, err_msg=part)


def check_restart(whole, name, task, **overrides):
    """After four steps, a new trainer with the saved variables: the rest is bitwise the same.

    The arguments are those of `check_replicas`; the trainer of `whole` is at its end then.
    """
    second = make_trainer(name, task, **overrides)
    for part, values in whole.saved.items():
        for value, target in zip(values, second.variables[part], strict=True):
            raw_variable(target).assign(value)
    for trainer in (whole.trainer, second):
        trainer.run(trainer.total_steps - 4)
        trainer.measure_statistics()
    expected, found = state(whole.trainer), state(second)
    for part in expected:
        for value, other in zip(expected[part], found[part], strict=True):
            np.testing.assert_array_equal(value, other, err_msg=part)
