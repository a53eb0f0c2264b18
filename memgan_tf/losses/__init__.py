"""Losses: free functions that return per-image values, without reduction or weight."""

from memgan_tf.losses.adversarial import (
    discriminator_loss,
    encoder_nonsaturating_loss,
    encoder_saturating_loss,
    generator_loss,
)
from memgan_tf.losses.hull_solver import hull_distance, project_to_hull, project_to_simplex
from memgan_tf.losses.memory import (
    l2_distance,
    mutual_information,
    mutual_information_excess,
)

__all__ = [
    "discriminator_loss",
    "encoder_nonsaturating_loss",
    "encoder_saturating_loss",
    "generator_loss",
    "hull_distance",
    "l2_distance",
    "mutual_information",
    "mutual_information_excess",
    "project_to_hull",
    "project_to_simplex",
]
