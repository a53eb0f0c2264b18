"""Every record of a grid is made by a command on a page, and every such command has its records."""

import itertools
import pathlib
import re
import shlex

from absl import flags

from memgan_tf.reproduction.records import Cell, read_records
from memgan_tf.tools import benchmark

ROOT = pathlib.Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


def cells(line):
    """The cells of a `memgan benchmark` command; none if its records go elsewhere."""
    given = flags.FlagValues()
    benchmark.define_flags(given)
    given(shlex.split(line)[1:])
    if given.results_dir != "results":
        return set()
    variant = "+".join([given.preset, *given.override])
    places = itertools.product(given.detectors, given.classes, given.seeds)
    return {Cell(given.suite, d, variant, int(c), int(s)) for d, c, s in places}


def commands():
    """All `memgan benchmark` commands of the pages' shell blocks."""
    for page in PAGES:
        for block in re.findall(r"^```sh\n(.*?)^```", page.read_text(), re.M | re.S):
            for line in block.replace("\\\n", " ").splitlines():
                if line.startswith("memgan benchmark "):
                    yield page.name, line


def test_a_commands_cells_follow_from_its_flags():
    line = "memgan benchmark --suite=mnist --detectors=kde,pca --classes=2 --seeds=1 --override=a=b"
    assert cells(line) == {Cell("mnist", d, "default+a=b", 2, 1) for d in ("kde", "pca")}
    assert len(cells("memgan benchmark --suite=mnist")) == 30
    assert cells("memgan benchmark --suite=mnist --results_dir=elsewhere") == set()


def test_every_record_is_made_by_a_command_of_a_page():
    made = set().union(*(cells(line) for _, line in commands()))
    assert sorted(set(read_records(ROOT / "results")) - made) == []


def test_every_command_of_a_page_has_its_records():
    records = set(read_records(ROOT / "results"))
    missing = {(page, str(cell)) for page, line in commands() for cell in cells(line) - records}
    assert missing == set()
