"""The benchmark runs; how fast the export is is not a test's business."""

import pathlib

from tests.reliability import processes

SCRIPT = pathlib.Path(__file__).parents[2] / "benchmarks" / "serving.py"


def test_serving_prints_its_table(tmp_path):
    flags = ["--side=8", "--rounds=2", "--images=8", "--batch_sizes=1,4"]
    ended = processes.run_program(SCRIPT, flags, tmp_path)
    assert ended.code == 0, ended.output
    rows = [line for line in ended.output.splitlines() if line.startswith(("| 1 |", "| 4 |"))]
    assert len(rows) == 2 * 4
    assert all(row.endswith("(1.00 to 1.00) |") for row in rows if "run's score" in row)
