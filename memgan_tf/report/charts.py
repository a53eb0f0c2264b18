"""Charts for a page, in SVG: one for a light background and one for a dark one."""

import dataclasses
import io
import itertools
import pathlib
from collections.abc import Callable
from typing import Any

import matplotlib
import numpy as np
from matplotlib.figure import Figure

from memgan_tf import files
from memgan_tf.report import plots
from memgan_tf.report.pictures import data_uri
from memgan_tf.report.score_axis import ScoreAxis

# Inches; a figure this narrow is readable on a telephone at its own size.
SIZE = (4.4, 3.1)
LEGEND_ROW = 0.22
MAX_POINTS = 400
# Largest numbers of rows and of bytes of metrics.csv.
MAX_EPOCHS, MAX_BYTES = 200_000, 16 * 2**20
# Ratio of the largest to the smallest value above which an axis is logarithmic.
WIDE = 30
INK = {"light": "#1f2328", "dark": "#e6e8eb"}
# Last parts of the tags of losses; other metrics have a separate chart.
LOSS_PREFIX = "loss/"


@dataclasses.dataclass(frozen=True)
class Chart:
    """A chart as data URIs.

    Attributes:
        title: What it shows.
        alt: A text alternative with the figures.
        light: Version for a light background.
        dark: Version for a dark background.
    """

    title: str
    alt: str
    light: str
    dark: str


def draw(title: str, alt: str, plot: Callable[[matplotlib.axes.Axes], None]) -> Chart:
    """A chart from a function that draws onto axes."""
    drawn = _svg(plot, INK["light"])
    both = (drawn, drawn.replace(INK["light"], INK["dark"]))
    return Chart(title, alt, *(data_uri("image/svg+xml", text.encode()) for text in both))


def roc_chart(labels: np.ndarray, scores: np.ndarray) -> Chart:
    """The ROC curve."""
    return draw(
        "ROC curve",
        "Share of the anomalies found against share of false alarms, over all thresholds.",
        lambda axes: plots.plot_roc(axes, labels, scores),
    )


def histogram_chart(labels: np.ndarray | None, scores: np.ndarray, threshold: float) -> Chart:
    """Histogram of the scores, with the threshold; without labels all are normal."""
    labels = np.zeros(len(scores), int) if labels is None else labels
    beyond = "".join(f"; {mark}" for mark in ScoreAxis.of(labels, scores, threshold).marks())
    return draw(
        "Scores and threshold",
        f"Histogram of the anomaly scores with the threshold at {threshold:.4g}{beyond}.",
        lambda axes: plots.plot_histogram(axes, labels, scores, threshold),
    )


def training_charts(path: pathlib.Path) -> list[Chart]:
    """Curves of metrics.csv: losses, other metrics and held-out score; empty without the file."""
    if not path.exists():
        return []
    with files.naming_damage(path, "Remove it: the report does without it"):
        rows = list(itertools.islice(files.read_table(path, MAX_BYTES), MAX_EPOCHS))
        return _charts_of(rows)


def _charts_of(rows):
    names = [name for name in (rows[0] if rows else {}) if "/" in name]
    groups = {
        "Losses": [name for name in names if name.startswith(LOSS_PREFIX)],
        "Score of held-out normal images": [n for n in names if n.startswith("validation/")],
    }
    known = {name for group in groups.values() for name in group}
    groups["Other metrics"] = [name for name in names if name not in known]
    return [_curves(title, rows, chosen) for title, chosen in groups.items() if chosen]


def _curves(title, rows, names):
    # From the end, so that the last epoch is kept.
    rows = rows[:: -max(1, -(-len(rows) // MAX_POINTS))][::-1]
    epochs = [int(row["epoch"]) for row in rows]
    series = {name: [float(row[name] or "nan") for row in rows] for name in names}

    def plot(axes):
        for name, values in series.items():
            label = plots.as_text(name.partition("/")[2].replace("_", " "))
            marker = "." if len(epochs) < 15 else None
            axes.plot(epochs, values, label=label, linewidth=1.4, marker=marker)
        axes.set(xlabel="epoch", yscale=_scale_of(np.array(list(series.values()))))
        axes.grid(alpha=0.25)
        if len(names) > 1:
            # Below the curves, so that it neither hides nor narrows them.
            height = SIZE[1] + LEGEND_ROW * -(-len(names) // 2)
            axes.figure.set_size_inches(SIZE[0], height)
            axes.figure.legend(loc="outside lower left", ncols=2, fontsize=9, frameon=False)

    last = ", ".join(f"{name} {values[-1]:.4g}" for name, values in series.items())
    return draw(title, f"{title} by epoch; at the end: {last}.", plot)


def _scale_of(values):
    """Logarithmic if all values are positive and the first epochs would flatten the others."""
    finite = values[np.isfinite(values)]
    wide = len(finite) and finite.min() > 0 and finite.max() > WIDE * finite.min()
    return "log" if wide else "linear"


def _svg(plot, ink):
    colors = dict.fromkeys(("text.color", "axes.edgecolor", "axes.labelcolor"), ink)
    colors |= dict.fromkeys(("xtick.color", "ytick.color"), ink)
    # A fixed salt for ids and no date, so the same run gives the same page.
    options: Any = {**colors, "legend.facecolor": "none", "legend.edgecolor": ink}
    options |= {"svg.hashsalt": "memgan", "axes.facecolor": "none", "font.size": 10}
    with matplotlib.rc_context(options):
        figure = Figure(figsize=SIZE, layout="constrained", facecolor="none")
        axes = figure.subplots()
        axes.spines[["top", "right"]].set_visible(False)
        plot(axes)
        buffer = io.BytesIO()
        figure.savefig(buffer, format="svg", metadata={"Date": None})
    return buffer.getvalue().decode()
