"""The configurations of detectors on features of a pretrained network."""

import dataclasses

from memgan_tf.config.fields import option
from memgan_tf.config.shared import ModelConfig

DEFAULT_BACKBONE = "efficientnet_b0"


@dataclasses.dataclass(frozen=True)
class BackboneConfig(ModelConfig):
    """The network that gives the features."""

    trains_in_steps = False
    by_features = True
    leaves_out = True
    backbone: str = option(
        DEFAULT_BACKBONE,
        "Network that gives the features: a name of docs/backbones.md, file:<model.keras>, "
        "hub:<preset of keras-hub>, or filters, which needs no weights.",
    )
    backbone_layers: str | None = option(
        None,
        "Layers of the network whose maps are used, with commas, finest first. If absent, the "
        "tested ones, or ends of stages at the strides 8, 16 and 32.",
    )
    backbone_weights: str | None = option(
        None,
        "File of the network's weights, for machines without Internet access; random makes random "
        "weights, for tests. If absent, Keras downloads and caches them.",
    )
    min_side: int = option(
        128,
        "Images with a smaller shorter side are enlarged to it before the network.",
        minimum=1,
        maximum=1024,
    )


@dataclasses.dataclass(frozen=True)
class FeaturesKnnConfig(BackboneConfig):
    """Cosine distance of pooled features to the nearest training images."""

    num_neighbors: int = option(
        1, "Number of training images whose mean distance is the score.", minimum=1, maximum=1000
    )


@dataclasses.dataclass(frozen=True)
class PatchConfig(BackboneConfig):
    """Features of the patches of an image."""

    tile_size: int | None = option(
        None,
        "Side in pixels of the tiles in which large photographs pass through the network, a "
        "multiple of 64. If absent, 512 if a side is longer than 1024.",
        minimum=192,
        maximum=2048,
    )
    smoothing: float = option(
        4.0,
        "Standard deviation of the Gaussian that smooths the map, in pixels for an image of 224.",
        minimum=0.0,
        maximum=64.0,
    )

    def __post_init__(self):
        super().__post_init__()
        if self.tile_size is not None and self.tile_size % 64:
            raise ValueError(
                f"`tile_size` must be a multiple of 64. Received: tile_size={self.tile_size}"
            )


@dataclasses.dataclass(frozen=True)
class PadimConfig(PatchConfig):
    """A Gaussian at each position (Defard et al., 2021)."""

    num_channels: int = option(100, "Number d of random channels.", minimum=1, maximum=2048)
    ridge: float = option(0.01, "ε, added to the variances.", minimum=1e-6, maximum=100.0)


@dataclasses.dataclass(frozen=True)
class PatchcoreConfig(PatchConfig):
    """A memory of patches that covers the training patches (Roth et al., 2022)."""

    leaves_out = False
    num_units: int = option(
        2000, "Largest number of patches in the memory.", minimum=1, maximum=100_000
    )
    coreset_share: float = option(
        0.1, "Largest share of the training patches in it.", minimum=1e-4, maximum=1.0
    )
    num_neighbors: int = option(
        9, "Number b of units around the nearest that weight the score.", minimum=1, maximum=100
    )


@dataclasses.dataclass(frozen=True)
class PatchMemoryConfig(PatchConfig):
    """Statistics for each position at two scales, or a memory if position does not matter."""

    memory: str = option(
        "auto",
        "positions: statistics for each position. anywhere: a memory of patches without position. "
        "auto: held-out normal images decide.",
        choices=("auto", "positions", "anywhere"),
    )
    fine_components: int = option(
        80, "Number of principal components of the fine features.", minimum=1, maximum=512
    )
    coarse_components: int = option(
        100, "Number of principal components of the coarse features.", minimum=1, maximum=512
    )
    fine_ridge: float = option(
        0.05,
        "Variance added to every direction of the fine features, in units of a channel's own.",
        minimum=1e-4,
        maximum=100.0,
    )
    coarse_ridge: float = option(0.02, "The same for coarse features.", minimum=1e-4, maximum=100.0)
    shared_patches: float = option(
        10.0,
        "Weight of the mean covariance of all positions at each position, as a number of patches.",
        minimum=0.0,
        maximum=1e6,
    )
    max_positions: int = option(
        1024, "Largest number of positions with their own statistics.", minimum=1, maximum=65536
    )
    num_units: int = option(
        2000, "Largest number of patches in the memory of anywhere.", minimum=1, maximum=100_000
    )


def _presets(**values):
    return {
        preset: {"*": values, **{family: {} for family in ("digits", "mnist", "cifar10", "large")}}
        for preset in ("default", "paper")
    }


FEATURES_KNN_PRESETS = _presets()
PADIM_PRESETS = _presets()
PATCHCORE_PRESETS = _presets()
PATCH_MEMORY_PRESETS = _presets()
