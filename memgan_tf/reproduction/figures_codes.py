"""Fig. 3 and 4: units, normal and abnormal codes in the plane, and their distances."""

import dataclasses
import math
from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure
from scipy.spatial import ConvexHull
from sklearn.decomposition import PCA
from sklearn.manifold import TSNE
from threadpoolctl import threadpool_limits

from memgan_tf.data import OneClassTask
from memgan_tf.evaluation.hull import labelled_test, measure_distances, spread_of, units_of
from memgan_tf.evaluation.trained_run import TrainedRun
from memgan_tf.report.plots import as_text
from memgan_tf.reproduction.figures import ABNORMAL_COLOR, CODE_COLOR, UNIT_COLOR, choose

# Number of codes drawn of each kind; more would hide each other.
CODES_SHOWN = 500
PERPLEXITY = 30.0
KINDS = ("normal codes", "abnormal codes", "memory units")


@dataclasses.dataclass(frozen=True)
class CodeSpace:
    """A run's units and some of its test codes.

    Attributes:
        name: Name of the task, with the seed.
        units: `(num_units, dim)`.
        normal: `(num_codes, dim)` codes of normal test images.
        abnormal: `(num_codes, dim)` codes of abnormal test images.
    """

    name: str
    units: np.ndarray
    normal: np.ndarray
    abnormal: np.ndarray

    @classmethod
    def of(cls, name: str, run: TrainedRun, task: OneClassTask, seed: int) -> "CodeSpace":
        """A run's units and at most `CODES_SHOWN` test codes of each kind, drawn with `seed`.

        Raises:
            ValueError: If there are no units or there is no labeled test split.
        """
        units, test = units_of(run), labelled_test(run, task)
        codes = []
        for label in (0, 1):
            members = np.flatnonzero(test.labels == label)
            shown = members[choose(len(members), CODES_SHOWN, seed)]
            codes.append(run.explain(test.images[shown])["codes"])
        return cls(name, units, *codes)

    @property
    def groups(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Points of each kind in `KINDS`."""
        return self.normal, self.abnormal, self.units


def draw_codes(spaces: Sequence[CodeSpace], seed: int) -> Figure:
    """Fig. 3: t-SNE of units, normal and abnormal codes, one panel per run."""
    columns = min(5, len(spaces))
    rows = math.ceil(len(spaces) / columns)
    figure = Figure(figsize=(3.2 * columns, 3.4 * rows + 0.4), layout="constrained")
    panels = figure.subplots(rows, columns, squeeze=False).ravel()
    for axes in panels:
        axes.set_axis_off()
    for axes, space in zip(panels, spaces, strict=False):
        axes.set_axis_on()
        _scatter(axes, _embed(space, seed))
        axes.set_title(as_text(space.name), fontsize=9)
    _legend(figure, panels[0])
    return figure


def draw_ablation(without: CodeSpace, with_loss: CodeSpace, seed: int) -> Figure:
    """Fig. 4: without the projection loss at the top, with it at the bottom.

    On the left is t-SNE, as in the paper. In the middle is the plane in which the normal codes vary
    most. This projection is linear, so a point outside the outline is outside the hull; a point
    inside the outline need not be inside the hull. On the right are the distances.
    """
    figure = Figure(figsize=(10.5, 6.6), layout="constrained")
    panels = figure.subplots(2, 3)
    titles = ("t-SNE", "linear: the normal codes' main plane", "distance to the hull of the units")
    named = (("without projection loss", without), ("with projection loss", with_loss))
    for row, (name, space) in enumerate(named):
        _scatter(panels[row, 0], _embed(space, seed))
        _draw_plane(panels[row, 1], space)
        panels[row, 0].set_ylabel(f"{name}\n{space.name}", fontsize=9)
    _draw_distances(panels[:, 2], (without, with_loss))
    for axes, title in zip(panels[0], titles, strict=True):
        axes.set_title(title, fontsize=9)
    _legend(figure, panels[0, 0])
    return figure


def _embed(space, seed):
    """t-SNE of all points together, split by `KINDS`."""
    points = np.concatenate(space.groups).astype(np.float64)
    perplexity = min(PERPLEXITY, (len(points) - 1) / 3)
    # One thread, because sums over several threads are not reproducible.
    with threadpool_limits(limits=1):
        placed = TSNE(perplexity=perplexity, init="pca", random_state=seed).fit_transform(points)
    return np.split(placed, np.cumsum([len(group) for group in space.groups])[:-1])


def _scatter(axes, groups):
    styles = (
        {"s": 6, "color": CODE_COLOR},
        {"s": 6, "color": ABNORMAL_COLOR},
        {"s": 26, "color": UNIT_COLOR, "edgecolor": "white", "linewidth": 0.6},
    )
    # Units last, so that they are on top; abnormal codes first, because there are more of them.
    for order, index in enumerate((1, 0, 2)):
        points = groups[index]
        axes.scatter(*points.T, label=KINDS[index], zorder=order + 1, **styles[index])
    axes.set(xticks=[], yticks=[])


def _draw_plane(axes, space):
    with threadpool_limits(limits=1):
        plane = PCA(2, svd_solver="full").fit(space.normal)
    groups = [plane.transform(group) for group in space.groups]
    _scatter(axes, groups)
    if len(space.units) > 2:
        outline = groups[2][ConvexHull(groups[2]).vertices]
        axes.fill(*outline.T, facecolor="none", edgecolor=UNIT_COLOR, linewidth=1)
    axes.set_aspect("equal", adjustable="datalim")


def _draw_distances(panels, spaces):
    """Histograms of normal and abnormal distances, one panel per space, on one scale."""
    measured = [
        [
            measure_distances(codes, space.units).total / spread_of(space.normal)
            for codes in (space.normal, space.abnormal)
        ]
        for space in spaces
    ]
    # Otherwise a few far codes would squeeze the rest into one bar.
    top = max(float(np.quantile(np.concatenate(pair), 0.98)) for pair in measured)
    for axes, pair in zip(panels, measured, strict=True):
        for found, color in zip(pair, (CODE_COLOR, ABNORMAL_COLOR), strict=True):
            bins = np.linspace(0, top, 40)
            axes.hist(np.minimum(found, top), bins=bins, density=True, alpha=0.65, color=color)
        axes.set(yticks=[], xlim=(0, top))
        axes.set_xlabel(
            "in spreads of the normal codes; 0 is inside, last bar the rest", fontsize=8
        )


def _legend(figure, axes):
    handles, names = axes.get_legend_handles_labels()
    figure.legend(handles, names, loc="outside lower center", ncols=3, fontsize=9)
