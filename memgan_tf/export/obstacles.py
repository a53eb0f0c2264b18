"""What stands in the way of an export, from a run's settings alone."""

from memgan_tf.detectors.base import Detector
from memgan_tf.export.litert.conversion import FLOAT32, INT8, obstacle_of
from memgan_tf.export.litert.network_part import NO_LAYERS


def check_exportable(
    detector: Detector, format: str = "saved_model", quantization: str = FLOAT32
) -> None:
    """Checks before any work that a detector, trained or not, can be exported.

    What only a conversion shows, such as an operation of a user's own backbone, is found later.

    Args:
        detector: The run's detector.
        format: `saved_model` or `litert`.
        quantization: With `litert`: `float32`, `float16` or `int8`.

    Raises:
        ValueError: If it cannot.
    """
    obstacle = detector.export_obstacle()
    if obstacle:
        raise ValueError(f"`run` cannot be exported: {obstacle}")
    obstacle = litert_obstacle(detector, quantization) if format == "litert" else None
    if obstacle:
        name = detector.config.detector
        raise ValueError(f"`run` cannot be a LiteRT file: {name}: {obstacle}")


def litert_obstacle(detector: Detector, quantization: str = FLOAT32) -> str | None:
    """Why a score cannot be a LiteRT file, in a sentence; None if nothing is known."""
    if detector.operations_without_litert:
        return obstacle_of(detector.operations_without_litert)
    if detector.config.training.mixed_precision:
        return (
            "LiteRT has no layers in bfloat16, in which this run's networks compute "
            "(mixed_precision). Export with format=saved_model"
        )
    if quantization == INT8 and not detector.has_network:
        return NO_LAYERS
    return None
