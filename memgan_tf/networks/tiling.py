"""Large images through a network in overlapping tiles: memory is bounded by a tile's."""

from collections.abc import Callable, Sequence

import tensorflow as tf

# Pixels at a tile's inner edges whose features are not used: they would see zeros beyond.
MARGIN = 64


def map_in_tiles(
    network: Callable[[tf.Tensor], list[tf.Tensor]],
    images: tf.Tensor,
    tile_size: int | None,
    strides: Sequence[int],
) -> list[tf.Tensor]:
    """Maps of images as if they had passed the network whole, but for what lies beyond the margin.

    Args:
        network: From `(batch, height, width, 3)` to maps of them.
        images: `(batch, height, width, 3)`.
        tile_size: Side of a tile, a multiple of the largest stride; None passes them whole.
        strides: Of the maps.

    Returns:
        `(batch, height / stride, width / stride, channels)` of each stride.
    """
    height, width = images.shape[1:3]
    if tile_size is None or max(height, width) <= tile_size:
        return network(images)
    rows, columns = spans(height, tile_size), spans(width, tile_size)
    lines = [[] for _ in strides]
    for top, bottom, first_row, last_row in rows:
        parts = [[] for _ in strides]
        for left, right, first_column, last_column in columns:
            tile = images[:, top:bottom, left:right]
            if lines[0] or parts[0]:
                # One after the other, so that only one tile's maps are alive.
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


def spans(length: int, tile_size: int) -> list[tuple[int, int, int, int]]:
    """Tiles along a side: `(begin, end, first used, end of used)` in pixels.

    All but the ends are multiples of the step's divisors, so that maps of any stride up to 64 fit.
    """
    if length <= tile_size:
        return [(0, length, 0, length)]
    step, found, begin = tile_size - 2 * MARGIN, [], 0
    while begin + tile_size < length:
        used = begin + MARGIN if begin else 0
        found.append((begin, begin + tile_size, used, begin + tile_size - MARGIN))
        begin += step
    found.append((begin, length, begin + MARGIN, length))
    return found
