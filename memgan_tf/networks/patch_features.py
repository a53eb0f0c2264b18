"""From pixels to features of patches, by a frozen backbone."""

import dataclasses
import itertools
import math

import tensorflow as tf

from memgan_tf.backbones.backbone import Backbone
from memgan_tf.layers.content import continue_edges, find_boxes, to_relative
from memgan_tf.layers.padding import content_mask
from memgan_tf.layers.shrinking import shrink
from memgan_tf.networks.tiling import map_in_tiles

# Default: side above which an image passes through the network in tiles, and side of a tile.
LARGE_SIDE, TILE_SIZE = 1024, 512
# For the fit `keep`: positions on a side of the grid over each content, as a share of those on a
# side of the canvas. Content with another shape than the canvas fills only a part of it.
CONTENT_SHARE = 0.8


@dataclasses.dataclass(frozen=True)
class Grid:
    """Features of patches at one scale.

    Attributes:
        features: `(batch, rows, columns, channels)`.
        valid: `(batch, rows, columns)` bool; False where a patch is padding.
        boxes: Place in the images of the content that the grid covers, `(batch, 4)`, see
            `layers.content`; None if the grid covers the images.
    """

    features: tf.Tensor
    valid: tf.Tensor
    boxes: tf.Tensor | None = None


class PatchFeatures:
    """Maps of a backbone, each averaged over 3 × 3 positions and joined to grids.

    Args:
        backbone: Gives the maps.
        image_shape: `(height, width, channels)` of the images; gray ones are repeated.
        image_fit: How they were fitted. After `pad`, black bars are no patches. After `keep`, grids
            cover only the content, for any shape of it, and the network sees the content mirrored
            around it.
        min_side: Smaller images are enlarged until their shorter side has it.
        tile_size: Side of the tiles; None cuts only large images into tiles.
    """

    def __init__(
        self,
        backbone: Backbone,
        image_shape: tuple[int, int, int],
        image_fit: str = "stretch",
        min_side: int = 1,
        tile_size: int | None = None,
    ):
        self.backbone, self._image_fit = backbone, image_fit
        factor = max(1.0, min_side / min(image_shape[:2]))
        self.size = tuple(max(1, round(factor * side)) for side in image_shape[:2])
        if max(self.size) > LARGE_SIDE and tile_size is None:
            tile_size = TILE_SIZE
        self._tile_size = tile_size
        if tile_size is not None and max(self.size) > tile_size:
            # Borders inside the network fall at the same places in a tile and in the whole image.
            unit = math.lcm(*backbone.strides)
            self.size = tuple(max(1, round(side / unit)) * unit for side in self.size)
        self._scale = [new / old for new, old in zip(self.size, image_shape, strict=False)]
        self._is_resized = self.size != tuple(image_shape[:2])
        stride = max(backbone.strides)
        if min(self.size) < stride:
            raise ValueError(
                f"`image_size` must be at least the largest stride of the backbone, {stride}. "
                f"Received: {self.size[0]}×{self.size[1]} pixels"
            )

    def maps(self, images: tf.Tensor) -> list[tf.Tensor]:
        """Maps of images `(batch, height, width, channels)`, 0 to 255, finest first."""
        boxes = self._boxes(images)
        maps, strides = self._maps(images, boxes), self.backbone.strides
        if boxes is None:
            return maps
        return [
            self._over_content(values, boxes, stride, stride)
            for values, stride in zip(maps, strides, strict=True)
        ]

    def __call__(self, images: tf.Tensor) -> list[Grid]:
        """Grids of images, finest first.

        Maps of a stride and of the next coarser one make a grid at the finer one's positions:
        strides 8, 16 and 32 make a fine grid and a coarse one.
        """
        boxes = self._boxes(images)
        by_stride: dict[int, list[tf.Tensor]] = {}
        for stride, values in zip(self.backbone.strides, self._maps(images, boxes), strict=True):
            by_stride.setdefault(stride, []).append(values)
        levels = list(by_stride.items())
        pairs = [dict(pair) for pair in itertools.pairwise(levels)] or [dict(levels)]
        if boxes is not None:
            return [self._join_contents(pair, boxes) for pair in pairs]
        valid = content_mask(images) if self._image_fit == "pad" else None
        return [self._join(pair, valid) for pair in pairs]

    def _boxes(self, images):
        return find_boxes(images) if self._image_fit == "keep" else None

    def _maps(self, images, boxes):
        """Maps of the whole images."""
        if boxes is not None:
            images = continue_edges(images, boxes)
        if images.shape[-1] == 1:
            images = tf.repeat(images, 3, axis=-1)
        if self._is_resized:
            images = tf.image.resize(images, self.size)

        def network(tile):
            # Cast after cutting: TensorFlow's optimizer swaps a cast with a cut that follows it,
            # and the process then fails with "uint8 expected, got float".
            return self.backbone.maps(tf.cast(tile, tf.float32))

        return map_in_tiles(network, images, self._tile_size, self.backbone.strides)

    def _over_content(self, values, boxes, stride, grid_stride):
        """A map at the positions that one of `grid_stride` has, spread over each content."""
        rows, columns = (math.ceil(round(CONTENT_SHARE * side) / grid_stride) for side in self.size)
        return to_relative(values, boxes * (2 * self._scale), stride, (rows, columns))

    def _join_contents(self, maps, boxes):
        """The grid of maps by stride. Averages do not reach beyond the content."""
        finest = min(maps)
        features = tf.concat(
            [
                _averaged(self._over_content(values, boxes, stride, finest))
                for stride, level in maps.items()
                for values in level
            ],
            axis=-1,
        )
        return Grid(features, tf.ones(tf.shape(features)[:3], tf.bool), boxes)

    def _join(self, maps, valid):
        """The grid of maps by stride."""
        averaged = [_averaged(values) for level in maps.values() for values in level]
        size = averaged[0].shape[1:3]
        same = [averaged[0], *(tf.image.resize(values, size) for values in averaged[1:])]
        features = tf.concat(same, axis=-1)
        if valid is None:
            return Grid(features, tf.ones(tf.shape(features)[:3], tf.bool))
        share = shrink(tf.cast(valid, tf.float32)[..., tf.newaxis], tuple(size))
        return Grid(features, share[..., 0] >= 0.5)


def _averaged(values):
    return tf.nn.avg_pool2d(values, 3, 1, "SAME")
