"""The page about backbones says what is so."""

import pathlib
import re

import numpy as np
import pytest

from memgan_tf.backbones.catalog import NETWORKS

ROOT = pathlib.Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "backbones.md").read_text()


@pytest.mark.parametrize("name", NETWORKS)
def test_named_networks(name):
    network = NETWORKS[name]
    assert f"| `{name}` | ImageNet | {network.license} | `{network.cached}` |" in PAGE
    row = re.search(rf"^\| `{name}` \| .*stride|^\| `{name}` \| `.*$", PAGE, re.MULTILINE)[0]
    assert all(f"`{layer}`" in row for layer in network.layers)


def test_the_table_is_made_from_the_record(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    import run

    assert run.fill(PAGE, ROOT / "results" / "benchmarks") == PAGE


def test_the_python_of_the_page_runs(capsys):
    names = {"photographs": np.zeros((1, 64, 96, 3), "float32")}
    for block in re.findall(r"^```python\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL):
        exec(block, names)
    assert [tuple(found.shape[1:3]) for found in names["maps"]] == [(8, 12), (4, 6), (4, 6), (2, 3)]
    assert names["backbone"].sha256 in capsys.readouterr().out
