"""Detectors trained by the training loop."""

from typing import TYPE_CHECKING, Any

import keras
import numpy as np
import tensorflow as tf

from memgan_tf.config import RunConfig
from memgan_tf.detectors.base import SCORING_BATCH, Detector
from memgan_tf.detectors.forked import check_not_forked, watch_forks
from memgan_tf.models.common.base import TrainableModel
from memgan_tf.networks.keras_defaults import keras_defaults
from memgan_tf.progress_bar import progress
from memgan_tf.training.checkpoints import restore_scoring_variables
from memgan_tf.training.cluster import MULTI_WORKER

if TYPE_CHECKING:
    from memgan_tf.training.trainer import Trainer


class DeepDetector(Detector):
    """Any `TrainableModel` with the contract of detectors.

    Args:
        config: Configuration of the run.
        model_class: Class of the model; called with the model's configuration, the image shape, a
            seed and the options `average_weights`, `mixed_precision`, `jit_compile` and
            `scores_only`.

    Attributes:
        model: The model, after `fit` or `load`.
    """

    def __init__(self, config: RunConfig, model_class: type[Any]):
        super().__init__(config)
        self._model_class = model_class
        self.model: TrainableModel | None = None
        self._explain_batch: Any = None  # a `tf.function`, once there is a model

    def initialize(self, images):
        strategy = self.config.training.distribution_strategy
        # One process measures, even if several train.
        trainer = self.make_trainer(images, "none" if strategy == MULTI_WORKER else strategy)
        trainer.initialize()
        self.use(trainer.model)

    def fit(self, images, validation_images, run=None, actions=()):
        """See `Detector.fit`; `actions` are called at the end of each epoch, after the run's."""
        check_not_forked()
        # Imported here, because scoring does not need these modules, such as TensorBoard's writers.
        from memgan_tf.training.fitting import fit_in_steps
        from memgan_tf.training.workers import join_workers

        workers = join_workers(self.config.training.distribution_strategy)
        trainer = self.make_trainer(images)
        given = (images, validation_images, run, actions)
        seconds = fit_in_steps(self.config, trainer, workers, *given)
        self.use(trainer.model)
        return seconds

    def load(self, run):
        check_not_forked()
        model = self._make_model(scores_only=True)
        restore_scoring_variables(run.checkpoints, model.scoring_variables)
        self.use(model)

    def explain(self, images):
        parts = [
            {name: value.numpy() for name, value in self._explain_batch(tf.constant(part)).items()}
            for part in self._batches(images)
        ]
        return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}

    def score(self, images):
        parts = [
            self._explain_batch(tf.constant(part))["anomaly_score"].numpy()
            for part in progress(self._batches(images), "scoring", -(-len(images) // SCORING_BATCH))
        ]
        return np.concatenate(parts)

    def decode_units(self):
        units = self.model.decode_units() if self.model else None
        return None if units is None else units.numpy()

    def _batches(self, images):
        if self.model is None:
            raise RuntimeError("the detector must be fitted or loaded before it can score")
        check_not_forked()
        images = self._check_images(images)
        return (images[i : i + SCORING_BATCH] for i in range(0, len(images), SCORING_BATCH))

    @property
    def part_names(self):
        return self.model.part_names if self.model else ()

    def score_notes(self):
        return self.model.score_notes() if self.model else []

    def export_obstacle(self):
        return self._model_class.export_obstacle(self.config.model)

    @property
    def operations_without_litert(self):
        return self._model_class.operations_without_litert

    def make_trainer(self, images, strategy: str | None = None) -> "Trainer":
        """A trainer of a new model on uint8 `images`, with the configuration's seed.

        Args:
            images: `(num_images, height, width, channels)`.
            strategy: Replaces the strategy of the configuration.
        """
        from memgan_tf.training.trainer import Trainer
        from memgan_tf.training.workers import make_strategy

        training = self.config.training
        keras.utils.set_random_seed(training.seed)
        if training.deterministic_ops:
            tf.config.experimental.enable_op_determinism()
        over = make_strategy(strategy or training.distribution_strategy)
        with keras_defaults():
            return Trainer(self._make_model, training, self._check_images(images), over)

    def _make_model(self, scores_only=False):
        training = self.config.training
        with keras_defaults():
            model = self._model_class(
                self.config.model,
                self.config.image_shape,
                training.seed,
                average_weights=training.ema_decay > 0,
                mixed_precision=training.mixed_precision,
                # In a compiled step, compiled networks would be compiled again at each step.
                jit_compile=training.jit_compile and not training.compiles_step,
                scores_only=scores_only,
            )
        if self.config.data.leave_out_padding:
            model.leave_out_padding()
        return model

    def use(self, model: TrainableModel) -> None:
        """Scores with `model` from now on."""
        self.model = model
        watch_forks()
        signature = tf.TensorSpec((None, *self.config.image_shape), tf.uint8)
        # Without AutoGraph, which is not needed here and takes most of the time for tracing.
        self._explain_batch = tf.function(
            model.explain, input_signature=[signature], autograph=False
        )
