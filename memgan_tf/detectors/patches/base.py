"""Shared parts of detectors on features of a frozen network."""

import abc
import time
from typing import Any, cast

import numpy as np
import tensorflow as tf
from threadpoolctl import threadpool_limits

from memgan_tf import files
from memgan_tf.backbones.backbone import Backbone
from memgan_tf.backbones.carrying import read_backbone, save_backbone
from memgan_tf.backbones.making import make_backbone
from memgan_tf.data.npz import read_arrays
from memgan_tf.detectors.base import Detector, reading_state
from memgan_tf.detectors.patches.streaming import FeatureStream, batch_size
from memgan_tf.networks.keras_defaults import keras_defaults
from memgan_tf.networks.patch_features import PatchFeatures
from memgan_tf.progress_bar import progress
from memgan_tf.text import printable

STATE_FILE, NOTES_FILE, BACKBONE_FOLDER = "detector.npz", "notes.json", "backbone"
# Largest number of images of noise from which `initialize` learns.
MAX_NOISE_IMAGES = 50
# Of notes that a run carries.
MAX_NOTES, LONGEST_NOTE = 20, 2000


class FeatureModel(abc.ABC):
    """The scoring path of such a detector, from raw pixels to scores, as TensorFlow functions.

    Args:
        network: Function from pixels to features.
        arrays: The learned arrays.
        image_shape: `(height, width, channels)`.

    Attributes:
        part_names: Empty, because these scores are not means of parts.
    """

    part_names: tuple[str, ...] = ()

    def __init__(
        self,
        network: PatchFeatures,
        arrays: dict[str, np.ndarray],
        image_shape: tuple[int, int, int],
    ):
        self.network, self._image_shape = network, image_shape
        self.learned = {
            name: tf.Variable(value, trainable=False, dtype=tf.float32, name=name)
            for name, value in arrays.items()
        }

    @property
    def scoring_variables(self) -> list:
        """The variables that `explain` reads."""
        return [*self.network.backbone.model.variables, *self.learned.values()]

    @abc.abstractmethod
    def explain(self, images: tf.Tensor) -> dict[str, tf.Tensor]:
        """Like `TrainableModel.explain`: `anomaly_score` and, for patches, `anomaly_map`."""

    def decode_units(self) -> None:
        """Returns None, because features cannot be shown as images."""
        return None

    def embedding_points(self) -> dict[str, np.ndarray]:
        """Empty, because there is no space of codes."""
        return {}


class FeatureDetector(Detector):
    """Learns in passes over the features of normal images.

    Attributes:
        model: The scoring path, after `fit` or `load`.
        num_maps: Largest number of maps used of the backbone.
    """

    num_maps = 4

    def __init__(self, config):
        super().__init__(config)
        # Findings of `learn`, one sentence each.
        self.notes: list[str] = []
        self.model: FeatureModel | None = None
        self._backbone: Backbone | None = None
        self._batch = 1  # images that are scored at once
        self._explain_batch: Any = None  # a `tf.function`, once there is a model

    @abc.abstractmethod
    def learn(self, stream: FeatureStream) -> dict[str, np.ndarray]:
        """The arrays needed for the score; sets `left_out_scores` and `notes`."""

    @abc.abstractmethod
    def make_model(self, network: PatchFeatures, arrays: dict[str, np.ndarray]) -> FeatureModel:
        """The scoring path.

        Raises:
            ValueError, LookupError: If the arrays are not those of `learn`.
        """

    def get_ready(self):
        settings = self.config.model
        with keras_defaults():
            self._backbone = make_backbone(
                settings.backbone,
                settings.backbone_layers,
                settings.backbone_weights,
                self.num_maps,
            )

    def fit(self, images, validation_images, run=None):
        del validation_images
        started = time.monotonic()
        images = self._check_images(images)
        if self._backbone is None:
            self.get_ready()
        backbone = cast(Backbone, self._backbone)
        network = self._network(backbone)
        # Threads of the matrix library would wait for each other at the many small products.
        with threadpool_limits(1):
            arrays = self.learn(FeatureStream(network, images, batch_size(network.size)))
        gray = ["Gray images are repeated to three channels."] * (images.shape[-1] == 1)
        self.notes = [_describe(backbone), *gray, *backbone.notes, *self.notes]
        if run is not None:
            (run.path / BACKBONE_FOLDER).mkdir(exist_ok=True)
            save_backbone(backbone, run.path / BACKBONE_FOLDER)
            with files.replacing(run.path / STATE_FILE) as temporary:
                np.savez_compressed(temporary, **cast(Any, arrays))
            files.write_json(run.path / NOTES_FILE, self.notes)
        self._use(self.make_model(network, arrays))
        return time.monotonic() - started

    def initialize(self, images):
        count = min(len(self._check_images(images)), MAX_NOISE_IMAGES)
        generator = np.random.default_rng(self.config.training.seed)
        noise = generator.integers(0, 256, (count, *self.config.image_shape), dtype=np.uint8)
        self.fit(noise, noise)

    def load(self, run):
        path = run.path / STATE_FILE
        with reading_state(path, self._forget):
            arrays = read_arrays(path)
            with keras_defaults():
                network = self._network(read_backbone(run.path / BACKBONE_FOLDER))
            model = self.make_model(network, arrays)
            self._use(model)
            # Using the arrays reveals whether they fit together.
            score = self.score(np.zeros((1, *self.config.image_shape), np.uint8))
            if score.shape != (1,) or not np.isfinite(score).all():
                raise ValueError("a black image has no finite score")
            self.notes = check_texts(files.read_json(run.path / NOTES_FILE))

    def _forget(self):
        self.model = None

    def score_notes(self):
        return list(self.notes)

    @property
    def backbone_facts(self):
        if self.model is None:
            return None
        backbone = self.model.network.backbone
        return {
            "name": backbone.name,
            "layers": list(backbone.layers),
            "sha256": backbone.sha256,
            "license": backbone.license,
        }

    def explain(self, images):
        parts = [self._explain_batch(tf.constant(part)) for part in self._batches(images)]
        return {name: np.concatenate([part[name].numpy() for part in parts]) for name in parts[0]}

    def score(self, images):
        parts = [
            self._explain_batch(tf.constant(part))["anomaly_score"].numpy()
            for part in progress(self._batches(images), "scoring", self._count_batches(images))
        ]
        return np.concatenate(parts)

    def _batches(self, images):
        if self.model is None:
            raise RuntimeError("the detector must be fitted or loaded before it can score")
        images = self._check_images(images)
        size = self._batch
        return (images[i : i + size] for i in range(0, len(images), size))

    def _count_batches(self, images):
        return -(-len(images) // self._batch)

    def _network(self, backbone):
        settings, data = self.config.model, self.config.data
        return PatchFeatures(
            backbone,
            self.config.image_shape,
            # Stretched images have no padding to leave out.
            "stretch" if data.leave_out_padding is False else data.fit,
            settings.min_side,
            getattr(settings, "tile_size", None),
        )

    def _use(self, model):
        self.model, self._batch = model, batch_size(model.network.size)
        signature = tf.TensorSpec((None, *self.config.image_shape), tf.uint8)
        # Without AutoGraph, which is not needed here and takes most of the time for tracing.
        self._explain_batch = tf.function(
            model.explain, input_signature=[signature], autograph=False
        )


def _describe(backbone):
    layers = ", ".join(backbone.layers)
    strides = ", ".join(map(str, backbone.strides))
    return f"It uses {backbone.name}, layers {layers} (strides {strides}): {backbone.license}."


def check_texts(values: Any) -> list[str]:
    """A short list of printable texts, from a file.

    Raises:
        ValueError: If it is not such a list.
    """
    is_list = isinstance(values, list) and len(values) <= MAX_NOTES
    if not is_list or not all(isinstance(v, str) and len(v) <= LONGEST_NOTE for v in values):
        raise ValueError(f"{NOTES_FILE} must be a list of at most {MAX_NOTES} texts")
    return [printable(value) for value in values]
