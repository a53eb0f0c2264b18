"""Adds a run's LiteRT file to an export and checks it before it is published."""

import dataclasses
import pathlib
import tempfile
from typing import Any

import numpy as np

from memgan_tf.data import OneClassTask
from memgan_tf.data.samples import evenly
from memgan_tf.evaluation.calibration import Calibration
from memgan_tf.evaluation.predicted_regions import pixel_threshold
from memgan_tf.evaluation.trained_run import TrainedRun
from memgan_tf.export.golden import Golden
from memgan_tf.export.litert.conversion import FLOAT16, FLOAT32, INT8, QUANTIZATIONS, convert
from memgan_tf.export.litert.flatbuffers import import_litert, pack, parse
from memgan_tf.export.litert.integers import compare_with_run, recalibrate
from memgan_tf.export.litert.metadata import LiteMetadata, embed
from memgan_tf.export.litert.model import LiteModel
from memgan_tf.export.litert.scorer import LiteScorer
from memgan_tf.models.common.base import TrainableModel
from memgan_tf.validation import check_choice

MODEL_FILE = "model.tflite"
FORMATS = ("saved_model", "litert")
# Share of a score by which the file's may differ from the run's. Scores of integers must only be
# finite, because they have their own threshold.
TOLERANCES = {FLOAT32: 1e-4, FLOAT16: 0.05}
# Largest number of held-out images used to measure the ranges of integers.
MAX_RANGE_IMAGES = 100
# P-values are quotients in single precision here.
P_VALUE_TOLERANCE = 1e-6


@dataclasses.dataclass(frozen=True)
class LiteRequest:
    """The requested kind of LiteRT file.

    Attributes:
        quantization: `float32`, `float16` or `int8`.
        task: The run's images, needed for `int8`.
    """

    quantization: str = FLOAT32
    task: OneClassTask | None = None


@dataclasses.dataclass(frozen=True)
class LiteExport:
    """A LiteRT file that passed its checks.

    Attributes:
        findings: Results of the checks, one phrase each.
        calibration: The calibration in the file.
        facts: The results for the model card.
    """

    findings: list[str]
    calibration: Calibration
    facts: dict[str, Any]


def check_format(format: str, quantization: str | None) -> str:
    """Checks a requested format before any work; returns the quantization.

    Raises:
        ValueError: If the format or quantization is unknown, or ai-edge-litert is not installed.
    """
    check_choice("format", format, FORMATS)
    if format == "saved_model":
        if quantization is not None:
            raise ValueError(
                f"`quantization` must come with format=litert. Received: {quantization}"
            )
        return FLOAT32
    import_litert("interpreter", "format=litert")
    return check_choice("quantization", quantization or FLOAT32, QUANTIZATIONS)


def add_litert(
    folder: pathlib.Path,
    run: TrainedRun,
    model: TrainableModel,
    golden: Golden,
    calibration: Calibration,
    request: LiteRequest,
    card: dict[str, Any],
) -> LiteExport:
    """Writes `model.tflite` to an unpublished export, and checks it.

    Args:
        folder: Folder of the export.
        run: The run.
        model: The run's model for a server.
        golden: The run's own answers for the golden images.
        calibration: The calibration of the SavedModel; also used here, except with `int8`.
        request: The requested kind of file.
        card: Description of the export, stored in the file.

    Raises:
        ValueError: If LiteRT cannot compute the score.
        RuntimeError: If the file's answers differ from the run's.
    """
    path = folder / MODEL_FILE
    findings: list[str] = []
    facts: dict[str, Any] = {}
    metadata = describe(run, calibration, request.quantization, card)
    ranges = None
    if request.quantization == INT8 and request.task is not None:
        ranges = request.task.validation
        with tempfile.TemporaryDirectory(dir=folder, prefix=".") as place:
            first = pathlib.Path(place, MODEL_FILE)
            write(first, run, model, metadata, ranges)
            metadata, notes = recalibrate(first, run, metadata, ranges)
        findings += notes
    write(path, run, model, metadata, ranges)
    with LiteModel(path) as lite:
        findings.insert(0, _check(lite, golden, request.quantization))
        test = None if request.task is None else request.task.test
        if (
            request.quantization == INT8
            and test is not None
            and len(np.unique(np.asarray(test.labels))) == 2
        ):
            facts["auroc"], note = compare_with_run(lite, run, test)
            findings.append(note)
    size = path.stat().st_size
    findings[0] = f"LiteRT {request.quantization}, {size / 2**20:.2f} MiB: {findings[0]}"
    facts |= {
        "file": MODEL_FILE,
        "quantization": request.quantization,
        "bytes": size,
        "threshold": metadata.calibration.threshold,
        "num_held_out": len(metadata.calibration.scores),
        "calibration_source": metadata.calibration.source,
        "pixel_threshold": metadata.pixel_threshold,
        "checks": findings,
    }
    return LiteExport(findings, metadata.calibration, facts)


def describe(
    run: TrainedRun, calibration: Calibration, quantization: str, card: dict[str, Any]
) -> LiteMetadata:
    """Metadata of a run's file."""
    return LiteMetadata(
        run.config.detector,
        quantization,
        run.config.image_shape,
        run.config.data.fit,
        run.config.data.bit_depth or 16,
        calibration,
        pixel_threshold(run),
        card,
    )


def write(
    path: pathlib.Path,
    run: TrainedRun,
    model: TrainableModel,
    metadata: LiteMetadata,
    held_out: Any = None,
) -> None:
    """Converts and writes a file.

    Args:
        path: Path of the file.
        run: The run.
        model: The run's model.
        metadata: Has the quantization, and is stored in the file.
        held_out: For `int8`, held-out normal images.

    Raises:
        ValueError: If LiteRT cannot compute the score.
    """
    scorer = LiteScorer(model, metadata.image_shape, metadata.calibration)
    images = None if held_out is None else _range_images(held_out.images)
    try:
        content = parse(convert(scorer, metadata.quantization, images))
    except ValueError as error:
        raise ValueError(
            f"`run` cannot be a LiteRT file: {run.config.detector}: {error}"
        ) from error
    embed(content, metadata)
    path.write_bytes(pack(content))


def _range_images(images):
    return images[evenly(len(images), MAX_RANGE_IMAGES)]


def _check(lite, golden, quantization):
    """Compares a file's answers for the golden images; returns a phrase."""
    outputs, calibration = lite.score(golden.images), lite.metadata.calibration
    scores = outputs["anomaly_score"]
    if not np.isfinite(scores).all():
        raise RuntimeError(
            f"LiteRT's score of golden image {int(np.isfinite(scores).argmin())} is not finite"
        )
    expected = calibration.p_values(scores)
    decided = np.array_equal(outputs["is_anomaly"], np.float64(scores) > calibration.threshold)
    if not decided or np.abs(outputs["p_value"] - expected).max() > P_VALUE_TOLERANCE:
        raise RuntimeError("LiteRT's decisions do not follow from its scores")
    if quantization != INT8:
        try:
            return golden.compare(outputs, TOLERANCES[quantization])
        except RuntimeError as error:
            raise RuntimeError(f"LiteRT's answers are not the run's: {error}") from error
    own = golden.outputs["anomaly_score"]
    difference = np.abs(scores - own).max() / max(np.abs(own).mean(), 1e-12)
    return f"scores of golden images within {difference:.1e} of the run's mean score"
