"""A folder whose new photographs are scored as they arrive."""

import os
import pathlib
import threading
import time

from memgan_tf import files
from memgan_tf.app.intake import Intake
from memgan_tf.app.photographs import Waiting
from memgan_tf.data.folders.walk import name_of, walk

# Seconds between two looks, at least and at most; in between, a look takes a tenth of the time.
PAUSE, LONGEST_PAUSE, SHARE = 1.0, 5.0, 0.1


class FolderWatch:
    """Looks at a folder again and again, in a thread.

    A file is taken once two looks find the same size and time, so that a camera can finish it. A
    file that changes is another image.

    Args:
        folder: The folder, at any depth.
        intake: Scores what is found; while it has no room, nothing is looked at.
        except_for: A folder that is not looked into, the session's own.

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
        """Stops after the file in work."""
        self._stop.set()
        self._thread.join(timeout=10.0)

    def look(self) -> None:
        """Looks once, and hands over what is new and finished."""
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
                continue  # gone again
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
            self.look()
            took = time.monotonic() - started
            self._stop.wait(min(LONGEST_PAUSE, max(PAUSE, took / SHARE)))
