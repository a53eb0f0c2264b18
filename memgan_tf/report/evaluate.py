"""Evaluates a run on its test split: writes results.json, scores.csv and pictures."""

import os
import time
from typing import Any

import tensorflow as tf

from memgan_tf import files
from memgan_tf.config import departures
from memgan_tf.data import OneClassTask
from memgan_tf.evaluation.baseline import measure_baseline
from memgan_tf.evaluation.defect_sizes import measure_sizes
from memgan_tf.evaluation.folder import make_evaluation
from memgan_tf.evaluation.heat_scale import heat_scale
from memgan_tf.evaluation.kinds import (
    count_decisions,
    format_kinds,
    measure_kinds,
)
from memgan_tf.evaluation.measured_test import measure_test
from memgan_tf.evaluation.metrics import ranking_metrics, threshold_metrics
from memgan_tf.evaluation.scores import write_scores
from memgan_tf.evaluation.trained_run import TrainedRun
from memgan_tf.evaluation.views import Picked, Views
from memgan_tf.report import plots
from memgan_tf.report.heatmaps import HeatmapSource, write_heatmaps
from memgan_tf.report.selection import select
from memgan_tf.training.code_versions import sources_of
from memgan_tf.training.environment import describe_environment
from memgan_tf.training.levelling import describe_end, held_out_curve, remaining_fall

# Number of heat-maps that an evaluation writes for each kind of image.
NUM_HEATMAPS = 8
METRIC_MEANINGS = {
    "auroc": "Pairs of an anomaly and a normal image in which the anomaly has the higher score.",
    "average_precision": "Mean share of anomalies among the images above a threshold.",
    "fpr_at_95_tpr": "False alarms at a threshold that would find 95 % of the anomalies.",
    "oracle_f1_max": "Highest f1 of any threshold. It sees the labels, so use cannot reach it.",
    "f1_at_threshold": "Harmonic mean of anomalies found and of alarms that are right.",
    "fpr_at_threshold": "False alarms among the normal test images at the run's threshold.",
    "pixel_auroc": "As auroc, for pairs of a defect's pixel and a normal pixel of the maps.",
    "aupro": "Mean share of a defect's area above thresholds of the map with false alarms on at "
    "most 30 % of the normal pixels.",
}


def evaluate(
    run: TrainedRun, task: OneClassTask, num_heatmaps: int = NUM_HEATMAPS
) -> dict[str, Any]:
    """Scores the test split and writes `results.json` and the folder `eval`.

    The whole split is scored unless the detector's configuration has `max_test_images`.

    Args:
        run: The run.
        task: Data of the run.
        num_heatmaps: Number of heat-maps to write for each kind of image; 0 writes none.

    Returns:
        Content of `results.json`: metrics and how they were measured.

    Raises:
        ValueError: If there is no labeled test split, or its masks do not fit.
    """
    if task.test is None:
        raise ValueError(
            f"`dataset` {run.config.data.dataset} has no labeled test split to evaluate on: it "
            f"needs x_test and y_test"
        )
    test, folder = task.test, run.directory.evaluation
    started = time.monotonic()
    scale = heat_scale(run, lambda: Views.of(task.validation)) if test.originals else None
    measured = measure_test(run, test, scale.top if scale else None)
    seconds = round(time.monotonic() - started, 2)
    labels, scores = measured.labels, measured.scores
    metrics = {
        **ranking_metrics(labels, scores),
        **threshold_metrics(labels, scores, run.threshold),
        **measured.pixel_metrics,
    }
    make_evaluation(run.directory)
    names = [test.names[i] for i in measured.positions]
    write_scores(
        folder / "scores.csv", names, labels, scores, run.known_calibration(), measured.regions
    )
    _draw(run, test, measured)
    _write_heatmaps(run, task, measured, names, num_heatmaps)
    _write_histogram(run, scores[labels == 1])
    results = {
        **_describe_results(run, measured, metrics, seconds),
        **_compare(run, task, measured),
    }
    files.write_json(run.directory.results_file, results)
    return results


def _describe_results(run, measured, metrics, seconds):
    """Content of `results.json`."""
    results = {**describe_run(run), "metrics": metrics}
    results["num_normal"] = int((measured.labels == 0).sum())
    results["num_anomalies"] = int((measured.labels == 1).sum())
    # With it, a report made after a recalibration notices that the decisions have changed.
    results["threshold"] = run.threshold
    if measured.pixels is not None:
        results["pixels"] = measured.pixels
    if measured.parts:
        results["auroc_by_parts"] = measured.parts
    return {**results, "scoring_seconds": seconds}


def _compare(run, task, measured):
    """Results by kind, sizes of defects, and comparison with a PCA on the same images."""
    labels, scores = measured.labels, measured.scores
    kinds = None if task.test.kinds is None else task.test.kinds[measured.positions]
    found = {
        "decisions": count_decisions(labels, scores, run.threshold),
        "kinds": measure_kinds(kinds, labels, scores, run.threshold),
    }
    if task.test.masks is not None:
        picked = Picked(task.test.masks, measured.positions)
        found["defect_sizes"] = measure_sizes(picked, labels, run.config.image_shape[:2])
    baseline = measure_baseline(
        run.config, task, measured.positions, scores, run.directory.evaluation
    )
    return found if baseline is None else {**found, "baseline": baseline}


def describe_run(run: TrainedRun) -> dict[str, Any]:
    """What must be quoted with any figure of the run: configuration, versions, wall time."""
    config, record = run.config, run.directory.read_completion()
    settings = config.to_dict()
    settings["data"].pop("data_dir")  # a place on one machine
    curve = held_out_curve(run.directory.metrics_file)
    stops = config.training.stop_when_level and len(curve)
    return {
        "detector": config.detector,
        "dataset": run.data.dataset,
        "normal_class": config.data.normal_class,
        "seed": config.training.seed,
        "preset": config.preset,
        "departures": departures(config),
        "fingerprint": config.fingerprint(),
        "suspect": run.directory.suspicions,
        "training_seconds": record["training_seconds"],
        "remaining_fall": remaining_fall(curve),
        "training_end": describe_end(curve, config.training.epochs) if stops else None,
        "score_notes": run.detector.score_notes(),
        "backbone": run.detector.backbone_facts,
        "config": settings,
        "sources": sources_of(run.directory),
        "environment": {
            name: value
            for name, value in describe_environment().items()
            if name not in ("command", "source")
        },
    }


def title_of(run: TrainedRun) -> str:
    """One line that names a run."""
    data = run.data
    normal = "" if data.normal_class is None else f", class {data.normal_class} normal"
    return f"{run.config.detector} on {data.dataset}{normal}, seed {run.config.training.seed}"


def _draw(run, test, measured):
    labels, scores = measured.labels, measured.scores
    folder, title = run.directory.evaluation, title_of(run)
    plots.draw_roc(folder / "roc.png", labels, scores, title)
    plots.draw_histogram(folder / "histogram.png", labels, scores, run.threshold, title)
    positions, captions = plots.choose_examples(labels, scores)
    images = test.images[measured.positions[positions]]
    explained = run.explain(images)
    if "reconstruction" in explained:
        path = folder / "reconstructions.png"
        plots.draw_reconstructions(path, images, explained, captions, title)
    units = run.detector.decode_units()
    if units is not None:
        plots.draw_grid(folder / "memory_units.png", units, f"Decoded memory units G(mᵢ)\n{title}")


def _write_heatmaps(run, task, measured, names, count):
    scale = heat_scale(run, lambda: Views.of(task.validation)) if count else None
    if scale is None:
        return
    source = HeatmapSource(Views.of(task.test).select(measured.positions), names, measured.scores)
    groups = select(measured.labels, measured.scores, run.threshold, count)
    write_heatmaps(run, source, groups, run.directory.evaluation / "heatmaps", scale)


def _write_histogram(run, anomaly_scores):
    writer = tf.summary.create_file_writer(os.fsencode(run.directory.tensorboard / "validation"))
    with writer.as_default(step=0):
        tf.summary.histogram("score/anomaly", anomaly_scores)
    writer.close()


def format_metrics(results: dict[str, Any]) -> str:
    """The metrics × 100, one line each with its meaning, then what was found of each kind."""
    lines = [
        f"  {name:<18} {100 * value:6.2f}  {METRIC_MEANINGS.get(name, '')}".rstrip()
        for name, value in results["metrics"].items()
    ]
    kinds = format_kinds(results["kinds"])
    return "\n".join([*lines, *(["By kind:", *kinds] if kinds else [])])
