"""Data sources, one-class splits and training batches."""

from memgan_tf.data.labelled_images import LabelledImages, as_pixels
from memgan_tf.data.sources import directory_name, image_shape
from memgan_tf.data.splits import OneClassTask, load_task

__all__ = [
    "LabelledImages",
    "OneClassTask",
    "as_pixels",
    "directory_name",
    "image_shape",
    "load_task",
]
