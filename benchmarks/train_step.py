"""The training step alone: `python benchmarks/run.py --parts=steps`, whose flags it takes."""

import sys

import run
from absl import app

if __name__ == "__main__":
    app.run(run.main, [*sys.argv, "--parts=steps"])
