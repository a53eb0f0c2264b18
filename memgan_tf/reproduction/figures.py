"""Shared parts of the paper's figures: colors, sampling, SVG and PNG files."""

import pathlib

import matplotlib
import numpy as np
from matplotlib.figure import Figure

from memgan_tf import files

# The paper's colors: units red, normal codes orange, abnormal codes blue.
UNIT_COLOR, CODE_COLOR, ABNORMAL_COLOR = "#c1121f", "#f29f3d", "#2c7fb8"
RESOLUTION = 130


def save_figure(figure: Figure, stem: pathlib.Path) -> list[pathlib.Path]:
    """Writes `<stem>.svg` and `<stem>.png`, with the same bytes for the same figure.

    Raises:
        OSError: If the folder is missing or cannot be written.
    """
    paths = [stem.with_suffix(suffix) for suffix in (".svg", ".png")]
    # A fixed salt for ids and no date, so an unchanged figure gives the same file.
    with matplotlib.rc_context({"svg.hashsalt": "memgan", "svg.fonttype": "none"}):
        for path in paths:
            kind = path.suffix[1:]
            metadata = {"Date": None} if kind == "svg" else {}
            with files.replacing(path) as temporary:
                figure.savefig(temporary, dpi=RESOLUTION, format=kind, metadata=metadata)
    return paths


def choose(count: int, limit: int, seed: int) -> np.ndarray:
    """Positions of at most `limit` of `count` items, drawn with `seed`, ascending."""
    if count <= limit:
        return np.arange(count)
    return np.sort(np.random.default_rng(seed).choice(count, limit, replace=False))
