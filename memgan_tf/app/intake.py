"""Scores incoming files: a limited queue, and one thread that scores."""

import collections
import contextlib
import dataclasses
import queue
import threading
from typing import cast

import numpy as np

from memgan_tf import files
from memgan_tf.app.decisions import now
from memgan_tf.app.images import Images, ScoredImage
from memgan_tf.app.judges import Judge
from memgan_tf.app.photographs import Opened, Waiting, id_of, open_content, read_file
from memgan_tf.app.pictures import Pictures
from memgan_tf.data.image_files import DecodedImage

# Largest number of waiting files; further files wait for room.
QUEUE_SIZE = 64
# Number of images scored at once, small so that the page does not wait long.
BATCH_SIZE, BATCH_PIXELS = 16, 2**20
# Number of kept reasons for files that are left out.
MAX_FAILURES = 1000


@dataclasses.dataclass(frozen=True)
class Failure:
    """A file that was left out.

    Attributes:
        name: Name of the file.
        reason: Reason, one line.
        number: Counts from 1.
    """

    name: str
    reason: str
    number: int


class Intake:
    """Scores files in the order of arrival.

    Args:
        judge: Scores them.
        images: Receives the scored images.
        pictures: Receives decoded images, so that they are not decoded again for the page.

    Attributes:
        failures: The latest files that were left out.
        failed: Number of files left out.
    """

    def __init__(self, judge: Judge, images: Images, pictures: Pictures):
        self._judge, self._images, self._pictures = judge, images, pictures
        self._queue: queue.Queue[Waiting | None] = queue.Queue(QUEUE_SIZE)
        self.failures: collections.deque[Failure] = collections.deque(maxlen=MAX_FAILURES)
        self.failed, self._in_work, self._stopping = 0, 0, False
        height, width, _ = judge.image_shape
        self._batch = max(1, min(BATCH_SIZE, BATCH_PIXELS // (height * width)))
        self._thread = threading.Thread(target=self._work, name="scoring", daemon=True)

    def start(self) -> None:
        """Starts the thread."""
        self._thread.start()

    def stop(self) -> None:
        """Ends the thread after the current images; waiting files are not scored."""
        self._stopping = True
        with contextlib.suppress(queue.Full):
            self._queue.put_nowait(None)
        self._thread.join(timeout=60.0)

    @property
    def waiting(self) -> int:
        """Number of files that are not scored yet."""
        return self._queue.qsize() + self._in_work

    def put(self, file: Waiting, timeout: float) -> bool:
        """Adds a file to the queue; returns False if there was no room in time."""
        try:
            self._queue.put(file, timeout=timeout)
        except queue.Full:
            return False
        return not self._stopping

    def leave_out(self, name: str, reason: str) -> None:
        """Records a file that cannot be scored."""
        self.failed += 1
        self.failures.appendleft(Failure(name, reason, self.failed))

    def _work(self):
        while not self._stopping:
            part = self._next_part()
            self._in_work = len(part)
            try:
                self._score(part)
            except Exception as error:
                # TensorFlow has errors of its own. Nobody would see that this thread had ended.
                for file in part:
                    self.leave_out(file.name, files.first_line(error))
            finally:
                self._in_work = 0

    def _next_part(self):
        part = [self._queue.get()]
        with contextlib.suppress(queue.Empty):
            while len(part) < self._batch:
                part.append(self._queue.get_nowait())
        return [file for file in part if file is not None]

    def _score(self, part):
        opened: dict[str, tuple[Waiting, Opened]] = {}
        for file in part:
            found = self._open(file)
            if found is not None:
                opened.setdefault(found.id, (file, found))
        if not opened:
            return
        scores, p_values = self._judge.score(np.stack([o.pixels for _, o in opened.values()]))
        rows = zip(opened.values(), scores, p_values, strict=True)
        added = [self._describe(*pair, score, p_value) for pair, score, p_value in rows]
        sound = [image for image in added if np.isfinite(image.anomaly_score)]
        for image in added:
            if image not in sound:
                self.leave_out(image.name, "its score is no finite number")
        if sound:
            self._images.add(sound)

    def _open(self, file):
        """A file to be scored; None if it has been scored, or cannot be, which is recorded."""
        try:
            content = read_file(file.path)
            if id_of(content) in self._images:
                return None
            found = open_content(content, self._judge)
        except ValueError as error:
            self.leave_out(file.name, str(error))
            if file.is_dropped:
                file.path.unlink(missing_ok=True)
            return None
        self._pictures.keep(found.id, cast(DecodedImage, found.decoded))
        return dataclasses.replace(found, decoded=None)

    def _describe(self, file, opened, score, p_value):
        return ScoredImage(
            id=opened.id,
            name=file.name,
            path=str(file.path.absolute()),
            size=opened.size,
            anomaly_score=float(score),
            p_value=float(p_value),
            threshold=self._judge.threshold,
            time=now(),
        )
