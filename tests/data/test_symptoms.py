"""docs/folders.md names the test of each symptom."""

import ast
import functools
import pathlib
import re

ROOT = pathlib.Path(__file__).parents[2]


@functools.cache
def names_in(path):
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


def test_each_symptom_has_a_test_that_exists():
    page = (ROOT / "docs" / "folders.md").read_text(encoding="utf-8")
    rows = [line for line in page.partition("## Symptoms")[2].splitlines() if "|" in line][2:]
    named = [re.fullmatch(r"\|.+\|.+\| `(tests/\S+\.py)::(\w+)` \|", row).groups() for row in rows]
    assert len(named) >= 40
    for path, test in named:
        assert test in names_in(path), test
