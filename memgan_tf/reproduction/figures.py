"""What the paper's figures share: colours, sampling, vector files and PNG."""

import pathlib

import matplotlib
import numpy as np
from matplotlib.figure import Figure

from memgan_tf import files

# The paper's colours: units red, normal codes orange, abnormal codes blue.
UNIT_COLOR, CODE_COLOR, ABNORMAL_COLOR = "#c1121f", "#f29f3d", "#2c7fb8"
RESOLUTION = 130


def save_figure(figure: Figure, stem: pathlib.Path) -> list[pathlib.Path]:
    """Writes `<stem>.svg` and `<stem>.png`, the same bytes for the same figure.

    Raises:
        OSError: If the folder is missing or cannot be written.
    """
    paths = [stem.with_suffix(suffix) for suffix in (".svg", ".png")]
    # Ids from a fixed salt and no date: a figure that did not change is the same file.
    with matplotlib.rc_context({"svg.hashsalt": "memgan", "svg.fonttype": "none"}):
        for path in paths:
            kind = path.suffix[1:]
            metadata = {"Date": None} if kind == "svg" else {}
            with files.replacing(path) as temporary:
                figure.savefig(temporary, dpi=RESOLUTION, format=kind, metadata=metadata)
    return paths


def choose(count: int, limit: int, seed: int) -> np.ndarray:
    """Positions of at most `limit` of `count` things, drawn by `seed`, in their order."""
    if count <= limit:
        return np.arange(count)
    return np.sort(np.random.default_rng(seed).choice(count, limit, replace=False))
