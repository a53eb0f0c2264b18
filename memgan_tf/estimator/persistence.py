"""Saves fitted estimators as folders and as bytes, without pickle."""

import os
import pathlib
import shutil
import tempfile
from typing import Any

import numpy as np

from memgan_tf import files, outputs, temporaries
from memgan_tf.config import RunConfig
from memgan_tf.detectors.base import Detector
from memgan_tf.detectors.deep import DeepDetector
from memgan_tf.detectors.registry import make_detector
from memgan_tf.estimator.layout import RowLayout
from memgan_tf.evaluation.calibration import Calibration
from memgan_tf.training.checkpoints import Checkpoints
from memgan_tf.training.environment import describe_environment
from memgan_tf.training.run_directory import RunDirectory
from memgan_tf.validation import check_integer, check_real

# Largest size of a file with learned state.
MAX_STATE_BYTES = 2**34
ESTIMATOR_FILE = "estimator.json"
PARTS = ("method", "settings", "layout", "n_features_in", "feature_names_in", "training_seconds")


def save(estimator, path: str | os.PathLike) -> pathlib.Path:
    """Writes a fitted estimator, completely or not at all.

    The folder is that of a finished run with an additional `estimator.json`. If values are pixels,
    `memgan score --run=<path>` also accepts it.

    Raises:
        ValueError: If the folder exists and is not empty, or could not be read again.
        OSError: If it cannot be written.
    """
    path = pathlib.Path(path)
    if path.exists() and (not path.is_dir() or any(path.iterdir())):
        raise ValueError(f"`path` must be new or an empty folder. Received: path={str(path)!r}")
    if _has_networks(estimator.detector_):
        outputs.check_for_tensorflow(path, "path")
    path.parent.mkdir(parents=True, exist_ok=True)
    staging = temporaries.make_staging(path.parent)
    try:
        write_files(staging, pack(estimator))
        files.write_json(staging / "config.json", estimator.config_.to_dict())
        files.write_json(staging / "environment.json", describe_environment())
        files.write_json(staging / ESTIMATOR_FILE, _describe(estimator))
        estimator.calibration_.save(staging / "calibration.json")
        record = {"training_seconds": round(estimator.training_seconds_, 2)}
        RunDirectory(staging).mark_complete(record)
        staging.replace(path)
    finally:
        shutil.rmtree(staging, ignore_errors=True)
    return path


def load(cls: Any, path: str | os.PathLike):
    """Reads an estimator of `cls` written by `save`.

    Raises:
        ValueError: If it is not such a folder, or the estimator has another class.
    """
    run = RunDirectory(path)
    run.check_files()
    file = run.path / ESTIMATOR_FILE
    values = files.read_json(file)
    missing = {*PARTS} - {*values} if isinstance(values, dict) else {*PARTS}
    if missing:
        raise ValueError(f"{file} is damaged: it has no {min(missing)}")
    if values["method"] != cls.method:
        raise ValueError(
            f"`path` must hold a {cls.method} estimator, and holds {values['method']}: {run.path}"
        )
    with files.naming_damage(file):
        shape = values["settings"]["image_shape"]
        values["settings"]["image_shape"] = None if shape is None else tuple(shape)
        estimator = cls(**values["settings"])
        estimator.config_ = run.read_config()
        estimator.layout_ = RowLayout.from_dict(values["layout"])
        if estimator.layout_.image_shape != tuple(estimator.config_.image_shape):
            raise ValueError("the layout does not have the shape of config.json")
        columns = estimator.layout_.num_columns
        estimator.n_features_in_ = check_integer(
            "n_features_in", values["n_features_in"], columns, columns
        )
        if values["feature_names_in"] is not None:
            names = np.asarray(values["feature_names_in"], object)
            if names.shape != (estimator.n_features_in_,):
                raise ValueError("there must be one name per feature")
            estimator.feature_names_in_ = names
        estimator.training_seconds_ = check_real("training_seconds", values["training_seconds"])
    estimator.detector_ = make_detector(estimator.config_)
    estimator.detector_.load(run)
    estimator._state = {} if _has_networks(estimator.detector_) else read_files(run.path, "*.npz")
    estimator.calibration_ = Calibration.load(run.calibration_file)
    estimator.offset_ = -estimator.calibration_.threshold
    return estimator


def pack(estimator) -> dict[str, bytes]:
    """The files with the learned state of a fitted estimator, by name."""
    if not _has_networks(estimator.detector_):
        return estimator._state
    with tempfile.TemporaryDirectory() as folder:
        run = RunDirectory(folder)
        variables = {"scoring": estimator.detector_.model.scoring_variables}
        Checkpoints(run.checkpoints, variables, estimator.config_.fingerprint(), keep=1).save(0)
        return read_files(run.path)


def unpack(config: RunConfig, state: dict[str, bytes]) -> Detector:
    """The inverse of `pack`."""
    detector = make_detector(config)
    with tempfile.TemporaryDirectory() as folder:
        write_files(pathlib.Path(folder), state)
        detector.load(RunDirectory(folder))
    return detector


def read_files(folder: pathlib.Path, pattern: str = "**/*") -> dict[str, bytes]:
    """Contents of a folder's files by relative path."""
    return {
        path.relative_to(folder).as_posix(): files.read_bytes(path, MAX_STATE_BYTES)
        for path in sorted(folder.glob(pattern))
        if path.is_file()
    }


def write_files(folder: pathlib.Path, contents: dict[str, bytes]) -> None:
    """Writes files in the form of `read_files`."""
    for name, content in contents.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)


def _has_networks(detector):
    return isinstance(detector, DeepDetector)


def _describe(estimator) -> dict[str, Any]:
    settings = {name: _plain(value) for name, value in estimator.get_params(deep=False).items()}
    names = getattr(estimator, "feature_names_in_", None)
    return {
        "method": estimator.method,
        "settings": settings,
        "layout": estimator.layout_.to_dict(),
        "n_features_in": estimator.n_features_in_,
        "feature_names_in": None if names is None else list(names),
        "training_seconds": estimator.training_seconds_,
    }


def _plain(value):
    """A value for JSON, with numpy's scalars as Python's and tuples as lists."""
    if isinstance(value, (tuple, list)):
        return [_plain(part) for part in value]
    return value.item() if hasattr(value, "item") else value
