"""Training of tiny detectors step by step, and what any of it must hold to."""

import numpy as np

from memgan_tf.detectors.registry import implementation
from memgan_tf.training.checkpoints import raw_variable
from memgan_tf.training.trainer import Trainer
from memgan_tf.training.workers import make_strategy
from tests.contract.conftest import make_config


def make_trainer(name, task, strategy="none", **overrides):
    config = make_config(name, **overrides)
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


def check_replicas(name, task, **overrides):
    """One replica and two come to the same variables."""
    options = {**overrides, "learning_rate": 1e-3}
    one, two = (make_trainer(name, task, s, **options) for s in ("none", "mirrored"))
    assert (one.num_replicas, two.num_replicas) == (1, 2)
    for trainer in (one, two):
        trainer.run(4)
        trainer.measure_statistics()
    first, second = state(one), state(two)
    for part in first:
        for mine, theirs in zip(first[part], second[part], strict=True):
            # Alone the matrices of `MeasuredGaussians` have three axes, and entries of an inverse
            # are as exact as its largest.
            atol = 2e-4 * (max(1.0, np.abs(theirs).max()) if theirs.ndim == 3 else 1.0)
            np.testing.assert_allclose(mine, theirs, rtol=1e-3, atol=atol, err_msg=part)


def check_restart(name, task, **overrides):
    """Steps 1 to 4, then a new trainer with the saved variables: the rest is bitwise the same.

    Returns:
        The trainer that was not restarted, at the end, and its state before the first step.
    """
    whole, second = (make_trainer(name, task, **overrides) for _ in range(2))
    before = state(whole)
    whole.run(4)
    for name_of, values in whole.variables.items():
        for source, target in zip(values, second.variables[name_of], strict=True):
            raw_variable(target).assign(raw_variable(source))
    for trainer in (whole, second):
        trainer.run(trainer.total_steps - 4)
        trainer.measure_statistics()
    expected, found = state(whole), state(second)
    for part in expected:
        for value, other in zip(expected[part], found[part], strict=True):
            np.testing.assert_array_equal(value, other, err_msg=part)
    return whole, before
