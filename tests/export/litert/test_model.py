"""A file in a process of its own: right answers, and a line if it is damaged."""

import os
import signal

import numpy as np
import pytest

import memgan_tf
from memgan_tf.export.litert import flatbuffers, model
from memgan_tf.export.litert.flatbuffers import data_of, operations, pack, parse
from memgan_tf.export.litert.model import LiteModel

pytest.importorskip("ai_edge_litert", reason="needs the extra litert")


def test_it_answers_as_the_run(lite_file, exported, pixels):
    run, images = memgan_tf.load(exported.run), pixels(5, seed=1)
    expected, explained = run.score(images), run.explain(images)
    with LiteModel(lite_file, num_threads=1) as lite:
        found = lite.score(images)
        np.testing.assert_allclose(found["anomaly_score"], expected, rtol=5e-3)
        np.testing.assert_allclose(
            found["p_value"], run.p_values(found["anomaly_score"]), rtol=1e-6
        )
        np.testing.assert_array_equal(found["is_anomaly"], run.decide(found["anomaly_score"]))
        # Images in any parts, and again.
        np.testing.assert_array_equal(
            lite.score(images[3:])["anomaly_score"], found["anomaly_score"][3:]
        )
        maps = lite.explain(images[:2])["anomaly_map"]
        np.testing.assert_allclose(maps, explained["anomaly_map"][:2], rtol=2e-2, atol=2e-2)
        with pytest.raises(ValueError, match=r"must have the shape that the model takes, \(8, 8"):
            lite.score(np.zeros((1, 9, 9, 1), np.uint8))


def test_an_interpreter_that_dies_is_reported(lite_file, pixels):
    with LiteModel(lite_file, num_threads=1) as lite:
        os.kill(lite._process.pid, signal.SIGKILL)
        lite._process.wait()
        with pytest.raises(ValueError, match="ended by SIGKILL") as caught:
            lite.score(pixels(2))
    assert "\n" not in str(caught.value)


def _other_operation(content):
    """The first convolution becomes an operation that takes other inputs."""
    changed = parse(content)
    found = operations(changed, changed.subgraphs[0])
    position = next(i for i, o in enumerate(found) if o.kind == "CONV_2D")
    code = changed.operatorCodes[changed.subgraphs[0].operators[position].opcodeIndex]
    code.builtinCode = code.deprecatedBuiltinCode = 36  # GATHER
    return pack(changed)


def _huge_shape(content):
    changed = parse(content)
    for tensor in changed.subgraphs[0].tensors:
        if data_of(changed, tensor) is None and len(tensor.shape) == 4:
            tensor.shape = np.array([1, 2**20, 2**20, 1], np.int32)
    return pack(changed)


def _input_out_of_range(content):
    changed = parse(content)
    changed.subgraphs[0].operators[-1].inputs = np.array([2**30], np.int32)
    return pack(changed)


@pytest.mark.parametrize("spoil", [_other_operation, _huge_shape, _input_out_of_range])
def test_a_malformed_graph_ends_in_a_line(spoil, lite_file, tmp_path, pixels):
    path = tmp_path / "malformed.tflite"
    path.write_bytes(spoil(lite_file.read_bytes()))
    with pytest.raises(ValueError, match="cannot be run by LiteRT's interpreter: ") as caught:
        LiteModel(path, num_threads=1).score(pixels(1))
    assert "\n" not in str(caught.value)


def test_an_interpreter_that_hangs_is_ended(lite_file, pixels, monkeypatch):
    with LiteModel(lite_file, num_threads=1) as lite:
        monkeypatch.setattr(model, "SECONDS", 0.2)
        os.kill(lite._process.pid, signal.SIGSTOP)
        with pytest.raises(ValueError, match=r"it took more than 0\.4 s"):
            lite.score(pixels(1))


def test_without_the_package_a_line_says_what_to_install(lite_file, monkeypatch):
    monkeypatch.setattr(flatbuffers.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ValueError, match=r"pip install 'memgan_tf\[litert\]'"):
        LiteModel(lite_file)
