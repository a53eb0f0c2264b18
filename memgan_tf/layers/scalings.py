"""Every law of scaling by its name in the configuration."""

import keras

from memgan_tf.layers.scaling import INPUT_SCALINGS, ImageScaling
from memgan_tf.layers.unit_scaling import GlobalContrastScaling, UnitScaling
from memgan_tf.validation import check_choice


def make_scaling(law: str, contrast_scale: float) -> keras.layers.Layer:
    """The layer behind an `input_scaling` setting.

    Args:
        law: `symmetric`, `contrast`, `unit` or `global_contrast`.
        contrast_scale: Of the law `contrast`; see `ImageScaling`.

    Raises:
        ValueError: If the law is unknown.
    """
    check_choice("input_scaling", law, (*INPUT_SCALINGS, "unit", "global_contrast"))
    if law == "unit":
        return UnitScaling()
    if law == "global_contrast":
        return GlobalContrastScaling()
    return ImageScaling(law, contrast_scale)
