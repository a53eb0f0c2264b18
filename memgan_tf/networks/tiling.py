"""Passes large images through a network in overlapping tiles, to bound memory."""

import math
from collections.abc import Callable, Sequence

import tensorflow as tf

# Minimum margin in pixels at inner edges of a tile; its features see zeros and are not used.
MARGIN = 64


def map_in_tiles(
    network: Callable[[tf.Tensor], list[tf.Tensor]],
    images: tf.Tensor,
    tile_size: int | None,
    strides: Sequence[int],
) -> list[tf.Tensor]:
    """Maps of images as from one pass over the whole, except for influences beyond the margin.

    Args:
        network: Function from `(batch, height, width, 3)` images to their maps.
        images: `(batch, height, width, 3)`; all strides divide sides that are tiled.
        tile_size: Largest side of a tile; None does not cut.
        strides: Strides of the maps.

    Returns:
        `(batch, height / stride, width / stride, channels)` of each stride.
    """
    height, width = images.shape[1:3]
    if tile_size is None or max(height, width) <= tile_size:
        return network(images)
    unit = math.lcm(*strides)
    rows, columns = spans(height, tile_size, unit), spans(width, tile_size, unit)
    lines: list[list[tf.Tensor]] = [[] for _ in strides]
    for top, bottom, first_row, last_row in rows:
        parts: list[list[tf.Tensor]] = [[] for _ in strides]
        for left, right, first_column, last_column in columns:
            tile = images[:, top:bottom, left:right]
            if lines[0] or parts[0]:
                # One after the other, so that only the maps of one tile are in memory.
                with tf.control_dependencies([(parts[0] or lines[0])[-1]]):
                    tile = tf.identity(tile)
            for part, values, stride in zip(parts, network(tile), strides, strict=True):
                part.append(
                    values[
                        :,
                        (first_row - top) // stride : -(-(last_row - top) // stride),
                        (first_column - left) // stride : -(-(last_column - left) // stride),
                    ]
                )
        for line, part in zip(lines, parts, strict=True):
            line.append(tf.concat(part, axis=2))
    return [tf.concat(line, axis=1) for line in lines]


def spans(length: int, tile_size: int, unit: int) -> list[tuple[int, int, int, int]]:
    """Tiles along a side: `(begin, end, first used, end of used)` in pixels.

    All but the end of the side are multiples of `unit`, so maps with strides that divide it fit.
    """
    if length <= tile_size:
        return [(0, length, 0, length)]
    margin, tile_size = -(-MARGIN // unit) * unit, tile_size // unit * unit
    step, found, begin = tile_size - 2 * margin, [], 0
    while begin + tile_size < length:
        used = begin + margin if begin else 0
        found.append((begin, begin + tile_size, used, begin + tile_size - margin))
        begin += step
    found.append((begin, length, begin + margin, length))
    return found
