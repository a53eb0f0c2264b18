"""Draws pictures of a run as PNG files."""

import pathlib
from typing import cast

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullLocator
from sklearn.metrics import roc_auc_score, roc_curve

from memgan_tf import files
from memgan_tf.report.score_axis import ScoreAxis
from memgan_tf.text import printable

NORMAL_COLOR, ANOMALY_COLOR = "#2c7fb8", "#d95f0e"
IMAGES_PER_GROUP = 4
# In figures narrower than this, in inches, a legend of three entries has two columns.
THREE_COLUMNS = 6.0


def as_text(text: str) -> str:
    """A user's name escaped for matplotlib, so that `$x$` is not a formula."""
    return printable(text, keep="\n").replace("$", r"\$")


def draw_roc(path: pathlib.Path, labels: np.ndarray, scores: np.ndarray, title: str) -> None:
    """Draws the ROC curve of scores `(num_images,)` for labels, 1 = anomaly."""
    figure = Figure(figsize=(4.5, 4.5), layout="constrained")
    axes = figure.subplots()
    plot_roc(axes, labels, scores)
    axes.set(title=f"{as_text(title)}\nAUROC {100 * roc_auc_score(labels, scores):.2f}")
    _save(figure, path)


def plot_roc(axes: Axes, labels: np.ndarray, scores: np.ndarray) -> None:
    """Like `draw_roc`, onto given axes."""
    false_positives, true_positives, _ = roc_curve(labels, scores)
    axes.plot(false_positives, true_positives, color=ANOMALY_COLOR)
    axes.plot([0, 1], [0, 1], color="0.6", linestyle=":", linewidth=1)
    axes.set(
        xlabel="false alarms, share of the normal images",
        ylabel="found, share of the anomalies",
        xlim=(-0.01, 1.01),
        ylim=(-0.01, 1.01),
        aspect="equal",
    )


def draw_histogram(
    path: pathlib.Path, labels: np.ndarray, scores: np.ndarray, threshold: float, title: str
) -> None:
    """Draws histograms of normal and anomalous scores `(num_images,)`, and the threshold."""
    figure = Figure(figsize=(6.5, 4), layout="constrained")
    axes = figure.subplots()
    plot_histogram(axes, labels, scores, threshold)
    figure.suptitle(as_text(title), fontsize="large")
    _save(figure, path)


def plot_histogram(axes: Axes, labels: np.ndarray, scores: np.ndarray, threshold: float) -> None:
    """Like `draw_histogram`, onto given axes; a class without images is left out."""
    axis = ScoreAxis.of(labels, scores, threshold)
    groups = ((0, "normal", NORMAL_COLOR), (1, "anomaly", ANOMALY_COLOR))
    for label, name, color in groups:
        chosen = scores[labels == label]
        if len(chosen):
            legend = f"{name} ({len(chosen)})"
            axes.stairs(
                axis.shares(chosen), axis.edges, fill=True, alpha=0.6, color=color, label=legend
            )
    axes.axvline(
        threshold,
        color=matplotlib.rcParams["text.color"],
        linestyle="--",
        label=f"threshold {threshold:.3g}, from normals",
    )
    if axis.is_log:
        axes.set_xscale("log")
        axes.xaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0), numticks=12))
        axes.xaxis.set_minor_locator(NullLocator())
        axes.xaxis.set_major_formatter("{x:g}")
    axes.set(xlim=(axis.edges[0], axis.edges[-1]))
    scale = ", logarithmic" if axis.is_log else ""
    axes.set(xlabel=f"anomaly score A(x){scale}", ylabel="% of its images")
    if axis.marks():
        axes.set_title("\n".join(axis.marks()), fontsize=9, loc="right")
    # Below the axes, where it does not hide a bar.
    columns = 3 if cast(Figure, axes.figure).get_size_inches()[0] >= THREE_COLUMNS else 2
    axes.figure.legend(loc="outside lower center", ncols=columns, fontsize=9, frameon=False)


def draw_reconstructions(
    path: pathlib.Path,
    images: np.ndarray,
    explained: dict[str, np.ndarray],
    captions: list[str],
    title: str,
) -> None:
    """Draws each image with its reconstruction and its error, one column per image.

    Args:
        path: Path of the file.
        images: `(num_images, height, width, channels)` uint8.
        explained: Result of `explain` for the images; its anomaly maps share one color scale.
        captions: One per column.
        title: Title of the figure.
    """
    maps = explained["anomaly_map"]
    heat = matplotlib.colormaps["inferno"](Normalize(0.0, float(maps.max()))(maps))
    pictures = (_as_colors(images), _as_colors(explained["reconstruction"]), heat)
    rows = ("input", "reconstruction", "error")
    _draw_tiles(path, np.concatenate(pictures), len(images), 0.9, title, captions, rows)


def choose_examples(labels: np.ndarray, scores: np.ndarray) -> tuple[np.ndarray, list[str]]:
    """Positions and captions of examples: both classes' lowest and highest scores.

    Args:
        labels: `(num_images,)`, 1 = anomaly.
        scores: `(num_images,)`.
    """
    positions, captions = [], []
    for label, name in ((0, "normal"), (1, "anomaly")):
        members = np.flatnonzero(labels == label)
        members = members[np.argsort(scores[members], kind="stable")]
        count = min(IMAGES_PER_GROUP, len(members) // 2)
        for end, chosen in (("lowest", members[:count]), ("highest", members[-count:])):
            positions += chosen.tolist()
            captions += [f"{end}\n{name}\n{scores[i]:.2f}" for i in chosen]
    return np.array(positions, int), captions


def draw_grid(path: pathlib.Path, images: np.ndarray, title: str) -> None:
    """Draws images `(num_images, height, width, channels)` in [0, 1], ten per row."""
    _draw_tiles(path, _as_colors(images), min(10, len(images)), 0.7, title)


def _as_colors(images):
    """Gray or colored images, uint8 or in [0, 1], as opaque colors."""
    values = images / 255 if images.dtype == np.uint8 else np.clip(images, 0, 1)
    colors = np.ones((*images.shape[:3], 4), np.float32)
    colors[..., :3] = values
    return colors


def _draw_tiles(path, pictures, columns, inches, title, captions=(), row_names=()):
    """Draws pictures of four channels row by row, on one pair of axes: many pairs take seconds.

    Args:
        path: Path of the file.
        pictures: `(num_pictures, height, width, 4)`.
        columns: In a row.
        inches: Width of a picture.
        title: Title of the figure.
        captions: One per column, above it.
        row_names: One per row, to its left.
    """
    count, height, width, _ = pictures.shape
    rows = -(-count // columns)
    gap = max(1, width // 10)
    tiles = np.zeros((rows * columns, height + gap, width + gap, 4), np.float32)  # transparent
    tiles[:count, :height, :width] = pictures
    tiles = tiles.reshape(rows, columns, height + gap, width + gap, 4).swapaxes(1, 2)
    tiled = tiles.reshape(rows * (height + gap), columns * (width + gap), 4)[:-gap, :-gap]
    wide = columns * inches + (1.3 if row_names else 0.3)
    high = rows * inches * min(height / width, 4.0) + (0.9 if captions else 0.6)
    figure = Figure(figsize=(wide, high), layout="constrained")
    axes = figure.subplots()
    axes.imshow(tiled)
    x, y = (
        np.arange(number) * (side + gap) + side / 2
        for number, side in ((columns, width), (rows, height))
    )
    axes.set_xticks(x[: len(captions)], captions, fontsize=8)
    axes.set_yticks(y[: len(row_names)], row_names, fontsize=9)
    axes.tick_params(length=0, labeltop=True, labelbottom=False)
    axes.spines[:].set_visible(False)
    figure.suptitle(as_text(title), fontsize=10)
    _save(figure, path)


def _save(figure, path):
    with files.replacing(path) as temporary:
        figure.savefig(temporary, dpi=120, format="png")
