"""Normalization whose inference statistics are measured along one path, not tracked."""

import keras
import numpy as np
import tensorflow as tf

from memgan_tf.validation import check_real

EMPTY = (np.zeros(0, np.float32),) * 2


@keras.saving.register_keras_serializable("memgan_tf")
class MeasuredBatchNormalization(keras.layers.Layer):
    """Batch normalization that updates its inference statistics only on request.

    MEMGAN calls E and G on inputs of two distributions each (x and G(z); P(E(x)) and z). Moving
    averages updated by every call describe the mixture of both. The score, which runs in inference
    mode along x → E → P → G, then jumps from step to step. Here a training call only uses the
    moments of its batch. A separate pass over normal images along the scoring path measures the
    inference statistics.

    Args:
        epsilon: Added to the variance. Positive.
        affine: Whether a factor and an offset are learned for each channel.

    Call arguments:
        inputs: `(batch, ..., channels)` float tensor.
        training: Whether to normalize by the batch's moments; over all replicas of a
            `tf.distribute` strategy.
        statistics_rate: None, or a scalar r: the inference statistics move by the share r toward
            the batch's moments. With r = 1, 1/2, 1/3, … they become the mean over the batches.

    Returns:
        Tensor like `inputs`.
    """

    def __init__(self, epsilon=1e-3, affine=True, **kwargs):
        super().__init__(**kwargs)
        self.affine = affine
        self.epsilon = check_real("epsilon", epsilon, minimum=1e-12)

    def build(self, input_shape):
        channels = (input_shape[-1],)
        self.gamma = self.add_weight(
            name="gamma",
            shape=channels,
            initializer="ones",
            trainable=self.affine,
            autocast=False,
        )
        self.beta = self.add_weight(
            name="beta",
            shape=channels,
            initializer="zeros",
            trainable=self.affine,
            autocast=False,
        )
        self.mean, self.variance = (
            self.add_weight(
                name=name,
                shape=channels,
                initializer=initializer,
                trainable=False,
                autocast=False,
            )
            for name, initializer in (("mean", "zeros"), ("variance", "ones"))
        )

    def call(self, inputs, training=False, statistics_rate=None):
        shape = tf.shape(inputs)
        images = tf.reshape(inputs, (-1, 1, 1, shape[-1])) if inputs.shape.rank == 2 else inputs
        if not training:
            mean, variance = map(tf.convert_to_tensor, (self.mean, self.variance))
            outputs = self._normalize_as_measured(images, mean, variance)
        elif tf.distribute.get_strategy().num_replicas_in_sync > 1:
            mean, variance = _global_moments(images)
            outputs = self._normalize(images, mean, variance)
        else:
            outputs, mean, unbiased = self._fused(images, *EMPTY, is_training=True)
            count = tf.cast(tf.size(images) / shape[-1], tf.float32)
            variance = unbiased * (count - 1.0) / count
        if statistics_rate is not None:
            # A network that computes in bfloat16 passes its arguments in bfloat16.
            statistics_rate = tf.cast(statistics_rate, tf.float32)
            self.mean.assign_add(statistics_rate * (mean - self.mean))
            self.variance.assign_add(statistics_rate * (variance - self.variance))
        return tf.reshape(outputs, shape)

    def _normalize_as_measured(self, images, mean, variance):
        """Normalizes by given statistics, in one pass where its gradient can be had."""
        if _has_gpus():
            exact = self._normalize(tf.cast(images, tf.float32), mean, variance)
            return tf.cast(exact, images.dtype)
        return self._fused(images, mean, variance, is_training=False)[0]

    def _normalize(self, images, mean, variance):
        scale = self.gamma * tf.math.rsqrt(variance + self.epsilon)
        offset = self.beta - mean * scale
        return images * tf.cast(scale, images.dtype) + tf.cast(offset, images.dtype)

    def _fused(self, images, mean, variance, is_training):
        """Normalizes in one pass; in training by the batch's own mean and (unbiased) variance."""
        outputs, mean, variance, *_ = tf.raw_ops.FusedBatchNormV3(
            x=images,
            scale=tf.convert_to_tensor(self.gamma),
            offset=tf.convert_to_tensor(self.beta),
            mean=mean,
            variance=variance,
            epsilon=self.epsilon,
            is_training=is_training,
        )
        return outputs, mean, variance

    def get_config(self):
        return {**super().get_config(), "epsilon": self.epsilon, "affine": self.affine}


def _has_gpus():
    """Whether TensorFlow sees a GPU. There it has no deterministic kernel for the gradient of the
    fused operation by given statistics, and ends with an error where determinism is asked for.
    """
    return bool(tf.config.list_physical_devices("GPU"))


def _global_moments(images):
    """Mean and variance of each channel over the global batch of equally sized replicas."""
    images = tf.cast(images, tf.float32)
    context = tf.distribute.get_replica_context()
    axes = list(range(images.shape.rank - 1))
    moments = [tf.reduce_mean(images, axes), tf.reduce_mean(tf.square(images), axes)]
    mean, square = context.all_reduce(tf.distribute.ReduceOp.MEAN, moments)
    return mean, square - tf.square(mean)
