"""eval/report.html: one self-contained file, readable without a network."""

import dataclasses
import os
import pathlib
from typing import Any

import jinja2
import numpy as np

from memgan_tf import files
from memgan_tf.data import OneClassTask
from memgan_tf.evaluation.folder import make_evaluation
from memgan_tf.evaluation.trained_run import TrainedRun
from memgan_tf.report import charts
from memgan_tf.report.commands import follow_up_commands, given_command, train_command
from memgan_tf.report.data_index import describe_index
from memgan_tf.report.evaluate import METRIC_MEANINGS, title_of
from memgan_tf.report.findings import Findings, gather
from memgan_tf.report.heatmaps import LONGEST, draw_pair
from memgan_tf.report.hull_sample import MAX_CODES, NEAR
from memgan_tf.report.model_card import write_model_card
from memgan_tf.report.overlays import COLORS, MAP_LEGEND, color_bar
from memgan_tf.report.pictures import SMOOTH_SIDE, image_uri
from memgan_tf.report.selection import GROUPS
from memgan_tf.report.verdict import judge
from memgan_tf.text import decodable, printable

REPORT_FILE = "report.html"
# Largest numbers of images of each kind, and of memory units, in a report.
NUM_IMAGES, MAX_UNITS = 8, 48
GROUP_TITLES = {
    "false_alarm": "False alarms",
    "miss": "Misses",
    "most_anomalous": "Most anomalous",
    "least_anomalous": "Least anomalous",
}
HELD_OUT_GROUPS = {
    "most_anomalous": "Held-out normal images with the highest scores.",
    "least_anomalous": "Held-out normal images with the lowest scores.",
}


def write_report(
    run: TrainedRun, task: OneClassTask, num_images: int = NUM_IMAGES
) -> tuple[pathlib.Path, Findings]:
    """Writes `eval/report.html` and `eval/model_card.md`.

    If there are labeled test images, the run is evaluated unless that was done at this threshold.

    Args:
        run: The run.
        task: Data of the run.
        num_images: Number of images shown of each kind.

    Returns:
        The file of the report, and its findings.

    Raises:
        ValueError: If a file of the run is damaged.
        OSError: If the folder cannot be written.
    """
    make_evaluation(run.directory)
    findings = gather(run, task, num_images)
    path = run.directory.evaluation / REPORT_FILE
    files.write_text(path, render(findings))
    write_model_card(findings)
    return path, findings


def render(findings: Findings) -> str:
    """The page, with all names and paths escaped."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("memgan_tf.report"),
        autoescape=True,
        finalize=_shown,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("report.html").render(**_context(findings))


def _shown(value):
    """Text without control characters, which could act on a terminal or hide content."""
    value = decodable(value) if isinstance(value, os.PathLike) else value
    if not isinstance(value, str):
        return value
    safe = printable(value, keep="\n\t")
    return value if safe == value else type(value)(safe)


def _context(findings):
    run = findings.run
    return {
        "title": title_of(run),
        "verdict": judge(findings),
        "run": run,
        "facts": findings.facts,
        "findings": findings,
        "metrics": _metric_rows(findings),
        "groups": _groups(findings),
        "scale": findings.scale,
        "color_bar": image_uri(color_bar()),
        "colors": COLORS,
        "map_legend": MAP_LEGEND,
        "charts": _charts(findings),
        "training_charts": charts.training_charts(run.directory.metrics_file),
        "units": _units(findings),
        "hull_facts": {"near": NEAR, "max_codes": MAX_CODES},
        "data_index": describe_index(findings.data_index),
        "whose_data": whose_data(run),
        "settings": _settings(run.config),
        "commands": _commands(run),
        "unusual": [
            (name, score, aside, image_uri(image)) for name, score, aside, image in findings.unusual
        ],
        "pixelated": min(run.config.image_shape[:2]) < SMOOTH_SIDE,
    }


def _metric_rows(findings):
    if findings.results is None:
        return []
    return [
        (name, 100 * value, METRIC_MEANINGS.get(name, ""))
        for name, value in findings.results["metrics"].items()
    ]


def _charts(findings):
    scored, threshold = findings.scored, findings.run.threshold
    drawn = [charts.histogram_chart(scored.labels, scored.scores, threshold)]
    if scored.labels is not None:
        drawn.append(charts.roc_chart(scored.labels, scored.scores))
    return drawn


def _groups(findings):
    meanings = HELD_OUT_GROUPS if findings.scored.labels is None else GROUPS
    p_values = findings.run.p_values(findings.scored.scores)
    return [
        {
            "title": GROUP_TITLES[name],
            "meaning": meanings[name],
            "cards": [_card(findings, int(i), p_values[i]) for i in positions],
        }
        for name, positions in findings.groups.items()
    ]


def _card(findings, position, p_value) -> dict[str, Any]:
    """One image with the detector's results."""
    scored, explained = findings.scored, findings.explained[position]
    is_called, has_heat = bool(findings.flagged[position]), "anomaly_map" in explained
    if findings.scale is not None and has_heat:
        pair = (scored.views, position, explained["anomaly_map"], findings.scale, is_called)
        image, overlay = draw_pair(*pair)
    else:
        image, overlay = scored.views.pixels(position, LONGEST), None
    pictures = [("image", image_uri(image))]
    if "reconstruction" in explained:
        pictures.append(("reconstruction", image_uri(explained["reconstruction"])))
    if overlay is not None:
        pictures.append(("heat-map", image_uri(overlay)))
    label = None if scored.labels is None else ("normal", "anomaly")[int(scored.labels[position])]
    return {
        "name": scored.names[position],
        "score": float(scored.scores[position]),
        "p_value": float(p_value),
        "label": label,
        "flagged": is_called,
        "pictures": pictures,
    }


def _units(findings):
    """The decoded units most used by held-out images, with their share of the attention."""
    if findings.units is None:
        return None
    usage, count = findings.unit_usage, len(findings.units)
    order = np.arange(count) if usage is None else np.argsort(-usage, kind="stable")
    shown = [
        (image_uri(findings.units[i]), None if usage is None else 100 * float(usage[i]))
        for i in order[:MAX_UNITS]
    ]
    return {"shown": shown, "count": count}


def _settings(config):
    parts = [("Data", config.data), ("Training", config.training), ("Model", config.model)]
    if not config.model.trains_in_steps:
        del parts[1]
    return [(name, dataclasses.asdict(part)) for name, part in parts]


def whose_data(run: TrainedRun) -> str | None:
    """Whose images a report shows if the run belongs to another user; otherwise None."""
    if run.is_own:
        return None
    shown = run.data.dataset
    place = "" if run.data.data_dir is None else f" in {run.data.data_dir}"
    return (
        f"This run was not trained by the user who made this report. The images shown are that "
        f"user's: {shown}{place}. The run's folder says that it was trained on "
        f"{run.config.data.dataset}, which was not opened for it."
    )


def _commands(run):
    given = given_command(run.directory)
    again = train_command(run.directory, run.config)
    return {
        "given": given,
        "again": again,
        "follow_up": follow_up_commands(run.directory),
        "are_own": run.is_own,
    }
