"""Versions of a model on disk; each is complete or absent."""

import contextlib
import os
import pathlib
import re
import shutil
import time
from collections.abc import Iterator

from memgan_tf import outputs, temporaries
from memgan_tf.outputs import sync
from memgan_tf.training.run_directory import RunDirectory
from memgan_tf.validation import check_integer, received

STAGING_PREFIX = ".staging-"
# JSON clients represent integers up to this one exactly.
LARGEST_VERSION = 2**53 - 1


class ModelStore:
    """`<root>/<name>/<version>/`, the layout that TensorFlow Serving watches.

    A server loads a folder as soon as its name is a number. So a version is written under another
    name and renamed when it is complete.

    Args:
        root: Folder of all models.
        name: Name of the model.

    Attributes:
        path: Folder of the model.
        name: Name of the model.

    Raises:
        ValueError: If the name is not valid for a folder and in a URL.
    """

    def __init__(self, root: str | os.PathLike, name: str):
        if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.-]*", name):
            raise ValueError(
                f"`name` must be letters, digits, -, _ and ., a letter or digit first. "
                f"{received('name', name)}"
            )
        self.path, self.name = pathlib.Path(root) / name, name

    @property
    def versions(self) -> list[int]:
        """Published versions, ascending."""
        if not self.path.is_dir():
            return []
        return sorted(int(p.name) for p in self.path.iterdir() if p.name.isdecimal())

    def new_version(self, version: int | None = None) -> int:
        """`version`, or the seconds since 1970 in UTC, if it is free.

        Raises:
            ValueError: If it is taken or invalid.
        """
        # Servers take the highest number, also after the clock was set back.
        latest = max(self.versions, default=0)
        version = max(int(time.time()), latest + 1) if version is None else version
        check_integer("version", version, 1, LARGEST_VERSION)
        target = self.path / str(version)
        if target.exists():
            raise ValueError(
                f"{target} exists, and a published version is never overwritten. Name another "
                f"--version, or leave it out"
            )
        outputs.check_for_tensorflow(self.path, "output_dir")
        outputs.check_folder(self.path, "output_dir")
        return version

    @contextlib.contextmanager
    def publishing(self, version: int) -> Iterator[pathlib.Path]:
        """Yields a folder that becomes `version` if the block succeeds and is removed otherwise.

        Raises:
            ValueError: If the version is taken, even if it was free when the block began.
        """
        self.new_version(version)
        made = [place for place in self.path.parents if not place.exists()]
        outputs.make_folder(self.path, "output_dir")
        temporaries.sweep_staging(self.path, STAGING_PREFIX)
        staging = temporaries.make_staging(self.path, STAGING_PREFIX)
        try:
            yield staging
            for folder, _, names in os.walk(staging):
                for path in (*(pathlib.Path(folder, name) for name in names), pathlib.Path(folder)):
                    sync(path)
            self._rename(staging, version)
            sync(self.path)
        finally:
            shutil.rmtree(staging, ignore_errors=True)
            with contextlib.suppress(OSError):
                for place in (self.path, *made):
                    place.rmdir()  # only if it is empty

    def prune(self, keep: int, spared: int) -> list[int]:
        """Removes all but the `keep` highest versions and `spared`; returns the removed ones."""
        check_integer("keep", keep, minimum=1)
        removed = [version for version in self.versions[:-keep] if version != spared]
        for version in removed:
            doomed = temporaries.make_staging(self.path, STAGING_PREFIX)
            # At no time does a version lack a part of its files.
            (self.path / str(version)).rename(doomed / str(version))
            shutil.rmtree(doomed)
        return removed

    def _rename(self, staging, version):
        target = self.path / str(version)
        try:
            staging.rename(target)
        except OSError as error:
            if not target.exists():
                raise
            raise ValueError(
                f"{target} was published by another process meanwhile. Export again"
            ) from error


def check_trust(run: RunDirectory, force: bool = False) -> None:
    """Checks that a run may be exported.

    Args:
        run: Its folder.
        force: Whether a run that is SUSPECT or not COMPLETE may be.

    Raises:
        ValueError: If it may not.
    """
    reasons = [f"it is SUSPECT: {reason}" for reason in run.suspicions]
    if not run.is_complete:
        reasons.append("it is not COMPLETE; finish it with memgan train")
    if reasons and not force:
        raise ValueError(f"`run` must be trusted; {'; '.join(reasons)}. Or use --force")
