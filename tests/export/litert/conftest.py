"""Untrained detectors, a file that the command line made, and LiteRT's interpreter."""

import contextlib
import dataclasses
import io
import pathlib

import numpy as np
import pytest

from memgan_tf.config import resolve
from memgan_tf.config.registry import DEEP, DETECTORS
from memgan_tf.detectors.registry import make_detector
from memgan_tf.evaluation.calibration import Calibration
from memgan_tf.export.litert.scorer import LiteScorer
from memgan_tf.export.litert.worker import LiteRunner
from memgan_tf.tools import main
from tests.tiny_backbone import write_tiny_backbone

SMALL = {
    **{"base_width": 4, "latent_dim": 4, "discriminator_width": 8, "num_units": 6},
    **{"widths": "4", "num_hidden": 8, "estimation_width": 4},
}


@dataclasses.dataclass(frozen=True)
class LiteExport:
    """A published version with a LiteRT file."""

    path: pathlib.Path
    output: str  # what memgan export printed


@pytest.fixture(scope="session")
def tiny_network(tmp_path_factory):
    return f"file:{write_tiny_backbone(tmp_path_factory.mktemp('backbone') / 'tiny.keras')}"


@pytest.fixture
def untrained(pixels, tiny_network):
    """Makes a detector that can score, of a few settings, and nothing learned."""

    def make(name, shape=(8, 8, 1), **more):
        fields = DETECTORS[name].config.describe()
        overrides = {key: value for key, value in SMALL.items() if key in fields}
        if name in DEEP:
            overrides["batch_size"] = 16
        if "backbone" in fields:
            overrides |= {"backbone": tiny_network, "min_side": 32}
        if name == "pca":
            overrides["score_rule"] = "local"
        detector = make_detector(resolve(name, "default", shape, overrides | more))
        detector.initialize(pixels(24, shape))
        detector.score(pixels(1, shape))
        return detector

    return make


@pytest.fixture
def lite_scorer(untrained, pixels):
    """Makes a detector and its scorer, calibrated by its scores of noise."""

    def make(name, shape=(8, 8, 1), **more):
        detector = untrained(name, shape, **more)
        calibration = Calibration.of(detector.score(pixels(12, shape, seed=3)), 0.2)
        return detector, LiteScorer(detector.model, shape, calibration)

    return make


@pytest.fixture
def interpret(tmp_path):
    """Answers of a file's content for images, in this process."""

    def answer(content, images):
        path = tmp_path / "model.tflite"
        path.write_bytes(content)
        return LiteRunner(str(path), 1)(np.asarray(images))

    return answer


@pytest.fixture(scope="session")
def lite_export(exported, tmp_path_factory):
    """The tiny run, exported with a file in half precision by the command line."""
    models = tmp_path_factory.mktemp("litert")
    flags = [f"--run={exported.run}", "--name=zeros", f"--output_dir={models}", "--version=1"]
    flags += ["--nowarm_up", "--format=litert", "--quantization=float16"]
    with contextlib.redirect_stdout(io.StringIO()) as output:
        assert main.main(["export", *flags]) == 0
    return LiteExport(models / "zeros" / "1", output.getvalue())


@pytest.fixture(scope="session")
def lite_file(lite_export):
    return lite_export.path / "model.tflite"
