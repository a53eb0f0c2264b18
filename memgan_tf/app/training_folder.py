"""Exports confirmed images as a folder in MVTec AD's layout, for the next training."""

import dataclasses
import datetime
import pathlib
import re
import shutil

from memgan_tf import temporaries
from memgan_tf.app.decisions import DEFECT, GOOD, Decisions
from memgan_tf.app.images import Images
from memgan_tf.app.photographs import id_of, read_file
from memgan_tf.data.image_files import IMAGE_SUFFIXES

# Every fifth good image is for the test of the next run.
TEST_SHARE = 5
MAX_NAME = 60
# Suffix of a file by the beginning of its content.
SUFFIXES = (
    (b"\x89PNG", ".png"),
    (b"\xff\xd8", ".jpg"),
    (b"BM", ".bmp"),
    (b"GIF8", ".gif"),
    (b"RIFF", ".webp"),
    (b"II", ".tif"),
    (b"MM", ".tif"),
)


@dataclasses.dataclass(frozen=True)
class Exported:
    """A written folder.

    Attributes:
        path: Path of the folder.
        num_train: Number of good images in `train/good`.
        num_good: Number of good images in `test/good`.
        num_defects: Number of images in `test/defect`.
        left_out: Names of images whose files have changed, with the reason.
    """

    path: pathlib.Path
    num_train: int
    num_good: int
    num_defects: int
    left_out: list[tuple[str, str]]


def write_training_folder(folder: pathlib.Path, images: Images, decisions: Decisions) -> Exported:
    """Copies the confirmed images to `train/good`, `test/good` and `test/defect`.

    Every fifth good image, chosen by content, is copied to `test/good`. The folder appears only
    when it is complete.

    Args:
        folder: Folder of the inspection; the new folder is in it, named by date and time.
        images: Images of the session.
        decisions: Decisions on them.

    Raises:
        ValueError: If no image has been confirmed as a defect.
        OSError: If it cannot be written.
    """
    standing = decisions.standing()
    if not any(d.decision == DEFECT for d in standing):
        raise ValueError("No image is confirmed as a defect yet, so there is nothing to export")
    temporaries.sweep_temporaries(folder)
    temporaries.sweep_staging(folder)
    staging, counts, left_out = temporaries.make_staging(folder), dict.fromkeys(PLACES, 0), []
    try:
        for decision in standing:
            image, place = images.get(decision.image), _place(decision)
            try:
                if image is None:
                    raise ValueError("the session does not know it")
                content = read_file(image.path)
                if id_of(content) != decision.image:
                    raise ValueError("the file has changed since it was scored")
            except ValueError as error:
                left_out.append((decision.file, str(error)))
                continue
            target = staging / place
            target.mkdir(parents=True, exist_ok=True)
            (target / _name(image, content)).write_bytes(content)
            counts[place] += 1
        path = folder / f"training_{datetime.datetime.now(datetime.timezone.utc):%Y%m%dT%H%M%S%fZ}"
        staging.rename(path)
    except BaseException:
        shutil.rmtree(staging, ignore_errors=True)
        raise
    num_train, num_good, num_defects = counts.values()
    return Exported(path, num_train, num_good, num_defects, left_out)


PLACES = ("train/good", "test/good", "test/defect")


def _place(decision):
    if decision.decision != GOOD:
        return PLACES[2]
    return PLACES[int(decision.image[:8], 16) % TEST_SHARE == 0]


def _name(image, content):
    """A unique name of letters, digits and hyphens, with the id."""
    stem = pathlib.PurePath(image.name).stem if image.name else ""
    plain = re.sub(r"[^A-Za-z0-9-]+", "_", stem)[-MAX_NAME:].strip("_")
    given = pathlib.PurePath(image.name).suffix.lower()
    known = [suffix for begin, suffix in SUFFIXES if content.startswith(begin)]
    suffix = known[0] if known else given if given in IMAGE_SUFFIXES else ".png"
    return f"{plain}_{image.id[:12]}{suffix}".lstrip("_")
