"""The model that scores in a worker: a run, or an exported SavedModel."""

import dataclasses
import hashlib
import json
import pathlib
import tempfile
from collections.abc import Callable

import numpy as np
import tensorflow as tf

from memgan_tf.beam import storage
from memgan_tf.evaluation.trained_run import TrainedRun

# Path of the model card in an export.
CARD_FILE = pathlib.PurePosixPath("assets.extra", "model_card.json")
# Number of images scored at once.
BATCH_SIZE = 256


@dataclasses.dataclass(frozen=True)
class ScoringModel:
    """A model for scoring.

    Attributes:
        image_shape: `(height, width, channels)` of its images.
        image_fit: How files of another size are fitted.
        bit_depth: Number of bits used by the values of files of 16 and 32 bits.
        score: Maps `(batch, *image_shape)` uint8 to anomaly scores (float32), p-values and
            decisions, each `(batch,)`.
    """

    image_shape: tuple[int, int, int]
    image_fit: str
    bit_depth: int
    score: Callable[[np.ndarray], tuple[np.ndarray, np.ndarray, np.ndarray]]


def identify(folder: str) -> str:
    """A digest that changes whenever a model's answers may change.

    Raises:
        ValueError: If the folder is neither a finished run nor a SavedModel with its card.
    """
    for name in ("COMPLETE", str(CARD_FILE)):
        path = storage.join(folder, *name.split("/"))
        if storage.exists(path):
            break
    else:
        raise ValueError(
            f"`run` must be a finished run, or `saved_model` a version's folder that memgan export "
            f"made; {folder} is neither"
        )
    decisive = path if name != "COMPLETE" else storage.join(folder, "calibration.json")
    return hashlib.sha256(storage.read(path) + storage.read(decisive)).hexdigest()


def load_model(folder: str) -> ScoringModel:
    """Loads a run or a SavedModel; one on remote storage is first copied to this machine.

    Raises:
        ValueError: If it cannot be loaded.
    """
    if storage.FileSystems.get_scheme(folder) is None:
        return _load(pathlib.Path(folder))
    with tempfile.TemporaryDirectory() as copy:
        for path in storage.list_files(storage.join(folder, "**")):
            local = pathlib.Path(copy, path.removeprefix(folder).lstrip("/"))
            local.parent.mkdir(parents=True, exist_ok=True)
            local.write_bytes(storage.read(path))
        return _load(pathlib.Path(copy))


def _load(folder):
    return _load_export(folder) if (folder / "saved_model.pb").exists() else _load_run(folder)


def _load_run(folder):
    run = TrainedRun.load(folder)

    def score(images):
        scores = run.score(images)
        return scores, run.p_values(scores), run.decide(scores)

    data = run.config.data
    return ScoringModel(run.config.image_shape, data.fit, data.bit_depth or 16, score)


def _load_export(folder):
    card = json.loads((folder / CARD_FILE).read_text(encoding="utf-8"))
    signature = tf.saved_model.load(str(folder)).signatures["serving_default"]
    (spec,) = signature.structured_input_signature[1].values()

    def score(images):
        answers = signature(image=tf.constant(images, tf.float32))
        names = ("anomaly_score", "p_value", "is_anomaly")
        return tuple(answers[name].numpy() for name in names)

    shape = tuple(spec.shape[1:])
    return ScoringModel(shape, card["image_fit"], card.get("bit_depth", 16), score)
