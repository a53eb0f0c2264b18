"""What cannot be exported is refused first, in a line, and leaves nothing behind."""

import re

import pytest

import memgan_tf
from memgan_tf.config import resolve
from memgan_tf.detectors.base import Detector
from memgan_tf.export import obstacles
from memgan_tf.tools import main
from memgan_tf.training.run_directory import RunDirectory

LACKING = "dagmm: LiteRT has no built-in operation for MatrixTriangularSolve"
NUMPY = "runs on numpy, not in a TensorFlow graph. Score with memgan score"
BFLOAT16 = r"bfloat16, .* \(mixed_precision\). Export with format=saved_model"


@pytest.mark.parametrize(
    ("name", "overrides", "flags", "message"),
    [
        ("kde", {}, [], f"cannot be exported: kde {NUMPY}"),
        ("pca", {}, ["--format=litert"], f"cannot be exported: pca {NUMPY}"),
        ("adgan", {"num_inversion_steps": 7}, [], "by 7 optimization steps. Score with memgan"),
        ("dagmm", {}, ["--format=litert"], f"cannot be a LiteRT file: {LACKING}"),
        ("memgan", {"mixed_precision": True}, ["--format=litert"], BFLOAT16),
        (
            "pca",
            {"score_rule": "local"},
            ["--format=litert", "--quantization=int8"],
            "int8 makes the layers of networks integers, and this score has none. Use float16",
        ),
    ],
)
def test_an_obstacle_comes_before_the_run_is_read(
    name, overrides, flags, message, tmp_path, capsys
):
    # A run without anything but its settings: to read more of it would fail.
    directory = RunDirectory(tmp_path / "run")
    directory.path.mkdir()
    directory.write_config(resolve(name, "default", (8, 8, 1), overrides))
    directory.mark_complete({})
    models = tmp_path / "new" / "models"
    flags = [f"--run={directory.path}", f"--output_dir={models}", "--name=a", *flags]
    assert main.main(["export", *flags]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("memgan export: error: `run` cannot be ")
    assert re.search(message, line)
    assert not (tmp_path / "new").exists()


def test_a_new_detector_says_itself_what_is_in_the_way():
    class Shown(Detector):
        fit = load = explain = initialize = None
        operations_without_litert = ("Svd",)

    class Plain(Shown):
        operations_without_litert, has_network = (), False

    config = resolve("dcae", "default", (8, 8, 1), {})
    with pytest.raises(ValueError, match="dcae: LiteRT has no built-in operation for Svd"):
        obstacles.check_exportable(Shown(config), "litert")
    assert obstacles.litert_obstacle(Plain(config), "float16") is None
    with pytest.raises(ValueError, match="int8 makes the layers of networks integers"):
        obstacles.check_exportable(Plain(config), "litert", "int8")
    obstacles.check_exportable(Shown(config))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"target_fpr": 0.9, "warm_up": False}, "`target_fpr` must be at most 0.5"),
        ({"version": 0, "warm_up": False}, "`version` must be at least 1"),
        ({"num_golden": -1, "warm_up": False}, "`num_golden` must be at least 0"),
        ({}, "pip install 'memgan_tf"),
        ({"format": "litert", "warm_up": False}, "`run` cannot be a LiteRT file: memgan: no bfl"),
    ],
)
def test_python_is_refused_before_the_images_are_read(
    settings, message, exported, tmp_path, monkeypatch
):
    run = memgan_tf.load(exported.run)
    monkeypatch.setattr(run, "load_task", lambda *_: pytest.fail("the images were read"))
    monkeypatch.setattr(obstacles, "litert_obstacle", lambda *_: "no bfloat16")
    monkeypatch.setattr("memgan_tf.export.warmup.importlib.util.find_spec", lambda name: None)
    monkeypatch.setattr("memgan_tf.run.check_format", lambda format, quantization: "float32")
    with pytest.raises(ValueError, match=message):
        run.export("a", tmp_path / "new" / "models", **settings)
    assert not (tmp_path / "new").exists()
