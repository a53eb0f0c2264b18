"""Keras layers that hold state or a rule of their own."""

from memgan_tf.layers.gaussians import MeasuredGaussians
from memgan_tf.layers.memory import MemoryLayer, sample_mixing_weights
from memgan_tf.layers.normalization import MeasuredBatchNormalization
from memgan_tf.layers.scaling import ImageScaling

__all__ = [
    "ImageScaling",
    "MeasuredBatchNormalization",
    "MeasuredGaussians",
    "MemoryLayer",
    "sample_mixing_weights",
]
