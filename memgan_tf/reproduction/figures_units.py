"""Fig. 1: decoded memory units of MEMGAN next to those of MemAE."""

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure

from memgan_tf.report.plots import as_text
from memgan_tf.reproduction.figures import choose

# The paper shows 8 of 50.
UNITS_SHOWN = 8
HEADING = 0.25  # inches


def draw_units(rows: Sequence[tuple[str, np.ndarray, np.ndarray]], seed: int) -> Figure:
    """Draws one row per task: units of MEMGAN on the left, of MemAE on the right.

    Args:
        rows: Name of the task and both methods' decoded units,
            `(num_units, height, width, channels)` in [0, 1].
        seed: Determines which units are shown.
    """
    height = 0.62 * len(rows) + HEADING
    figure = Figure(figsize=(0.62 * 2 * UNITS_SHOWN + 1.2, height))
    margins = {"left": 0.08, "right": 0.995, "top": 1 - HEADING / height, "bottom": 0.01}
    halves = figure.add_gridspec(1, 2, wspace=0.05, **margins)
    for column, method in enumerate(("MEMGAN", "MemAE")):
        grid = halves[column].subgridspec(len(rows), UNITS_SHOWN, wspace=0.06, hspace=0.06)
        for row, (name, *decoded) in enumerate(rows):
            units = decoded[column]
            shown = units[choose(len(units), UNITS_SHOWN, seed)]
            for position in range(UNITS_SHOWN):
                axes = figure.add_subplot(grid[row, position])
                axes.set(xticks=[], yticks=[])
                axes.spines[:].set_visible(False)
                if position < len(shown):
                    _show(axes, shown[position])
                if column == position == 0:
                    axes.set_ylabel(as_text(name), rotation=0, ha="right", va="center", fontsize=9)
        box = halves[column].get_position(figure)
        figure.text((box.x0 + box.x1) / 2, box.y1, method, ha="center", va="bottom", fontsize=10)
    return figure


def _show(axes, image):
    options = {"interpolation": "nearest", "vmin": 0, "vmax": 1}
    axes.imshow(image[..., 0] if image.shape[-1] == 1 else image, cmap="gray", **options)
