"""Gathers the content of a report, and measures what is missing."""

import dataclasses
import math
from collections.abc import Sequence
from typing import Any, cast

import numpy as np

from memgan_tf import files
from memgan_tf.data import OneClassTask
from memgan_tf.data.samples import at_random
from memgan_tf.evaluation import training_images
from memgan_tf.evaluation.explanations import explain_in_parts
from memgan_tf.evaluation.heat_scale import HeatScale, heat_scale
from memgan_tf.evaluation.scores import as_cell
from memgan_tf.evaluation.trained_run import TrainedRun
from memgan_tf.evaluation.views import Views
from memgan_tf.report.data_index import read_index
from memgan_tf.report.evaluate import describe_run, evaluate
from memgan_tf.report.hull_sample import HullRow, sample_hull
from memgan_tf.report.selection import select
from memgan_tf.training.run_directory import RunDirectory
from memgan_tf.validation import check_integer, check_real

DATA_INDEX_FILE = "data_index.json"
EVALUATE_ANEW = "Make it again with memgan evaluate"
# Largest number of held-out images scored for a run without labeled test images.
MAX_HELD_OUT = 2000
# Longer side of a training image as shown.
THUMBNAIL = 320


@dataclasses.dataclass(frozen=True)
class ScoredSet:
    """The images that a report shows: the labeled test split, or held-out normal images.

    Attributes:
        views: The images.
        names: One per image.
        scores: `(num_images,)`.
        labels: `(num_images,)`, 1 = anomaly; None for held-out normal images.
    """

    views: Views
    names: list[str]
    scores: np.ndarray
    labels: np.ndarray | None


@dataclasses.dataclass(frozen=True)
class Findings:
    """Everything a report needs.

    Attributes:
        run: The run.
        facts: Result of `describe_run`.
        num_train: Number of training images.
        num_held_out: Number of held-out normal images.
        results: Content of results.json; None without labeled test images.
        scored: The images that are shown.
        groups: Positions of instructive images by group.
        explained: Result of `explain` for each position in a group.
        scale: Scale of the heat-maps; None if the detector has no heat-maps.
        unit_usage: Mean attention of held-out images to each memory unit, `(num_units,)`; None
            without units or attention.
        units: Decoded memory units, `(num_units, height, width, channels)`; None without units.
        hull: Distances to the hull; None without memory units.
        hull_obstacle: Why the distances could not be measured; None if they were.
        data_index: The index of a folder; None for other data.
        unusual: The training images that look least like the others: name, left-out score,
            whether it was set aside, and the image; empty if the detector cannot rank them.
    """

    run: TrainedRun
    facts: dict[str, Any]
    num_train: int
    num_held_out: int
    results: dict[str, Any] | None
    scored: ScoredSet
    groups: dict[str, np.ndarray]
    explained: dict[int, dict[str, np.ndarray]]
    scale: HeatScale | None
    units: np.ndarray | None
    unit_usage: np.ndarray | None
    hull: list[HullRow] | None
    hull_obstacle: str | None
    data_index: dict[str, Any] | None
    unusual: list[tuple[str, float, bool, np.ndarray]]

    @property
    def flagged(self) -> np.ndarray:
        """Whether each scored image is above the threshold, `(num_images,)` bool."""
        return self.scored.scores > self.run.threshold


def gather(run: TrainedRun, task: OneClassTask, num_images: int) -> Findings:
    """Collects the findings of a run; evaluates it unless that was done at this threshold.

    Args:
        run: The run.
        task: Data of the run.
        num_images: Number of images of each group.

    Raises:
        ValueError: If a file of the run is damaged.
    """
    results, scored = (None, _held_out(run, task)) if task.test is None else _tested(run, task)
    groups = select(scored.labels, scored.scores, run.threshold, num_images)
    shown = np.unique(np.concatenate(list(groups.values()))).astype(int)
    units, usage = _units(run, task)
    hull, obstacle = _hull(run, task)
    index = run.directory.path / DATA_INDEX_FILE
    return Findings(
        run=run,
        facts=describe_run(run),
        num_train=len(task.train),
        num_held_out=len(task.validation),
        results=results,
        scored=scored,
        groups=groups,
        explained=_explain(run, scored, shown),
        scale=heat_scale(run, lambda: Views.of(task.validation)),
        units=units,
        unit_usage=usage,
        hull=hull,
        hull_obstacle=obstacle,
        data_index=read_index(index) if index.exists() else None,
        unusual=_unusual(run, task, num_images),
    )


def _unusual(run, task, count):
    path = run.directory.path / training_images.FILE
    if not path.exists():
        return []
    places = {as_cell(name): position for position, name in enumerate(task.train.names)}
    views = Views.of(task.train)
    return [
        (name, score, aside, views.pixels(places[name], THUMBNAIL))
        for name, score, aside in training_images.read(path)[:count]
        if name in places
    ]


def _tested(run, task):
    """results.json and scored test images, evaluated unless that was done at this threshold."""
    given = (run.directory, run.threshold, task.test.names)
    found = read_results(*given)
    if found is None or not _fits(run.directory, found, task.test.labels):
        print("Evaluating the run first.", flush=True)
        evaluate(run, task)
        found = cast(tuple, read_results(*given))
    results, positions, scores = found
    test = task.test
    names, views = [test.names[i] for i in positions], Views.of(test).select(positions)
    return results, ScoredSet(views, names, scores, test.labels[positions])


def _fits(directory, found, labels):
    """Whether the counts in results.json match scores.csv."""
    results, positions, _ = found
    with files.naming_damage(directory.results_file, EVALUATE_ANEW):
        for name in ("num_normal", "num_anomalies"):
            check_integer(name, results[name], minimum=1)
    counts = [int((labels[positions] == label).sum()) for label in (0, 1)]
    return counts == [results["num_normal"], results["num_anomalies"]]


def read_results(
    directory: RunDirectory, threshold: float, names: Sequence[str]
) -> tuple[dict[str, Any], np.ndarray, np.ndarray] | None:
    """Stored results for these images at this threshold; None if there are none.

    Args:
        directory: Folder of the run.
        threshold: Threshold of the run.
        names: Names of the images of the test split.

    Returns:
        Content of results.json; positions of the scored images and their scores, `(num_images,)`
        each.

    Raises:
        ValueError: If a file is damaged.
    """
    path, scores = directory.results_file, directory.evaluation / "scores.csv"
    if not path.exists() or not scores.exists():
        return None
    results = files.read_json(path)
    with files.naming_damage(path, EVALUATE_ANEW):
        check_results(results)
        current = results.get("threshold") == threshold
    places = {as_cell(name): position for position, name in enumerate(names)}
    with files.naming_damage(scores, EVALUATE_ANEW):
        rows = []
        for row in files.read_table(scores):
            rows.append((row["path"], float(row["anomaly_score"])))
            if not math.isfinite(rows[-1][1]):
                raise ValueError("a score is not finite")
            if rows[-1][0] not in places or len(rows) > len(places):
                return None
    if not rows or not current:
        return None
    found = [(places[name], score) for name, score in rows]
    return results, *map(np.array, zip(*found, strict=True))


def check_results(results: Any) -> None:
    """Checks that results.json has what a report needs.

    Raises:
        ValueError, LookupError, TypeError, AttributeError: If it does not.
    """
    metrics = results["metrics"]
    for name in ("auroc", *metrics):
        check_real(name, metrics[name], minimum=0.0, maximum=1.0)
    pixels = results.get("pixels", {})
    if ("pixel_auroc" in metrics) != ("aupro" in metrics):
        raise ValueError("it has only one of pixel_auroc and aupro")
    if "pixel_auroc" in metrics:
        check_integer("num_regions", pixels["num_regions"], minimum=1)
    if not isinstance(pixels.get("obstacle", ""), str):
        raise ValueError("the obstacle to pixel metrics is not text")


def _held_out(run, task):
    images, names = task.validation.images, task.validation.names
    chosen = at_random(len(names), MAX_HELD_OUT)
    parts = [
        explained["anomaly_score"] for _, _, explained in explain_in_parts(run, images, chosen)
    ]
    views = Views.of(task.validation).select(chosen)
    return ScoredSet(views, [names[i] for i in chosen], np.concatenate(parts), None)


def _explain(run, scored, shown):
    found = {}
    for part, _, explained in explain_in_parts(run, scored.views.images, shown):
        for row, position in enumerate(part):
            found[int(position)] = {
                name: explained[name][row]
                for name in ("anomaly_map", "reconstruction")
                if name in explained
            }
    return found


def _units(run, task):
    """Decoded units and their usage by held-out images."""
    units = run.detector.decode_units()
    if units is None:
        return None, None
    some = np.arange(min(len(task.validation), 256))
    explained = run.explain(task.validation.images[some])
    attention = explained.get("attention")
    return units, None if attention is None else attention.mean(axis=0)


def _hull(run, task):
    try:
        return sample_hull(run, task), None
    except RuntimeError as error:
        return None, str(error)
