"""Base of the baselines: networks that exist once, or twice with a moving average."""

import abc
from collections.abc import Callable, Iterator
from typing import Any

import tensorflow as tf

from memgan_tf.layers.local_score import LocalScore
from memgan_tf.layers.padding import content_mask
from memgan_tf.layers.scaling import GlobalContrastScaling, make_scaling
from memgan_tf.models.collapse import reconstruction_signs
from memgan_tf.models.common.base import Batches, TrainableModel
from memgan_tf.models.common.build import Build
from memgan_tf.networks import Encoder, Generator

# Share of the training images reserved for the usual errors of `LocalScore`.
RESERVED_SHARE = 0.1


class Networks(abc.ABC):
    """All layers that a score runs through.

    A method's subclass is built from its configuration and a `Build`.

    Args:
        scaling: Layer that scales raw pixels.
        parts: Built layers by name; they become attributes.
        jit_compile: Whether XLA compiles them.
    """

    def __init__(self, scaling: Any, parts: dict[str, Any], jit_compile: bool):
        self.scaling, self._parts = scaling, parts
        for name, part in parts.items():
            setattr(self, name, part)
            if jit_compile:
                compile_call(part)

    @property
    def variables(self) -> list:
        """All variables, including those of the scaling and the normalization statistics."""
        return [v for part in (self.scaling, *self._parts.values()) for v in part.variables]

    @property
    def trainable_variables(self) -> list:
        """All weights."""
        return [v for part in self._parts.values() for v in part.trainable_variables]

    @abc.abstractmethod
    def explain(self, images, training=False, statistics_rate=None) -> dict[str, tf.Tensor]:
        """See `TrainableModel.explain`; the options are `MeasuredBatchNormalization`'s."""

    def explain_reconstruction(self, scaled, reconstruction) -> dict[str, tf.Tensor]:
        """The part of an explanation that shows images."""
        difference = tf.square(scaled - reconstruction)
        return {
            "anomaly_map": tf.sqrt(tf.reduce_sum(difference, axis=-1)),
            "reconstruction": self.scaling.display(reconstruction),
        }


class PairedModel(TrainableModel):
    """A model whose score reads the trained networks, or a moving average of them.

    Args:
        config: Configuration of the method.
        image_shape: `(height, width, channels)`.
        seed: Seed of the initial weights.
        average_weights: Whether the score uses a second set of networks, which the loop's moving
            average fills.
        mixed_precision: Whether convolutions compute in bfloat16.
        jit_compile: Whether XLA compiles the networks.
        scores_only: Whether to build only what `explain` reads, once; it cannot be trained.

    Attributes:
        networks_class: Class of `trained` and `scoring`; set by each method.
        trained: The networks that the players update.
        scoring: The networks that the score runs through: the same, or their moving average.
    """

    networks_class: Callable[..., Networks]
    trained: Networks
    scoring: Networks
    # Whether a `score_rule` of `local` replaces the score; otherwise it is a part of the score.
    replaces_score = True

    def __init__(
        self,
        config,
        image_shape: tuple[int, int, int],
        seed: int = 0,
        average_weights: bool = False,
        mixed_precision: bool = False,
        jit_compile: bool = False,
        scores_only: bool = False,
    ):
        self.config = config
        average_weights = average_weights and not scores_only
        height, width, channels = image_shape
        self.image_shape = (height, width, channels)
        build = Build(self.image_shape, seed, mixed_precision, jit_compile)
        self.learning_rate_multipliers: dict[str, float] = {}
        if not scores_only:
            self.make_opponents(build)
        self.trained = self.networks_class(config, build)
        self.scoring = self.networks_class(config, build) if average_weights else self.trained
        self.step_drop = config.step_drop
        self.players = {} if scores_only else self.make_players()
        self.scoring_pairs = []
        if average_weights:
            pairs = (self.scoring.trainable_variables, self.trained.trainable_variables)
            self.scoring_pairs = list(zip(*pairs, strict=True))
        self.local_score = None
        if self.replaces_score and config.score_rule == "local":
            self.local_score = LocalScore(self.image_shape[:2])
            self.reserved_share = RESERVED_SHARE
        self._explain_networks = tf.function(
            self.scoring.explain, autograph=False, reduce_retracing=True
        )

    def make_opponents(self, build: Build) -> None:
        """Makes networks that the score does not need, and how fast they learn."""
        del build

    @abc.abstractmethod
    def make_players(self) -> dict[str, list]:
        """The trained variables by player."""

    @property
    def scoring_variables(self):
        return [*self.scoring.variables, *(self.local_score.variables if self.local_score else ())]

    def prepare(self, batches):
        for networks in {id(n): n for n in (self.trained, self.scoring)}.values():
            if isinstance(networks.scaling, GlobalContrastScaling):
                networks.scaling.measure(batches())

    def draw(self, batch_size, seed):
        del batch_size, seed
        return {}

    def measure_statistics(self, images, rate):
        self.scoring.explain(images, training=True, statistics_rate=rate)

    def leave_out_padding(self):
        for networks in (self.trained, self.scoring):
            networks.scaling.fills_padding = True

    def explain(self, images):
        explained = self.scoring.explain(images)
        if self.local_score:
            explained = locate(explained, self.local_score)
        if self.scoring.scaling.fills_padding:
            explained = blank_padding(explained, images)
        return explained

    def fit_score(self, batches):
        if self.local_score:
            self.local_score.fit(lambda: squared_errors(self._explain_networks, batches))

    def health(self, metrics, explained):
        problems = super().health(metrics, explained)
        if {"images", "reconstruction"} <= explained.keys():
            scaling = self.scoring.scaling
            images = tf.constant(explained["images"])
            shown = {"reconstruction": scaling.display(scaling(images))}
            if scaling.fills_padding:
                shown = blank_padding(shown, images)
            shown = shown["reconstruction"].numpy()
            problems += reconstruction_signs(explained["reconstruction"], shown)
        return problems


def compile_call(part: Any) -> None:
    """Makes XLA compile a built layer from now on."""
    part.call = tf.function(part.call, jit_compile=True)


def squared_errors(explain, batches: Batches) -> Iterator[tf.Tensor]:
    """`(batch, height, width)` squared errors of the reconstructions of batches of images."""
    for images in batches():
        yield tf.square(explain(images)["anomaly_map"])


def locate(explained: dict[str, tf.Tensor], local_score: LocalScore) -> dict[str, tf.Tensor]:
    """Converts an explanation by the distance to the `score_rule` local.

    Returns:
        The explanation with another `anomaly_score` and `anomaly_map`. `reconstruction_error`,
        `(batch,)`, is the distance, and `error_map` is the map whose norm it is.
    """
    errors = explained["anomaly_map"]
    squares = tf.square(errors)
    scores, maps = local_score(squares)
    return {
        **explained,
        "anomaly_score": scores,
        "anomaly_map": maps,
        "error_map": errors,
        "reconstruction_error": tf.sqrt(tf.reduce_sum(squares, axis=[1, 2])),
    }


def blank_padding(explained: dict[str, tf.Tensor], images: tf.Tensor) -> dict[str, tf.Tensor]:
    """An explanation of raw `images` whose maps and reconstructions are 0 in their padding."""
    inside = content_mask(images)
    blank = {}
    for name, mask in (
        ("anomaly_map", inside),
        ("error_map", inside),
        ("reconstruction", inside[..., tf.newaxis]),
    ):
        if name in explained:
            blank[name] = tf.where(mask, explained[name], tf.zeros_like(explained[name]))
    return {**explained, **blank}


def make_encoder_generator(
    config, build: Build, code_size: int | None = None, spectral_normalization: bool = False
) -> tuple:
    """Builds a scaling, an encoder and its mirror as `NetworkConfig` describes them.

    Args:
        config: A `NetworkConfig`; with a `latent_dim` of 0 or a `code_map`, codes are the encoder's
            smallest map.
        build: How they are built.
        code_size: Number of values that the encoder returns; None means `config.latent_dim`.
        spectral_normalization: Whether the encoder's hidden layers use it.
    """
    scaling = make_scaling(config.input_scaling, config.contrast_scale)
    shared = (config.base_width, config.max_width, config.normalization)
    latent_dim = 0 if config.code_map else config.latent_dim
    scaled_shape = scaling.scaled_shape(build.image_shape)
    encoder = Encoder(
        scaled_shape,
        code_size or latent_dim,
        *shared,
        seed=build.seed_of("encoder"),
        spectral_normalization=spectral_normalization,
        normalizes_codes=config.code_normalization,
        dtype=build.dtype,
        name="encoder",
    )
    generator = Generator(
        scaled_shape,
        *shared,
        output_activation=scaling.output_activation,
        seed=build.seed_of("generator"),
        flat_codes=latent_dim == 0,
        dtype=build.dtype,
        name="generator",
    )
    encoder.build((None, *scaled_shape))
    generator.build((None, latent_dim or encoder.code_size))
    return scaling, encoder, generator
