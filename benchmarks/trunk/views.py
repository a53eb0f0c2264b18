"""Random views of images, made on the device: crops, colors, turns and small defects.

Every function takes a seed of two integers and is reproducible.
"""

import tensorflow as tf

# Share of an image's area in a view; half of the views show the whole image, shifted.
AREA = (0.2, 1.0)
SHIFT = 0.125
NUM_TURNS = 4


def make_views(images: tf.Tensor, seed: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """A random view of each image, and its number of quarter turns.

    Args:
        images: `(batch, side, side, 3)` float32, 0 to 255.
        seed: Seed of this step.
    """
    seeds = _split(seed, 3)
    views = _recolor(_crop(images, seeds[0]), seeds[1])
    turns = tf.random.stateless_uniform((len(images),), seeds[2], 0, NUM_TURNS, tf.int32)
    flipped = [views, tf.transpose(views, (0, 2, 1, 3))]
    turned = [
        flipped[0],
        tf.reverse(flipped[1], [1]),
        tf.reverse(flipped[0], [1, 2]),
        tf.reverse(flipped[1], [2]),
    ]
    chosen = tf.one_hot(turns, NUM_TURNS)
    return tf.einsum("nbhwc,bn->bhwc", tf.stack(turned), chosen), turns


def add_defects(images: tf.Tensor, seed: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Adds a spot, a scratch, a blur or a part of another image to three of four images.

    Returns:
        The images, and the degree of change of each pixel, `(batch, side, side, 1)` in [0, 1].
    """
    count, side = len(images), images.shape[1]
    seeds = _split(seed, 5)
    place = _places(count, side, seeds[0])
    kind = tf.random.stateless_uniform((count, 1, 1, 1), seeds[1], 0, 4, tf.int32)
    other = tf.reverse(tf.roll(images, 1, 0), [1])
    sign = tf.where(tf.random.stateless_uniform((count, 1, 1, 1), seeds[2]) < 0.5, -1.0, 1.0)
    level = tf.random.stateless_uniform((count, 1, 1, 1), seeds[3], 25.0, 110.0)
    hue = tf.random.stateless_uniform((count, 1, 1, 3), seeds[4], 0.5, 1.0)
    blurred = tf.nn.avg_pool2d(tf.nn.avg_pool2d(images, 3, 1, "SAME"), 3, 1, "SAME")
    changed = tf.where(kind == 0, other, tf.where(kind == 1, blurred, images + sign * level * hue))
    place *= tf.cast(tf.random.stateless_uniform((count, 1, 1, 1), seed) < 0.75, tf.float32)
    return tf.clip_by_value(images + place * (changed - images), 0.0, 255.0), place


def _places(count, side, seed):
    """Ellipses from dots to long lines, with sharp or soft edges."""
    draw = tf.random.stateless_uniform((6, count, 1, 1), seed)
    radius = 0.6 * tf.pow(10.0, draw[0])
    stretch = tf.pow(8.0, draw[1])
    angle, edge = 3.14159265 * draw[2], 0.5 + 0.5 * radius * draw[3]
    line = tf.range(side, dtype=tf.float32)
    down = line[None, :, None] - side * (0.1 + 0.8 * draw[4])
    right = line[None, None, :] - side * (0.1 + 0.8 * draw[5])
    along = down * tf.sin(angle) + right * tf.cos(angle)
    across = down * tf.cos(angle) - right * tf.sin(angle)
    thin = tf.maximum(radius / tf.sqrt(stretch), 0.6)
    distance = tf.sqrt(tf.square(along / stretch) + tf.square(across) + 1e-6)
    return tf.clip_by_value((thin - distance) / edge + 0.5, 0.0, 1.0)[..., None]


def _crop(images, seed):
    """A random part of each image, enlarged to the image's size, and mirrored in half of them."""
    count, side = len(images), images.shape[1]
    draw = tf.random.stateless_uniform((6, count), seed)
    area = tf.where(draw[0] < 0.5, 1.0, AREA[0] + (AREA[1] - AREA[0]) * draw[1])
    aspect = tf.where(draw[0] < 0.5, 1.0, tf.pow(4 / 3, draw[2] - 0.5))
    height, width = tf.sqrt(area / aspect), tf.sqrt(area * aspect)
    rows = _resampling(height, draw[3], side, False)
    columns = _resampling(width, draw[4], side, draw[5] < 0.5)
    return tf.einsum("bij,bjkc,blk->bilc", rows, images, columns)


def _resampling(share, position, side, is_mirrored):
    """`(batch, side, side)` matrices for linear interpolation of a part of a line."""
    first = (1.0 - share + 2.0 * SHIFT) * position - SHIFT
    line = (tf.range(side, dtype=tf.float32) + 0.5) / side
    line = tf.where(tf.reshape(is_mirrored, (-1, 1)), 1.0 - line, line)
    source = side * (first[:, None] + share[:, None] * line) - 0.5
    # The image is mirrored beyond an edge.
    source = tf.abs(source + 0.5) - 0.5
    source = side - 0.5 - tf.abs(side - 0.5 - source)
    source = tf.clip_by_value(source, 0.0, side - 1.0)
    return tf.nn.relu(1.0 - tf.abs(source[..., None] - tf.range(side, dtype=tf.float32)))


def _recolor(images, seed):
    """Changes brightness, contrast and tint; removes the color of a tenth; adds a little noise."""
    count = len(images)
    draw = tf.random.stateless_uniform((4, count, 1, 1, 1), seed)
    tint = tf.random.stateless_uniform((count, 1, 1, 3), seed + 1, 0.85, 1.15)
    noise = tf.random.stateless_normal(images.shape, seed + 2)
    grey = tf.reduce_mean(images, -1, keepdims=True) + tf.zeros_like(images)
    images = tf.where(draw[0] < 0.1, grey, images)
    mean = tf.reduce_mean(images, (1, 2), keepdims=True)
    images = mean + (0.6 + 0.8 * draw[1]) * (images - mean)
    images = (0.7 + 0.6 * draw[2]) * images * tint + 6.0 * draw[3] * noise
    return tf.clip_by_value(images, 0.0, 255.0)


def _split(seed, count):
    """Several seeds derived from one."""
    return tf.unstack(
        tf.random.stateless_uniform((count, 2), seed, None, None, tf.int32), num=count
    )
