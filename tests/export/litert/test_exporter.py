"""A file joins an export only if its answers are right; integers get a threshold of their own."""

import contextlib
import csv
import dataclasses
import io
import json

import numpy as np
import pytest
from PIL import Image

import memgan_tf
from memgan_tf.evaluation.calibration import Calibration
from memgan_tf.export.golden import Golden, synthetic_images
from memgan_tf.export.litert import exporter
from memgan_tf.export.litert.exporter import LiteRequest, add_litert
from memgan_tf.export.litert.metadata import read_metadata
from memgan_tf.export.litert.model import LiteModel
from memgan_tf.tools import main

pytest.importorskip("ai_edge_litert", reason="needs the extra litert")


@pytest.fixture
def parts(exported, tmp_path):
    """What `add_litert` takes, of a folder, a run and its golden answers."""
    run = memgan_tf.load(exported.run)
    return tmp_path, run, run.detector.model, Golden.load(exported.path), run.calibration


def test_what_memgan_export_says_and_keeps(lite_export):
    lines = lite_export.output.splitlines()
    assert any(line.startswith("  LiteRT float16, 0.0") for line in lines), lines
    card = json.loads((lite_export.path / "assets.extra" / "model_card.json").read_text())
    assert card["litert"]["file"] == "model.tflite"
    assert "model.tflite" in card["sha256"]
    assert card["litert"]["threshold"] == card["calibration"]["threshold"]
    assert (lite_export.path / "saved_model.pb").exists()


def test_other_scores_than_the_runs_are_refused(parts):
    folder, run, model, golden, calibration = parts
    scores = 1.01 * golden.outputs["anomaly_score"]
    other = dataclasses.replace(golden, outputs={**golden.outputs, "anomaly_score": scores})
    with pytest.raises(RuntimeError, match="LiteRT's answers are not the run's: anomaly_score of"):
        add_litert(folder, run, model, other, calibration, LiteRequest(), {})


def test_nothing_is_published_then(exported, tmp_path, monkeypatch):
    run = memgan_tf.load(exported.run)
    monkeypatch.setitem(exporter.TOLERANCES, "float32", -1.0)
    monkeypatch.setattr("memgan_tf.export.exporter.verify", lambda staging, golden: [])
    with pytest.raises(RuntimeError, match="LiteRT's answers are not the run's"):
        run.export("zeros", tmp_path, num_golden=0, warm_up=False, format="litert")
    assert list(tmp_path.iterdir()) == []


def test_integers_are_calibrated_by_their_own_scores(parts):
    folder, run, model, golden, calibration = parts
    task = run.load_task()
    made = add_litert(folder, run, model, golden, calibration, LiteRequest("int8", task), {})
    with LiteModel(folder / "model.tflite", 1) as lite:
        held_out = lite.score(task.validation.images)
    expected = Calibration.of(held_out["anomaly_score"], calibration.target_fpr)
    np.testing.assert_array_equal(made.calibration.scores, expected.scores)
    assert made.calibration.threshold != calibration.threshold
    assert read_metadata(folder / "model.tflite").calibration.threshold == expected.threshold
    assert held_out["threshold"][0] == np.float32(expected.threshold)
    assert not held_out["is_anomaly"][np.argmin(held_out["anomaly_score"])]
    assert made.facts["auroc"]["num_images"] == len(task.test.labels)
    assert any("before" in finding and "as int8" in finding for finding in made.findings)
    assert sorted(path.name for path in folder.iterdir()) == ["model.tflite"]


def test_a_quantization_needs_the_format(exported, tmp_path):
    run = memgan_tf.load(exported.run)
    with pytest.raises(ValueError, match="`quantization` must come with format=litert"):
        run.export("a", tmp_path, quantization="int8")
    with pytest.raises(ValueError, match="`format` must be one of saved_model, litert"):
        run.export("a", tmp_path, format="onnx")
    with pytest.raises(ValueError, match="`quantization` must be one of float32"):
        run.export("a", tmp_path, format="litert", quantization="int4")


def score(*flags):
    with contextlib.redirect_stdout(io.StringIO()) as output:
        assert main.main(["score", *flags]) == 0
    return output.getvalue()


def rows(path):
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def test_memgan_score_writes_what_the_run_would(lite_export, exported, tmp_path):
    photos = tmp_path / "photos"
    photos.mkdir()
    Image.fromarray(synthetic_images((8, 8, 1))[2, ..., 0]).save(photos / "gradient.png")
    for side in (8, 21, 40):
        noise = np.random.default_rng(0).integers(0, 256, (side, side + 5), dtype=np.uint8)
        Image.fromarray(noise).save(photos / f"noise {side}.png")
    (photos / "broken.png").write_bytes(b"no image")
    by_file, by_run = tmp_path / "file.csv", tmp_path / "run.csv"
    printed = score(
        *(f"--model={lite_export.path / 'model.tflite'}", f"--input={photos}"),
        *(f"--output={by_file}", "--monitor"),
    )
    score(f"--run={exported.run}", f"--input={photos}", f"--output={by_run}")
    found, expected = rows(by_file), rows(by_run)
    assert [row["path"] for row in found] == [row["path"] for row in expected]
    assert found[0].keys() == expected[0].keys()
    for one, other in zip(found, expected, strict=True):
        assert float(one["anomaly_score"]) == pytest.approx(float(other["anomaly_score"]), rel=0.01)
        assert one["is_anomaly"] == other["is_anomaly"]
    assert "1 left out" in printed
    assert json.loads((tmp_path / "file.monitor.json").read_text())["num_images"] == len(found)


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--model=none.tflite"], "`model` must be a .tflite file; none.tflite is not a file"),
        (["--model=a", "--run=b"], "one of `run`, `model` and `server` must be given"),
    ],
)
def test_mistakes_are_a_line(flags, message, tmp_path, capsys):
    assert main.main(["score", *flags, "--input=a.png", f"--output={tmp_path / 'a.csv'}"]) == 1
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1
