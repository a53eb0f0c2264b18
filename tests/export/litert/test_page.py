"""What docs/litert.md tells a Raspberry Pi to run does run."""

import pathlib
import re

import numpy as np
import pytest
from PIL import Image

import memgan_tf

pytest.importorskip("ai_edge_litert", reason="needs the extra litert")

PAGE = pathlib.Path(__file__).parents[3] / "docs" / "litert.md"


def test_the_python_of_the_page_scores_a_photograph(
    lite_file, exported, tmp_path, monkeypatch, capsys
):
    pixels = np.random.default_rng(0).integers(0, 256, (8, 8), dtype=np.uint8)
    Image.fromarray(pixels).save(tmp_path / "photo.png")
    (tmp_path / "model.tflite").write_bytes(lite_file.read_bytes())
    monkeypatch.chdir(tmp_path)
    (block,) = re.findall(r"^```python\n(.*?)^```", PAGE.read_text(), re.MULTILINE | re.DOTALL)
    exec(block, {})
    score, p_value, decision = capsys.readouterr().out.split()
    run = memgan_tf.load(exported.run)
    (expected,) = run.score(pixels[np.newaxis, ..., np.newaxis])
    np.testing.assert_allclose(float(score), expected, rtol=5e-3)
    np.testing.assert_allclose(float(p_value), run.p_values(np.float32([score])), rtol=1e-6)
    assert decision == str(expected > run.threshold)
