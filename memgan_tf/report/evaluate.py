"""Evaluation of a run on its test split: results.json, scores.csv, pictures."""

import dataclasses
import time
from typing import Any

import tensorflow as tf

from memgan_tf import files
from memgan_tf.config import departures
from memgan_tf.data import OneClassTask
from memgan_tf.evaluation.metrics import ranking_metrics, threshold_metrics
from memgan_tf.evaluation.scores import write_scores
from memgan_tf.evaluation.subset import stratified_subset
from memgan_tf.evaluation.trained_run import TrainedRun
from memgan_tf.report import plots
from memgan_tf.training.run_directory import describe_environment, fingerprint


def evaluate(run: TrainedRun, task: OneClassTask) -> dict[str, Any]:
    """Scores the test split and writes `results.json` and the folder `eval`.

    It is the whole split, unless the detector's configuration has `max_test_images`.

    Args:
        run: The run.
        task: Its data.

    Returns:
        What `results.json` holds: metrics and what they were measured with.

    Raises:
        ValueError: If there is no labelled test split.
    """
    if task.test is None:
        raise ValueError(
            f"`dataset` {run.config.data.dataset} has no labelled test split to evaluate on: it "
            f"needs x_test and y_test"
        )
    chosen = stratified_subset(task.test.labels, run.detector.max_test_images)
    task = dataclasses.replace(task, test=task.test.select(chosen))
    labels, folder = task.test.labels, run.directory.evaluation
    started = time.monotonic()
    scores = run.score(task.test.images)
    seconds = round(time.monotonic() - started, 2)
    metrics = {
        **ranking_metrics(labels, scores),
        **threshold_metrics(labels, scores, run.threshold),
    }
    folder.mkdir(exist_ok=True)
    write_scores(folder / "scores.csv", task.test.names, labels, scores, run.calibration)
    _draw(run, task, scores)
    _write_histogram(run, scores[labels == 1])
    results = {**describe_run(run), "metrics": metrics, "num_normal": int((labels == 0).sum())}
    results["num_anomalies"] = int((labels == 1).sum())
    results["scoring_seconds"] = seconds
    files.write_json(run.directory.path / "results.json", results)
    return results


def describe_run(run: TrainedRun) -> dict[str, Any]:
    """What a figure of the run must be quoted with: configuration, versions, wall time."""
    config, record = run.config, files.read_json(run.directory.path / "COMPLETE")
    settings = config.to_dict()
    settings["data"].pop("data_dir")  # a place on one machine
    return {
        "detector": config.detector,
        "dataset": config.data.dataset,
        "normal_class": config.data.normal_class,
        "seed": config.training.seed,
        "preset": config.preset,
        "departures": departures(config),
        "fingerprint": fingerprint(config),
        "suspect": run.directory.suspicions,
        "training_seconds": record["training_seconds"],
        "config": settings,
        "environment": {
            name: value for name, value in describe_environment().items() if name != "command"
        },
    }


def title_of(run: TrainedRun) -> str:
    """One line that names a run."""
    data = run.config.data
    normal = "" if data.normal_class is None else f", class {data.normal_class} normal"
    return f"{run.config.detector} on {data.dataset}{normal}, seed {run.config.training.seed}"


def _draw(run, task, scores):
    labels, folder, title = task.test.labels, run.directory.evaluation, title_of(run)
    plots.draw_roc(folder / "roc.png", labels, scores, title)
    plots.draw_histogram(folder / "histogram.png", labels, scores, run.threshold, title)
    positions, captions = plots.choose_examples(labels, scores)
    images = task.test.images[positions]
    explained = run.explain(images)
    if "reconstruction" in explained:
        path = folder / "reconstructions.png"
        plots.draw_reconstructions(path, images, explained, captions, title)
    units = run.detector.decode_units()
    if units is not None:
        plots.draw_grid(folder / "memory_units.png", units, f"Decoded memory units G(mᵢ)\n{title}")


def _write_histogram(run, anomaly_scores):
    writer = tf.summary.create_file_writer(str(run.directory.tensorboard / "validation"))
    with writer.as_default(step=0):
        tf.summary.histogram("score/anomaly", anomaly_scores)
    writer.close()


def format_metrics(results: dict[str, Any]) -> str:
    """The metrics × 100, a line each."""
    return "\n".join(
        f"  {name:<18} {100 * value:6.2f}" for name, value in results["metrics"].items()
    )
