"""How the step size of each player falls over its own updates."""

import numpy as np
import pytest
import tensorflow as tf

from memgan_tf.config import TrainingConfig
from memgan_tf.models.common.base import Phase, TrainableModel
from memgan_tf.training.trainer import Trainer
from memgan_tf.training.workers import make_strategy

IMAGES = np.zeros((20, 8, 8, 1), np.uint8)


class TwoPlayers(TrainableModel):
    """A model of two players, the second of which is updated three times in a step."""

    metric_names = ()
    scoring_pairs = ()
    scoring_variables = ()
    phases = (Phase("both"), Phase("first alone", 2, ("first",)))

    def __init__(self, step_drop):
        self.step_drop = step_drop
        self.learning_rate_multipliers = {"second": 0.5}
        self.updates_per_step = {"second": 3}
        self.players = {name: [tf.Variable([0.0])] for name in ("first", "second")}

    def draw(self, batch_size, seed):
        return {}

    def train_step(self, images, draws, step):
        return {}

    def measure_statistics(self, images, rate):
        pass

    def explain(self, images):
        return {}


def sizes(player, step_drop=1.0, **settings):
    """A player's step size in each of its updates: two steps in an epoch, three epochs of both."""
    config = TrainingConfig(batch_size=10, epochs=3, learning_rate=0.1, **settings)
    trainer = Trainer(lambda: TwoPlayers(step_drop), config, IMAGES, make_strategy("none"))
    optimizer = trainer._optimizers[player]
    found = []
    for count in range({"first": 10, "second": 18}[player]):
        optimizer.iterations.assign(count)
        found.append(trainer.learning_rate(player))
    return np.array(found)


@pytest.mark.parametrize(("player", "size"), [("first", 0.1), ("second", 0.05)])
def test_a_step_size_stays_if_nothing_lowers_it(player, size):
    np.testing.assert_allclose(sizes(player, learning_rate_decay=1.0), size, rtol=1e-6)


@pytest.mark.parametrize(("player", "size"), [("first", 0.1), ("second", 0.05)])
def test_the_cosine_spans_all_updates_of_the_player(player, size):
    found = sizes(player, learning_rate_decay=0.2)
    expected = (1 + np.cos(np.pi * np.arange(len(found)) / len(found))) / 2
    np.testing.assert_allclose(found, size * (0.8 * expected + 0.2), rtol=1e-5)


@pytest.mark.parametrize(("player", "drop"), [("first", 5), ("second", 9)])
def test_a_step_size_drops_to_a_tenth_after_a_share_of_the_players_updates(player, drop):
    found = sizes(player, step_drop=0.5, learning_rate_decay=1.0)
    # Keras counts the update at the boundary among those before it.
    np.testing.assert_allclose(found[: drop + 1], found[0], rtol=1e-6)
    np.testing.assert_allclose(found[drop + 1 :], 0.1 * found[0], rtol=1e-6)
    assert found[0] == pytest.approx({"first": 0.1, "second": 0.05}[player])
