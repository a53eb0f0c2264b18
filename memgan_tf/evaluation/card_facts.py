"""Facts for every model card of a run, with a report or in an export."""

import pathlib
import subprocess
from typing import Any

from memgan_tf import files
from memgan_tf.evaluation.calibration import Calibration
from memgan_tf.evaluation.trained_run import TrainedRun
from memgan_tf.validation import check_real


def card_facts(run: TrainedRun, calibration: Calibration) -> dict[str, Any]:
    """How a run decides, whether it can be trusted, and the source code that made it."""
    results, metrics = run.directory.results_file, None
    if results.exists():
        with files.naming_damage(results, "Make it again with memgan evaluate"):
            metrics = files.read_json(results)["metrics"]
            for name, value in metrics.items():
                check_real(name, value, minimum=0.0, maximum=1.0)
    return {
        "git_revision": git_revision(),
        "image_shape": list(run.config.image_shape),
        "image_fit": run.config.data.fit,
        "bit_depth": run.config.data.bit_depth or 16,
        "anomaly_score": "higher is more anomalous; an anomaly is a score above the threshold",
        "score_notes": run.detector.score_notes(),
        "backbone": run.detector.backbone_facts,
        "calibration": {
            "threshold": calibration.threshold,
            "target_fpr": calibration.target_fpr,
            "attainable_fpr": calibration.attainable_fpr,
            "num_held_out": len(calibration.scores),
        },
        "complete": run.directory.is_complete,
        "suspect": run.directory.suspicions,
        "metrics": metrics,
    }


def git_revision() -> str | None:
    """Commit of the package's source, with `+` if files have been changed; None without git."""
    file = pathlib.Path(__file__)
    options: dict[str, Any] = {"cwd": file.parent, "capture_output": True, "text": True}
    options |= {"check": True, "timeout": 10}
    try:
        # An installed package may lie inside another project's repository.
        subprocess.run(["git", "ls-files", "--error-unmatch", file.name], **options)
        head = subprocess.run(["git", "rev-parse", "HEAD"], **options).stdout.strip()
        changed = subprocess.run(["git", "status", "--short", "-uno"], **options).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return None
    return f"{head}+" if changed else head
