"""The model card: what an export is, with the digests of its files."""

import datetime
import hashlib
import pathlib
import subprocess
from typing import Any

from memgan_tf import files
from memgan_tf.evaluation.calibration import Calibration
from memgan_tf.evaluation.trained_run import TrainedRun

CARD_FILE = pathlib.PurePath("assets.extra", "model_card.json")


def describe_export(
    run: TrainedRun, calibration: Calibration, name: str, version: int
) -> dict[str, Any]:
    """What an export must be quoted with besides its run: where it goes, how it decides."""
    results = run.directory.path / "results.json"
    return {
        "name": name,
        "version": version,
        "created": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
        "git_revision": git_revision(),
        "image_shape": list(run.config.image_shape),
        "anomaly_score": "higher is more anomalous; an anomaly is a score above the threshold",
        "calibration": {
            "threshold": calibration.threshold,
            "target_fpr": calibration.target_fpr,
            "attainable_fpr": calibration.attainable_fpr,
            "num_held_out": len(calibration.scores),
        },
        "complete": run.directory.is_complete,
        "suspect": run.directory.suspicions,
        "metrics": files.read_json(results)["metrics"] if results.exists() else None,
    }


def write_card(export: pathlib.Path, card: dict[str, Any]) -> None:
    """Writes the card, with the SHA-256 of every other file of the export."""
    digests = {
        path.relative_to(export).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(export.rglob("*"))
        if path.is_file()
    }
    (export / CARD_FILE.parent).mkdir(exist_ok=True)
    files.write_json(export / CARD_FILE, {**card, "sha256": digests})


def git_revision() -> str | None:
    """Commit of the package's source, with `+` if files differ from it; None without git."""
    file = pathlib.Path(__file__)
    options = {"cwd": file.parent, "capture_output": True, "text": True, "check": True}
    options["timeout"] = 10
    try:
        # An installed package may lie in a repository that is not its own.
        subprocess.run(["git", "ls-files", "--error-unmatch", file.name], **options)
        head = subprocess.run(["git", "rev-parse", "HEAD"], **options).stdout.strip()
        changed = subprocess.run(["git", "status", "--short", "-uno"], **options).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return None
    return f"{head}+" if changed else head
