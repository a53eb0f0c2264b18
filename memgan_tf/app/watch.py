"""Watches a folder, whose new photographs are scored on arrival."""

import os
import pathlib
import threading
import time

from memgan_tf import files
from memgan_tf.app.intake import Intake
from memgan_tf.app.photographs import Waiting
from memgan_tf.data.folders.walk import name_of, walk

# Minimum and maximum seconds between two looks; in between, looking takes a tenth of the time.
PAUSE, LONGEST_PAUSE, SHARE = 1.0, 5.0, 0.1


class FolderWatch:
    """Looks at a folder repeatedly, in a thread.

    A file is accepted when two looks find the same size and time, so that a camera can finish it. A
    changed file is a new image.

    Args:
        folder: The folder, with files at any depth.
        intake: Scores the files; while it has no room, looking pauses.
        except_for: A folder to skip, the session's own.

    Attributes:
        error: Why the folder cannot be read, or None.
    """

    def __init__(self, folder: pathlib.Path, intake: Intake, except_for: pathlib.Path):
        self.folder, self._intake, self._except_for = folder, intake, except_for
        self.error: str | None = None
        self._taken: dict[pathlib.Path, tuple[int, int]] = {}
        self._seen: dict[pathlib.Path, tuple[int, int]] = {}
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._work, name="watch", daemon=True)

    def start(self) -> None:
        """Starts to look."""
        self._thread.start()

    def stop(self) -> None:
        """Stops after the current file."""
        self._stop.set()
        self._thread.join(timeout=10.0)

    def look(self) -> None:
        """Looks once, and passes on new and finished files."""
        try:
            found = walk(self.folder).images
            self.error = None
        except OSError as error:
            self.error = f"{self.folder} cannot be read: {files.first_line(error)}"
            return
        seen = {}
        folder, own = self.folder.resolve(), self._except_for.resolve()
        for relative in found:
            path = self.folder / relative
            if (folder / relative).is_relative_to(own):
                continue
            try:
                status = os.stat(path)
            except OSError:
                continue  # removed in the meantime
            stamp = (status.st_size, status.st_mtime_ns)
            if self._taken.get(path) == stamp:
                continue
            if self._seen.get(path) != stamp:
                seen[path] = stamp
                continue
            if not self._hand_over(Waiting(path, name_of(relative))):
                return
            self._taken[path] = stamp
        self._seen = seen

    def _hand_over(self, file):
        while not self._stop.is_set():
            if self._intake.put(file, timeout=0.5):
                return True
        return False

    def _work(self):
        while not self._stop.is_set():
            started = time.monotonic()
            try:
                self.look()
            except Exception as error:  # this thread looks again
                self.error = f"{self.folder} cannot be read: {files.first_line(error)}"
            took = time.monotonic() - started
            self._stop.wait(min(LONGEST_PAUSE, max(PAUSE, took / SHARE)))
