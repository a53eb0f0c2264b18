"""The benchmark runs; how fast the export is is not a test's business."""

import pathlib
import subprocess
import sys

SCRIPT = pathlib.Path(__file__).parents[2] / "benchmarks" / "serving.py"


def test_serving_prints_its_table():
    flags = ["--side=8", "--rounds=2", "--images=8", "--batch_sizes=1,4"]
    command = [sys.executable, str(SCRIPT), *flags]
    result = subprocess.run(command, capture_output=True, text=True, check=True)
    rows = [line for line in result.stdout.splitlines() if line.startswith(("| 1 |", "| 4 |"))]
    assert len(rows) == 2 * 4
    assert all(row.endswith("(1.00 to 1.00) |") for row in rows if "run's score" in row)
