"""Decodes a batch of image files inside the graph."""

import tensorflow as tf

from memgan_tf.export.request_checks import require
from memgan_tf.layers.images import decode_image


def decode_batch(
    encoded: tf.Tensor, image_shape: tuple[int, int, int], image_fit: str, bit_depth: int = 16
) -> tf.Tensor:
    """Decodes image files and fits them to a shape, as `memgan score` does.

    The work is done by a data set, the only construct in a graph that survives the failure of a
    decoder. So the error can name the image.

    Args:
        encoded: `(batch,)` strings, each a PNG, JPEG, GIF or BMP file.
        image_shape: `(height, width, channels)` to fit them to.
        image_fit: Rule for fitting, `stretch`, `crop` or `pad`.
        bit_depth: Number of bits used by the values of 16-bit files.

    Returns:
        `(batch, height, width, channels)` float32, whole numbers from 0 to 255.

    Raises:
        tf.errors.InvalidArgumentError: At run time, if one is not such a file; the message names
        the first.
    """
    count = tf.shape(encoded)[0]

    def decode(index, file):
        return index, decode_image(file, image_shape, image_fit, bit_depth)

    end = tf.data.Dataset.from_tensors((tf.constant(-1, tf.int64), tf.zeros(image_shape)))
    decoded = tf.data.Dataset.from_tensor_slices(encoded).enumerate().map(decode)
    # The last element keeps the batch from being empty if there is no image, or no valid one.
    batch = decoded.ignore_errors().concatenate(end).batch(tf.cast(count, tf.int64) + 1)
    indices, images = batch.get_single_element()
    places = tf.scatter_nd(indices[:-1, tf.newaxis], tf.ones_like(indices[:-1]), (count,))
    rule = "`image_bytes` must be PNG, JPEG, GIF or BMP files"
    with tf.control_dependencies([require(places > 0, rule)]):
        return tf.ensure_shape(images[:-1], (None, *image_shape))
