"""Resizing with antialiasing, also where no operation for it exists."""

import contextlib
import contextvars
from collections.abc import Iterator

import tensorflow as tf

_BY_PRODUCTS = contextvars.ContextVar("memgan_tf_resizing_by_products", default=False)


@contextlib.contextmanager
def resizing_by_products() -> Iterator[None]:
    """In the block `shrink` is made of matrix products, which any runtime has."""
    token = _BY_PRODUCTS.set(True)
    try:
        yield
    finally:
        _BY_PRODUCTS.reset(token)


def shrink(images: tf.Tensor, size: tuple[int, int]) -> tf.Tensor:
    """Images `(batch, height, width, channels)` at another size, float32, with antialiasing."""
    if not _BY_PRODUCTS.get():
        return tf.image.resize(images, size, antialias=True)
    height, width, channels = images.shape[1:]
    rows, columns = _weights(height, size[0]), _weights(width, size[1])
    lines = tf.reshape(tf.cast(images, tf.float32), (-1, height, width * channels))
    lines = tf.reshape(tf.matmul(rows[tf.newaxis], lines), (-1, width, channels))
    found = tf.matmul(columns[tf.newaxis], lines)
    return tf.reshape(found, (-1, *size, channels))


def _weights(old, new):
    """The matrix `(new, old)` by which a line of pixels is resized."""
    with tf.init_scope():
        identity = tf.eye(old)[tf.newaxis, ..., tf.newaxis]
        weights = tf.image.resize(identity, (new, old), antialias=True)[0, ..., 0]
        return tf.constant(weights.numpy())
