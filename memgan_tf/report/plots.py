"""Draws pictures of a run as PNG files."""

import pathlib
from typing import cast

import matplotlib
import numpy as np
from matplotlib.axes import Axes
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
    count = len(images)
    figure = Figure(figsize=(1 + 0.9 * count, 3.9), layout="constrained")
    axes = figure.subplots(3, count, squeeze=False)
    top = float(explained["anomaly_map"].max())
    for column in range(count):
        _show(axes[0, column], images[column])
        _show(axes[1, column], explained["reconstruction"][column])
        axes[2, column].imshow(explained["anomaly_map"][column], cmap="inferno", vmin=0, vmax=top)
        axes[0, column].set_title(captions[column], fontsize=8)
    for row, name in enumerate(("input", "reconstruction", "error")):
        axes[row, 0].set_ylabel(name, fontsize=9)
    for ax in axes.flat:
        ax.set(xticks=[], yticks=[])
    figure.suptitle(as_text(title), fontsize=10)
    _save(figure, path)


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
    columns = min(10, len(images))
    rows = -(-len(images) // columns)
    figure = Figure(figsize=(0.7 * columns + 0.3, 0.7 * rows + 0.6), layout="constrained")
    axes = figure.subplots(rows, columns, squeeze=False)
    for ax in axes.flat:
        ax.set_axis_off()
    for ax, image in zip(axes.flat, images, strict=False):
        _show(ax, image)
    figure.suptitle(as_text(title), fontsize=10)
    _save(figure, path)


def _show(axes, image):
    if image.shape[-1] == 1:
        axes.imshow(image[..., 0], cmap="gray", vmin=0, vmax=255 if image.dtype == np.uint8 else 1)
    else:
        axes.imshow(image)


def _save(figure, path):
    with files.replacing(path) as temporary:
        figure.savefig(temporary, dpi=120, format="png")
