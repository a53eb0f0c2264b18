"""Exports a trained run as a published version."""

import dataclasses
import pathlib
from typing import Any

import numpy as np
import tensorflow as tf

from memgan_tf.detectors.registry import make_detector
from memgan_tf.evaluation.calibration import Calibration
from memgan_tf.evaluation.predicted_regions import pixel_threshold
from memgan_tf.evaluation.trained_run import TrainedRun
from memgan_tf.export.golden import Golden
from memgan_tf.export.litert.exporter import LiteExport, LiteRequest, add_litert
from memgan_tf.export.model_card import describe_export, write_card
from memgan_tf.export.publish import ModelStore
from memgan_tf.export.scorer import Scorer
from memgan_tf.export.verification import verify
from memgan_tf.export.warmup import write_warmup
from memgan_tf.models.common.base import TrainableModel


@dataclasses.dataclass(frozen=True)
class Export:
    """A published version.

    Attributes:
        path: Its folder.
        findings: What the checks before publishing found, a phrase each.
        calibration: What decides.
        litert: Findings of the checks of its LiteRT file; None without a file.
    """

    path: pathlib.Path
    findings: list[str]
    calibration: Calibration
    litert: LiteExport | None = None


def export(
    run: TrainedRun,
    calibration: Calibration,
    images: np.ndarray,
    store: ModelStore,
    version: int | None = None,
    description: dict[str, Any] | None = None,
    warm_up: bool = True,
    litert: LiteRequest | None = None,
) -> Export:
    """Exports a run's score, checks it and publishes it.

    Args:
        run: The run; it passed `obstacles.check_exportable`.
        calibration: Sets the threshold and the p-values.
        images: Golden images, `(num_images, height, width, channels)` uint8.
        store: Where to publish.
        version: Number of the version; None uses the time.
        description: Description of the run, for the model card.
        warm_up: Whether to write warm-up requests.
        litert: Kind of LiteRT file to add; None adds no file.

    Raises:
        ValueError: If the version is taken.
        RuntimeError: If a check fails; then nothing is published.
    """
    version = store.new_version(version)
    golden = ask_run(run, calibration, images)
    image_shape, image_fit = run.config.image_shape, run.config.data.fit
    model, lite = servable_model(run), None
    scorer = Scorer(
        model,
        image_shape,
        calibration,
        image_fit,
        bit_depth=run.config.data.bit_depth or 16,
        pixel_threshold=pixel_threshold(run),
    )
    signatures = scorer.signatures()
    with store.publishing(version) as staging:
        tf.saved_model.save(scorer, str(staging), signatures=signatures)
        golden.save(staging)
        if warm_up:
            write_warmup(staging, store.name, images, list(signatures))
        findings = verify(staging, golden)
        card = describe_export(run, calibration, store.name, version)
        card |= {"signatures": list(signatures), "checks": findings, "run": description or {}}
        if litert is not None:
            lite = add_litert(staging, run, model, golden, calibration, litert, card)
            card["litert"] = lite.facts
        write_card(staging, card)
        # The card and the pixel threshold were read after the weights.
        run.check_unchanged()
    return Export(store.path / str(version), findings, calibration, lite)


def servable_model(run: TrainedRun) -> TrainableModel:
    """The run's model; made again if XLA compiles it, which a server may be built without."""
    if not run.config.training.jit_compile:
        return run.detector.model
    training = dataclasses.replace(run.config.training, jit_compile=False)
    detector = make_detector(dataclasses.replace(run.config, training=training))
    detector.load(run.directory)
    return detector.model


def ask_run(run, calibration, images):
    """The run's own answers for the golden images, without a SavedModel."""
    scores = run.score(images)
    return Golden(
        images,
        {
            "anomaly_score": scores,
            "p_value": calibration.p_values(scores).astype(np.float32),
            "is_anomaly": scores > calibration.threshold,
            "threshold": np.full(len(scores), calibration.threshold, np.float32),
        },
    )
