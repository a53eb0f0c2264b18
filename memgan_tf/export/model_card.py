"""The model card: describes an export and has the digests of its files."""

import datetime
import hashlib
import pathlib
from typing import Any

from memgan_tf import files
from memgan_tf.evaluation.calibration import Calibration
from memgan_tf.evaluation.card_facts import card_facts
from memgan_tf.evaluation.trained_run import TrainedRun

CARD_FILE = pathlib.PurePath("assets.extra", "model_card.json")


def describe_export(
    run: TrainedRun, calibration: Calibration, name: str, version: int
) -> dict[str, Any]:
    """What describes an export in addition to its run: where it is published, how it decides."""
    return {
        "name": name,
        "version": version,
        "created": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
        **card_facts(run, calibration),
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
