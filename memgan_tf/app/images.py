"""images.jsonl: all images scored in the session, so that a restart shows them again."""

import dataclasses
import json
import math
import pathlib
import threading
from collections.abc import Sequence

from memgan_tf.app.append_log import AppendLog
from memgan_tf.app.decisions import IMAGE_ID

FILE = "images.jsonl"


@dataclasses.dataclass(frozen=True)
class ScoredImage:
    """An image of the session.

    Attributes:
        id: First half of its content's SHA-256; equal bytes are one image, with any name.
        name: Name of the dropped file, or path below the watched folder.
        path: Path of the file.
        size: `(height, width)` of the upright image.
        anomaly_score: A(x).
        p_value: P-value at the time of scoring.
        threshold: Threshold at the time of scoring.
        time: Time of scoring, UTC, ISO 8601.
    """

    id: str
    name: str
    path: str
    size: tuple[int, int]
    anomaly_score: float
    p_value: float
    threshold: float
    time: str

    def to_line(self) -> str:
        """A line of JSON in ASCII, because names may have bytes that are not UTF-8."""
        return json.dumps(dataclasses.asdict(self), allow_nan=False)

    @classmethod
    def from_line(cls, line: str) -> "ScoredImage":
        """Reads a line.

        Raises:
            ValueError: If it is none.
        """
        try:
            values = json.loads(line)
            found = cls(**{**values, "size": tuple(map(int, values["size"]))})
            numbers = (found.anomaly_score, found.p_value, found.threshold)
            texts = (found.name, found.path, found.time)
            sound = len(found.size) == 2 and all(map(math.isfinite, numbers))
            sound = sound and all(isinstance(text, str) for text in texts)
            if not (sound and IMAGE_ID.fullmatch(found.id)):
                raise ValueError("a value is of another kind")
            return found
        except (AttributeError, KeyError, TypeError, RecursionError, OverflowError) as error:
            raise ValueError(f"it is no image: {error}") from error


class Images(Sequence):
    """The images in the order of scoring, by all processes that write the file.

    Args:
        folder: Folder of the inspection.
    """

    def __init__(self, folder: pathlib.Path):
        self._log = AppendLog(folder / FILE)
        self._order: list[ScoredImage] = []
        self._by_id: dict[str, ScoredImage] = {}
        self._positions: dict[str, int] = {}
        self._lock = threading.Lock()
        self.refresh()

    def __len__(self):
        return len(self._order)

    def __getitem__(self, position):
        return self._order[position]

    def __contains__(self, key):
        return key in self._by_id

    def get(self, key: str) -> ScoredImage | None:
        """The image with an id."""
        return self._by_id.get(key)

    def position(self, key: str) -> int | None:
        """Position of an image in the order."""
        return self._positions.get(key)

    def add(self, images: list[ScoredImage]) -> None:
        """Appends images; they are on the disk when this returns.

        Raises:
            OSError: If they cannot be written.
        """
        self._log.append([image.to_line() for image in images])
        self.refresh()

    def refresh(self) -> None:
        """Reads what other processes have written."""
        with self._lock:
            for restarted, lines in self._log.updates():
                if restarted:
                    self._order, self._by_id, self._positions = [], {}, {}
                self._take(lines)

    def _take(self, lines):
        for line in lines:
            try:
                found = ScoredImage.from_line(line)
            except ValueError:
                # Useless without the path of its file; decisions are in a separate file.
                continue
            if found.id not in self._by_id:
                self._positions[found.id] = len(self._order)
                self._order.append(found)
                self._by_id[found.id] = found


def last_part(name: str) -> str:
    """The last part of a name sent by a browser, so that it cannot be a path."""
    last = name.replace("\\", "/").rstrip("/").rpartition("/")[2]
    return last[-255:] or "unnamed"
