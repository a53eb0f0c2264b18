"""Readers of single files, each with what is thrown at it.

A reader takes an input and an empty folder. It returns if the input is usable, and what it returns
was checked; a refusal is a ValueError that names the file.
"""

import csv
import dataclasses
import hashlib
import json
import pathlib
from collections.abc import Callable
from typing import Any

import numpy as np
from hypothesis import strategies as st

from memgan_tf.config import read_overrides, resolve
from memgan_tf.data import npz, prepared
from memgan_tf.data.folders import index as folder_index
from memgan_tf.data.image_files import decode, pillow_rules
from memgan_tf.data.inputs import read_input
from memgan_tf.evaluation.calibration import Calibration
from memgan_tf.evaluation.heat_scale import read_scale
from memgan_tf.evaluation.scores import FORMULA_SIGNS, as_cell, write_decisions
from memgan_tf.export.golden import Golden
from memgan_tf.report.commands import given_command
from memgan_tf.report.findings import read_results
from memgan_tf.reproduction.records import read_records
from memgan_tf.training.actions import CsvLogger
from memgan_tf.training.loop import Epoch
from memgan_tf.training.run_directory import RunDirectory
from tests.malformed_files import encoded
from tests.reliability import fuzz_inputs as inputs

SHAPE = (8, 8, 1)
PIXELS = np.random.default_rng(0).integers(0, 256, (12, *SHAPE), dtype=np.uint8)


@dataclasses.dataclass(frozen=True)
class Reader:
    """One reader.

    Attributes:
        name: What it reads.
        make: Gives the strategy of its inputs; slow things are made in it, once.
        read: Of an input and a folder.
        named: Pattern that a refusal must have; empty where the caller adds the file's name.
        cost: How many cheap examples one of its examples is worth.
        allowed: What it does that no other reader may.
    """

    name: str
    make: Callable[[], st.SearchStrategy]
    read: Callable[[Any, pathlib.Path], None]
    named: str = ""
    cost: int = 1
    allowed: tuple[str, ...] = ()


def config(detector="memgan", **overrides):
    """A small configuration on the digits."""
    return resolve(detector, "default", SHAPE, {"dataset": "digits", "normal_class": 0} | overrides)


def read_npz(content, folder):
    path = folder / "set.npz"
    path.write_bytes(content)
    npz.image_shape(str(path))
    for split in ("train", "test"):
        found = npz.load(str(path), split)
        if found is not None:
            assert found.images.dtype == np.uint8
            assert len(found.images) == len(found.names) > 0


def read_npz_input(content, folder):
    path = folder / "set.npz"
    path.write_bytes(content)
    assert read_input(str(path), SHAPE).images.dtype == np.uint8


def read_image(content, folder):
    path = folder / "image.png"
    path.write_bytes(content)
    with pillow_rules():
        assert decode(path).fit(8, 8, "pad").shape == (8, 8, 3)


def read_names(names, folder):
    """Images under odd names, to scores.csv and back."""
    photos = folder / "photos"
    photos.mkdir()
    for name in names:
        (photos / name).write_bytes(encoded("PNG"))
    found = read_input(str(photos), SHAPE)
    ones = np.ones(len(found.names))
    write_decisions(folder / "scores.csv", found.names, None, ones, ones, ones)
    with (folder / "scores.csv").open(newline="", encoding="utf-8") as file:
        cells = [row["path"] for row in csv.DictReader(file)]
    assert cells == [as_cell(name) for name in found.names]
    assert not any(cell.startswith(FORMULA_SIGNS) for cell in cells)
    assert "\x1b" not in (folder / "scores.csv").read_text(encoding="utf-8")
    # Hidden files are left out.
    assert len(set(cells)) == len({name for name in names if not name.startswith(".")})


def read_config(content, folder):
    (folder / "config.json").write_bytes(content)
    json.dumps(RunDirectory(folder).read_config().to_dict(), allow_nan=False)


def read_config_file(content, folder):
    path = folder / "settings.json"
    path.write_bytes(content)
    values = read_overrides(str(path))
    detector, preset = values.pop("detector", "memgan"), values.pop("preset", "default")
    resolve(detector, preset, SHAPE, values)


def read_calibration(content, folder):
    path = folder / "calibration.json"
    path.write_bytes(content)
    found = Calibration.load(path)
    assert np.isfinite(found.threshold)
    assert np.isfinite(found.p_values(np.zeros(2))).all()
    assert found.describe()


def read_completion(content, folder):
    (folder / "config.json").write_text("{}")
    (folder / "COMPLETE").write_bytes(content)
    assert RunDirectory(folder).read_completion()["training_seconds"] is not None


def read_environment(content, folder):
    run = RunDirectory(folder)
    (folder / "environment.json").write_bytes(content)
    assert isinstance(given_command(run), str | None)
    run.write_config(config())


def read_metrics(content, folder):
    path = folder / "metrics.csv"
    path.write_bytes(content)
    explained = {"anomaly_score": np.ones(2)}
    metrics = {"loss/cycle": 1.0}
    CsvLogger(path)(Epoch(3, False, 9, 1.0, metrics, np.zeros((2, 8, 8, 1)), explained, None))


def read_results_and_scores(given, folder):
    results, scores = given
    (folder / "results.json").write_bytes(results)
    (folder / "eval").mkdir()
    (folder / "eval" / "scores.csv").write_bytes(scores)
    found = read_results(RunDirectory(folder), 1.5, ["test/0", "test/1"])
    if found is not None:
        assert np.isfinite(found[2]).all()
        assert found[0]["metrics"]["auroc"] is not None


def read_record(content, folder):
    path = folder / "default" / "kde" / "digits" / "0" / "seed_0.json"
    path.parent.mkdir(parents=True)
    path.write_bytes(content)
    for record in read_records(folder).values():
        assert 0 <= record["metrics"]["auroc"] <= 1


def read_heat_scale(content, folder):
    path = folder / "heatmap_scale.json"
    path.write_bytes(content)
    assert np.isfinite(read_scale(path).normalize(np.ones(3))).all()


def read_index(content, folder):
    (folder / "data_index.json").write_bytes(content)
    folder_index.keep({"content": "a", "folder": "photos"}, folder)


def read_features(content, folder):
    (folder / "features.json").write_bytes(content)
    assert len(prepared.image_shape("odd", folder)) == 3


def read_golden(content, folder):
    path = folder / "assets.extra" / "golden.npz"
    path.parent.mkdir()
    path.write_bytes(content)
    assert Golden.load(folder).images.dtype == np.uint8


RESULTS = {"threshold": 1.5, "metrics": {"auroc": 0.5}, "detector": "kde", "suspect": []}
SCORES = b"path,label,anomaly_score,p_value,is_anomaly\r\ntest/0,0,1,0.5,0\r\ntest/1,1,2,0.1,1\r\n"
METRICS = b"epoch,step,seconds,loss/cycle,validation/score\r\n1,3,0.1,1,1\r\n2,6,0.1,1,1\r\n"
FEATURES = {
    "featuresDict": {
        "features": {
            "image": {"image": {"shape": {"dimensions": ["8", "8", "1"]}}},
            "label": {"classLabel": {"numClasses": "10"}},
        }
    }
}
SETTINGS = {"detector": "memgan", "epochs": 3, "learning_rate": 1e-3, "model": {"latent_dim": 4}}
LABELS = np.arange(12) % 2
GOLDEN = {"images": PIXELS, "anomaly_score": np.arange(12.0)}
SET = {"x_train": PIXELS, "y_train": LABELS, "x_test": PIXELS, "y_test": LABELS}


def _calibration():
    found = Calibration.of(np.arange(19.0), 0.05)
    return {
        "digest": found.digest(),
        "target_fpr": found.target_fpr,
        "source": found.source,
        "scores": found.scores.tolist(),
    }


def _completion():
    digest = hashlib.sha256(b"{}").hexdigest()
    return {"training_seconds": 1.5, "suspect": False, "config_sha256": digest}


def _results():
    whole = json.dumps(RESULTS).encode()
    return st.one_of(
        st.tuples(inputs.json_files(RESULTS), st.just(SCORES)),
        st.tuples(st.just(whole), inputs.damaged(SCORES)),
    )


def _json(document):
    return lambda: inputs.json_files(document() if callable(document) else document)


SCALE = {"top": 0.5, "share": 0.999, "num_images": 30}
INDEX = {"content": "a", "folder": "photos"}
ENVIRONMENT = {"python": "3.11", "tensorflow": "2.21", "command": "memgan train --epochs=3"}
READERS = (
    Reader("npz data set", lambda: inputs.npz_files(SET), read_npz, "set.npz"),
    Reader("npz to score", lambda: inputs.npz_files(SET), read_npz_input, "set.npz"),
    Reader("image", inputs.image_files, read_image),
    Reader("file names", inputs.name_lists, read_names),
    Reader("config.json", _json(lambda: config().to_dict()), read_config, "config.json"),
    Reader("config_file", _json(SETTINGS), read_config_file),
    Reader("calibration.json", _json(_calibration), read_calibration, "calibration.json"),
    Reader("COMPLETE", _json(_completion), read_completion, "COMPLETE"),
    Reader("environment.json", _json(ENVIRONMENT), read_environment, "environment.json"),
    Reader("metrics.csv", lambda: inputs.damaged(METRICS), read_metrics, "metrics.csv"),
    Reader("results.json, scores.csv", _results, read_results_and_scores, "s"),
    Reader("record", _json(RESULTS), read_record, "seed_0.json"),
    Reader("heatmap_scale.json", _json(SCALE), read_heat_scale, "heatmap_scale.json"),
    Reader("data_index.json", _json(INDEX), read_index, "have changed|data_index.json"),
    Reader("features.json", _json(FEATURES), read_features, "tfds:odd|features.json"),
    Reader("golden.npz", lambda: inputs.npz_files(GOLDEN), read_golden, "golden.npz"),
)
