"""What a file says of itself is read back; what is not such a file is refused in a line."""

import dataclasses
import json
import re

import numpy as np
import pytest

from memgan_tf import files
from memgan_tf.evaluation.calibration import Calibration
from memgan_tf.export.litert import metadata
from memgan_tf.export.litert.flatbuffers import ALIGNMENT, load_schema, pack, parse
from memgan_tf.export.litert.metadata import LiteMetadata, read_metadata

pytest.importorskip("ai_edge_litert", reason="needs the extra litert")

TOLD = LiteMetadata(
    *("memgan", "float16", (8, 9, 3), "keep", 12),
    Calibration.of(np.array([0.1, 1.0 / 3.0, 2.5]), 0.25),
    pixel_threshold=0.75,
    card={"name": "zeros", "run": {"note": "µ"}},
)


def test_json_and_back():
    found = LiteMetadata.from_bytes(TOLD.to_bytes())
    np.testing.assert_array_equal(found.calibration.scores, TOLD.calibration.scores)
    assert dataclasses.replace(found, calibration=TOLD.calibration) == TOLD
    assert json.loads(TOLD.to_bytes())["calibration"]["threshold"] == 2.5


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (("image_shape",), [8, 9, 4]),
        (("image_fit",), "zoom"),
        (("bit_depth",), 99),
        (("calibration", "threshold"), 0.2),
        (("calibration", "scores"), []),
        (("calibration", "scores"), ["a"]),
        (("pixel_threshold",), float("nan")),
        (("card",), "x"),
    ],
)
def test_other_values_are_refused(place, value):
    values = json.loads(TOLD.to_bytes())
    inner = values
    for key in place[:-1]:
        inner = inner[key]
    inner[place[-1]] = value
    with pytest.raises((ValueError, LookupError, TypeError)):
        LiteMetadata.from_bytes(json.dumps(values).encode())


def test_a_file_holds_it_beside_aligned_constants(lite_file):
    told = read_metadata(lite_file)
    assert (told.detector, told.quantization, told.image_shape) == ("memgan", "float16", (8, 8, 1))
    assert told.card["name"] == "zeros"
    content = lite_file.read_bytes()
    checked = 0
    for buffer in parse(content).buffers:
        data = b"" if buffer.data is None else bytes(bytearray(buffer.data))
        if len(data) > 100:
            assert content.index(data) % ALIGNMENT == 0
            checked += 1
    assert checked > 3


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (lambda content: b"", "not a LiteRT model"),
        (lambda content: b"\x89PNG not a model at all", "not a LiteRT model"),
        (lambda content: content[:2000], ""),
        (lambda content: content[:4] + b"TFL3" + b"\xff" * 4000, ""),
        (lambda content: content.replace(b"memgan_tf", b"somethin_"), "no metadata"),
        (lambda content: content.replace(b'"threshold"', b'"thr\xff\xfehold"'), ""),
    ],
)
def test_what_is_not_such_a_file_is_refused_in_a_line(spoil, reason, lite_file, tmp_path):
    path = tmp_path / "other.tflite"
    path.write_bytes(spoil(lite_file.read_bytes()))
    with pytest.raises(ValueError, match="must be a .tflite file that memgan export") as caught:
        read_metadata(path)
    assert reason in str(caught.value)
    assert "\n" not in str(caught.value)
    with pytest.raises(ValueError, match="is not a file"):
        read_metadata(tmp_path)


def _with_loop(model):
    model.operatorCodes[0].builtinCode = load_schema().BuiltinOperator.WHILE


def _with_many_entries(model):
    model.metadata = [*model.metadata[:1]] * (metadata.MAX_LISTED + 1)


def _with_long_metadata(model):
    (entry,) = (e for e in model.metadata if e.name == b"memgan_tf")
    content = b" " * files.MAX_JSON_BYTES + TOLD.to_bytes()
    model.buffers[entry.buffer].data = np.frombuffer(content, np.uint8)


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (_with_loop, "it has a loop (WHILE), which may never end"),
        (_with_many_entries, "it lists 1,001 metadata, more than the 1,000 allowed"),
        (_with_long_metadata, "bytes, more than the 33,554,432 allowed"),
    ],
)
def test_what_takes_without_end_is_refused_before_it_runs(spoil, reason, lite_file, tmp_path):
    model = parse(lite_file.read_bytes())
    spoil(model)
    path = tmp_path / "endless.tflite"
    path.write_bytes(pack(model))
    with pytest.raises(ValueError, match=re.escape(reason)):
        read_metadata(path)


@pytest.mark.parametrize("head", [b"", bytes(4) + b"TFL3"])
def test_a_file_of_holes_is_not_read(head, tmp_path, monkeypatch):
    """Two gigabytes on paper, a block on the disk."""
    path = tmp_path / "empty.tflite"
    with path.open("wb") as file:
        file.write(head)
        file.truncate(metadata.MAX_FILE_BYTES - 1)
    monkeypatch.setattr(metadata, "_find", lambda *_: pytest.fail("it was read"))
    words = "it is empty but for" if head else "it is not a LiteRT model"
    with pytest.raises(ValueError, match=words):
        read_metadata(path)


def test_a_whole_file_is_read_to_its_end(tmp_path):
    path = tmp_path / "whole.tflite"
    content = bytes(4) + b"TFL3" + bytes(range(256)) * 1000
    path.write_bytes(content)
    assert metadata._read(path) == content
