"""What the training loop and the scoring path require of a method."""

import abc
import dataclasses
from collections.abc import Callable, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Protocol

import numpy as np
import tensorflow as tf

# All normal training images in order, raw pixels in batches; each call starts from the first.
Batches = Callable[[], Iterable[tf.Tensor]]


@dataclasses.dataclass(frozen=True)
class Phase:
    """A part of training with an objective of its own.

    Attributes:
        name: Value of `Step.phase` during the phase.
        num_epochs: Its length; None means the configuration's `epochs`.
        players: Players that it updates, for the schedules of their step sizes; None means all.
    """

    name: str
    num_epochs: int | None = None
    players: tuple[str, ...] | None = None


class Step(Protocol):
    """What a training step may do outside the model; the loop passes one in.

    Attributes:
        phase: Name of the phase that the step belongs to.
    """

    phase: str

    def mean(self, values: tf.Tensor) -> tf.Tensor:
        """Sum of per-image `values` over the global batch size."""

    def apply(self, player: str, gradients: Sequence[tf.Tensor]) -> None:
        """Updates a player's variables by gradients of `mean`s, summed over the replicas."""


@dataclasses.dataclass
class Summaries:
    """What TensorBoard shows of a model in addition to its metrics, by tag.

    Attributes:
        scalars: Numbers.
        histograms: Arrays of any shape.
        images: `(height, width, channels)` arrays in [0, 1].
    """

    scalars: dict[str, float] = dataclasses.field(default_factory=dict)
    histograms: dict[str, np.ndarray] = dataclasses.field(default_factory=dict)
    images: dict[str, np.ndarray] = dataclasses.field(default_factory=dict)


class TrainableModel(abc.ABC):
    """A method as the loop sees it: players, a step and a score.

    A model is built once, with all its variables, inside the strategy's scope.

    Attributes:
        players: Variables by player, each updated as a whole.
        scoring_pairs: `(scoring, trained)` pairs of variables; the loop keeps the moving average of
            the second in the first. Empty if the score uses the trained variables themselves.
        learning_rate_multipliers: Factor on the step size, by player; 1 if not named.
        updates_per_step: How often `train_step` updates a player, by player; once if not named. A
            decaying step size is spread over all updates.
        phases: Phases of training, in order.
        step_drop: Share of a player's steps after which its step size falls to a tenth; 1 means
            never.
        max_monitored_images: Number of held-out images scored after each epoch, for slow scores;
            None leaves it to the loop.
        operations_without_litert: TensorFlow's names of the operations of the score that LiteRT
            does not have.
        reserved_share: Share of the training images that no step sees. `fit_score` gets them
            instead of the images that train; 0 reserves none.
        part_names: Names of the columns of `explain`'s `parts`, if the score has parts.
        divergence_fix: What a user can do if training diverges, besides lowering the step size.
    """

    players: dict[str, list]
    scoring_pairs: list[tuple]
    learning_rate_multipliers: dict[str, float]
    updates_per_step: Mapping[str, int] = MappingProxyType({})
    phases: Sequence[Phase] = (Phase("training"),)
    step_drop: float = 1.0
    max_monitored_images: int | None = None
    operations_without_litert: tuple[str, ...] = ()
    reserved_share: float = 0.0
    part_names: tuple[str, ...] = ()
    divergence_fix: str = ""

    @property
    @abc.abstractmethod
    def metric_names(self) -> tuple[str, ...]:
        """TensorBoard tags of what `train_step` returns."""

    @abc.abstractmethod
    def draw(self, batch_size: int, seed: tf.Tensor) -> dict[str, tf.Tensor]:
        """The random numbers of one step for the global batch: a pure function of `seed`."""

    @abc.abstractmethod
    def train_step(
        self, images: tf.Tensor, draws: dict[str, tf.Tensor], step: Step
    ) -> dict[str, tf.Tensor]:
        """One update of every player on a replica's share of the batch.

        Args:
            images: `(batch, height, width, channels)` raw pixels.
            draws: The replica's rows of `draw`.
            step: See `Step`.

        Returns:
            Scalars by `metric_names`, each a `step.mean`.
        """

    def prepare(self, batches: Batches) -> None:
        """Measures what is fixed before the first step, such as the range of the pixels.

        Called whenever a model is made for training, before a checkpoint is restored.
        """
        del batches

    def begin_epoch(self, phase: str, epoch: int, batches: Batches) -> None:
        """Sets variables that `train_step` reads and no gradient changes, such as a center.

        It must be a function of the weights and the images alone, so that an epoch begins the same
        way after a restart.

        Args:
            phase: The phase.
            epoch: Index of the epoch in the phase; 0 is the first.
            batches: The normal training images.
        """
        del phase, epoch, batches

    @abc.abstractmethod
    def measure_statistics(self, images: tf.Tensor, rate: tf.Tensor) -> None:
        """Moves the normalization statistics of the scoring path by the share `rate`."""

    def learn_normal(self, batches: Batches, seed: int) -> None:
        """Learns what only the score reads and needs the images that the steps see.

        Called before `fit_score`.

        Args:
            batches: Some of the images of the steps.
            seed: Determines what is drawn of them.
        """
        del batches, seed

    def fit_score(self, batches: Batches) -> None:
        """Sets what only the score reads, from normal training images.

        With a `reserved_share`, these are the reserved images. Called after the normalization
        statistics were measured.
        """
        del batches

    def leave_out_padding(self) -> None:
        """From now on ignores the bars that pad images, in training and scores."""
        raise NotImplementedError

    def score_notes(self) -> list[str]:
        """Decisions of `fit_score` that a user must know, one sentence each."""
        return []

    @classmethod
    def export_obstacle(cls, config: Any) -> str | None:
        """Why the score cannot be exported as a SavedModel, in a sentence; None if it can.

        Args:
            config: The method's settings.
        """
        del config
        return None

    @abc.abstractmethod
    def explain(self, images: tf.Tensor) -> dict[str, tf.Tensor]:
        """Scores raw pixels `(batch, height, width, channels)` and explains the scores.

        Returns:
            `anomaly_score` `(batch,)` and, where the method has them, `reconstruction`,
            `anomaly_map`, `attention`, `codes` and `parts` `(batch, len(part_names))`.
        """

    @property
    @abc.abstractmethod
    def scoring_variables(self) -> list:
        """The variables that `explain` reads."""

    def summarize(self, images: np.ndarray, explained: dict[str, np.ndarray]) -> Summaries:
        """What to show of held-out normal `images` (raw pixels) and of their explanations."""
        del images
        scores = explained["anomaly_score"]
        return Summaries({"score/mean": float(scores.mean())}, {"score/normal": scores})

    def decode_units(self) -> tf.Tensor | None:
        """Decoded memory units, `(num_units, height, width, channels)` in [0, 1], if any."""
        return None

    def recall(self, slots: tf.Tensor) -> dict[str, tf.Tensor]:
        """Decoded memory units by number, for a model with a memory.

        Args:
            slots: `(batch,)` int32 numbers of units.

        Returns:
            `decoded` `(batch, height, width, channels)` in [0, 1] and, where the method has it,
            `unit` `(batch, dim)`.
        """
        return {"decoded": tf.gather(self.decode_units(), slots)}

    def embedding_points(self) -> dict[str, np.ndarray]:
        """Points of the code space that the projector shows with the codes, `(n, d)` by kind."""
        return {}

    def health(self, metrics: dict[str, float], explained: dict[str, np.ndarray]) -> list[str]:
        """Signs of collapse, one phrase each.

        Args:
            metrics: Means over the epoch, by tag.
            explained: `explain` of held-out normal images as numpy arrays, and their raw pixels as
                `images`. Without the latter, reconstructions are not checked.
        """
        scores = explained["anomaly_score"]
        if len(scores) > 1 and scores.std() <= 1e-6 * max(1.0, abs(scores.mean())):
            return ["every held-out image has the same score"]
        return []


ModelFactory = Callable[[], TrainableModel]
