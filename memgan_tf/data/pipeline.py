"""Training batches that are a pure function of (seed, step)."""

from collections.abc import Callable

import numpy as np
import tensorflow as tf

from memgan_tf.data.stored_images import StoredImages

# Streams of random numbers under one seed.
SHUFFLE_STREAM, DRAW_STREAM = 0, 1


def stream_seed(seed: int, stream: int, index: tf.Tensor) -> tf.Tensor:
    """A `(2,)` int64 seed for stateless random operations.

    Args:
        seed: The run's seed.
        stream: Number of the stream.
        index: int64 scalar, such as the step.
    """
    return tf.stack([tf.constant(2 * seed + stream, tf.int64), tf.cast(index, tf.int64)])


def batch_indices(num_images: int, batch_size: int, seed: int, step: tf.Tensor) -> tf.Tensor:
    """Positions of the images in the batch of a step, `(batch_size,)` int64.

    They are positions step · batch_size, … of an endless sequence, in which every epoch, a part
    of `num_images` positions, has each image once in a new order. A batch may span two epochs, so
    no image is dropped.

    Args:
        num_images: Size of the set.
        batch_size: Global batch size; may exceed `num_images`.
        seed: The run's seed.
        step: int64 scalar, 0 for the first batch.
    """
    positions = step * batch_size + tf.range(batch_size, dtype=tf.int64)
    epochs = positions // num_images
    # The public index_shuffle takes one seed for all positions; the operation takes one for each.
    streams = tf.fill((batch_size,), tf.constant(2 * seed + SHUFFLE_STREAM, tf.int64))
    return tf.raw_ops.RandomIndexShuffle(
        index=positions % num_images,
        seed=tf.stack([streams, epochs, tf.zeros_like(epochs)], axis=1),
        max_index=tf.fill((batch_size,), tf.constant(num_images - 1, tf.int64)),
    )


def steps_per_epoch(num_images: int, batch_size: int) -> int:
    """Steps until every image has been used at least once: the ceiling of the ratio."""
    return -(-num_images // batch_size)


def training_batches(
    images: np.ndarray | StoredImages,
    batch_size: int,
    seed: int,
    start_step: int,
    draw: Callable[[int, tf.Tensor], dict[str, tf.Tensor]],
    num_replicas: int = 1,
    replicas: range | None = None,
) -> tf.data.Dataset:
    """Endless batches from `start_step` on, independent of what came before.

    Args:
        images: `(num_images, height, width, channels)` uint8: an array, which is kept in memory,
            or stored images, of which only the batches are in memory.
        batch_size: Global batch size.
        seed: The run's seed.
        start_step: Step of the first batch.
        draw: Draws the random numbers of a step, `draw(batch_size, seed)`; see
            `TrainableModel.draw`.
        num_replicas: Each global batch is split into this many equal elements, in the order of the
            replicas.
        replicas: Range of the replicas whose elements are needed; only their images are read. None
            means all.

    Returns:
        Dataset of `(images, draws)`, uint8 pixels and the model's random numbers.
    """
    pick, replicas = _picker(images), replicas or range(num_replicas)
    size = batch_size // num_replicas
    rows = slice(replicas.start * size, replicas.stop * size)

    @tf.autograph.experimental.do_not_convert
    def batch_at(step):
        chosen = pick(batch_indices(len(images), batch_size, seed, step)[rows])
        draws = draw(batch_size, stream_seed(seed, DRAW_STREAM, step))
        return chosen, tf.nest.map_structure(lambda values: values[rows], draws)

    @tf.autograph.experimental.do_not_convert
    def share(*batch):
        return tf.nest.map_structure(
            lambda values: tf.reshape(values, (len(replicas), size, *values.shape[1:])), batch
        )

    steps = tf.data.Dataset.range(start_step, np.iinfo(np.int64).max)
    # Each batch depends only on its step, so making them in parallel does not change them.
    batches = steps.map(batch_at, num_parallel_calls=_parallel_batches(), deterministic=True)
    if num_replicas > 1:
        batches = batches.map(share).unbatch()
        # Otherwise workers would ask each other before each step whether one has reached the end.
        batches = batches.apply(
            tf.data.experimental.assert_cardinality(tf.data.INFINITE_CARDINALITY)
        )
    options = tf.data.Options()
    # Without autotuning, the end of an iterator does not wait for the tuner's thread, which may
    # sleep for a minute before it notices the end (TensorFlow 2.21).
    options.autotune.enabled = _parallel_batches() == tf.data.AUTOTUNE
    return batches.prefetch(2 * len(replicas)).with_options(options)


def _parallel_batches():
    """Number of batches made in parallel; more with a GPU, because the cores are then free."""
    return tf.data.AUTOTUNE if tf.config.list_physical_devices("GPU") else 1


def _picker(images):
    """A function for a graph, from `(batch_size,)` positions to the images there."""
    if not isinstance(images, StoredImages):
        source = tf.constant(images)
        return lambda positions: tf.gather(source, positions)

    def pick(positions):
        chosen = tf.numpy_function(images.__getitem__, [positions], tf.uint8, stateful=False)
        return tf.ensure_shape(chosen, (positions.shape[0], *images.shape[1:]))

    return pick
