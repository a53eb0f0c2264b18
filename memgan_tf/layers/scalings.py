"""Every scaling of the pixels by its name in the configuration."""

import keras

from memgan_tf.layers.scaling import INPUT_SCALINGS, ImageScaling
from memgan_tf.layers.unit_scaling import GlobalContrastScaling, UnitScaling
from memgan_tf.validation import check_choice


def make_scaling(law: str, contrast_scale: float) -> keras.layers.Layer:
    """The layer for an `input_scaling` setting.

    Args:
        law: Name: `symmetric`, `contrast`, `contrast_l1`, `unit` or `global_contrast`.
        contrast_scale: See `ImageScaling`.

    Raises:
        ValueError: If the name is unknown.
    """
    check_choice("input_scaling", law, (*INPUT_SCALINGS, "unit", "global_contrast"))
    if law == "unit":
        return UnitScaling()
    if law == "global_contrast":
        return GlobalContrastScaling()
    return ImageScaling(law, contrast_scale)
