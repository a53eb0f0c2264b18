"""Training that ends where the held-out error has leveled."""

import numpy as np
import pytest

from memgan_tf.config import resolve, suited_to_few_images
from memgan_tf.models.memgan import MEMGAN
from memgan_tf.training import loop
from memgan_tf.training.actions import CsvLogger
from memgan_tf.training.checkpoints import Checkpoints
from memgan_tf.training.levelling import Levelling, describe_end, held_out_curve
from memgan_tf.training.trainer import Trainer
from memgan_tf.training.workers import make_strategy


def after(levelling, values, steps_per_epoch=10):
    """The number of epochs that a curve trains."""
    levelling.restart(0, 0)
    for count, value in enumerate(values, start=1):
        explained = {"anomaly_score": np.full(3, 99.0), "reconstruction_error": np.full(3, value)}
        levelling.add(explained, count * steps_per_epoch)
        if levelling.has_levelled:
            return count
    return None


# Halved every fifth epoch until the 30th, then at rest.
FALLING = [2.0 ** (-min(epoch, 30) / 5) for epoch in range(1, 81)]


def test_a_curve_at_rest_ends_training():
    # The last seventh of 38 epochs, 5, and the 5 before lie in the rest, the first within 3 %.
    count = after(Levelling(0), FALLING)
    assert 36 <= count <= 42
    assert after(Levelling(0), FALLING[:30]) is None


def test_it_never_ends_before_the_least_steps_nor_without_errors_above_0():
    assert after(Levelling(600), [1.0] * 80) == 60
    assert after(Levelling(0), [-1.0] * 80) is None
    assert after(Levelling(0), [np.nan] * 80) is None


def test_what_is_known_counts_and_what_comes_after_the_checkpoint_does_not():
    levelling = Levelling(0, FALLING[:60])
    levelling.restart(60, 600)
    assert levelling.has_levelled
    levelling.restart(20, 200)
    assert not levelling.has_levelled
    levelling = Levelling(0, [])  # the file of the curve is gone
    levelling.restart(60, 600)
    assert not levelling.has_levelled


def test_its_words():
    levelling = Levelling(0)
    after(levelling, FALLING[:60])
    assert "of 80 epochs: the error of held-out images has leveled" in levelling.describe(80)
    after(levelling, FALLING[:30])
    assert "still fell, by" in levelling.describe(30)
    assert "--epochs=60 continues" in levelling.describe(30)
    after(levelling, [1.0] * 5)
    assert levelling.describe(5) == "Ended with the last of 5 epochs"


class AfterTwo(Levelling):
    def _is_level(self, num_steps):
        assert num_steps == 3 * len(self._values)
        return len(self._values) == 2


@pytest.fixture
def train(tiny_config, pixels, tmp_path):
    def run(levelling, epochs=5):
        config = tiny_config(epochs=epochs, batch_size=4)
        trainer = Trainer(
            lambda: MEMGAN(config.model, config.image_shape, 0),
            config.training,
            pixels(12),
            make_strategy("none"),
        )
        checkpoints = Checkpoints(tmp_path / "c", trainer.variables, "a", keep=2)
        last, log = [], CsvLogger(tmp_path / "metrics.csv")
        actions = [log, lambda epoch: last.append(epoch.is_last)]
        loop.train(trainer, pixels(4), checkpoints, actions, levelling=levelling)
        return trainer, last

    return run


def test_a_report_says_how_training_ended():
    assert describe_end(FALLING[:60], 80).startswith("Stopped after 60 of 80 epochs")
    assert describe_end(FALLING, 80) == "Ended with the last of 80 epochs"


def test_the_loop_ends_with_the_epoch_and_stays_ended(train, tmp_path, capsys):
    trainer, last = train(AfterTwo(0))
    assert (trainer.steps_done, last) == (6, [False, True])
    assert "Stopped after 2 of 5 epochs" in capsys.readouterr().out
    # A process that was killed after the last checkpoint takes no step more.
    again, last = train(AfterTwo(0, held_out_curve(tmp_path / "metrics.csv")))
    assert (again.steps_done, last) == (6, [])


@pytest.mark.parametrize(
    ("detector", "preset", "given", "expected"),
    [
        ("memgan", "default", {}, (True, 200)),  # 5 steps an epoch, 1000 at most
        ("memgan", "default", {"stop_when_level": False}, (False, 100)),
        ("memgan", "default", {"epochs": 7}, (True, 7)),
        ("memgan", "default", {"learning_rate_decay": 0.1}, (None, 100)),
        ("memgan", "paper", {}, (None, 100)),
        ("dcae", "default", {}, (None, 100)),  # its step size drops
    ],
)
def test_photographs_stop_when_level_unless_the_step_size_falls(detector, preset, given, expected):
    given = {"dataset": "folder:x", "batch_size": 32, **given}
    resolved = resolve(detector, preset, (64, 64, 3), given)
    training = suited_to_few_images(resolved, 160, given.keys()).training
    assert (training.stop_when_level, training.epochs) == expected


def test_other_runs_are_what_they_were():
    resolved = resolve("memgan", "default", (28, 28, 1), {"dataset": "mnist", "normal_class": 3})
    assert resolved.training.stop_when_level is None
    assert "stop_when_level" not in resolved.decisive()
    assert "stop_when_level" not in resolved.to_dict()["training"]
