"""decisions.csv: who called which image good or a defect, when, with score and threshold."""

import csv
import dataclasses
import datetime
import io
import math
import pathlib
import re
import threading

from memgan_tf.app.append_log import AppendLog
from memgan_tf.evaluation.scores import as_cell
from memgan_tf.text import has_controls, printable, visible
from memgan_tf.validation import check_choice, received

FILE = "decisions.csv"
COLUMNS = (
    *("time", "who", "file", "decision", "anomaly_score", "p_value", "threshold", "is_anomaly"),
    "image",
)
GOOD, DEFECT, WITHDRAWN = "good", "defect", "withdrawn"
CHOICES = (GOOD, DEFECT, WITHDRAWN)
# The last cell has a fixed form, which a partial row does not have.
IMAGE_ID = re.compile(r"[0-9a-f]{32}")
LONGEST_WHO, LONGEST_NAME = 80, 300
# Number of kept reasons for unreadable rows.
MAX_DAMAGED = 1000


@dataclasses.dataclass(frozen=True)
class Decision:
    """A row of the file.

    Attributes:
        time: UTC, ISO 8601.
        who: Name of the inspector.
        file: Name of the image for people.
        decision: `good`, `defect` or `withdrawn`.
        anomaly_score: Score of the image.
        p_value: P-value of the image.
        threshold: Threshold at the time of the decision.
        image: Id of the image, the first half of its content's SHA-256.
    """

    time: str
    who: str
    file: str
    decision: str
    anomaly_score: float
    p_value: float
    threshold: float
    image: str

    def to_line(self) -> str:
        """The row as a line of CSV, with names free of line ends and formulas."""
        flagged = int(self.anomaly_score > self.threshold)
        # Exact, so that a score equal to the threshold is still not above it after reading.
        numbers = (repr(float(self.anomaly_score)), f"{self.p_value:.6g}", repr(self.threshold))
        text = io.StringIO()
        row = (self.time, _cell(self.who), _cell(self.file), self.decision, *numbers, flagged)
        csv.writer(text, lineterminator="").writerow((*row, self.image))
        return text.getvalue()

    @classmethod
    def from_line(cls, line: str) -> "Decision":
        """Reads a row.

        Raises:
            ValueError: If it is none.
        """
        try:
            cells = next(csv.reader([line]), [])
        except csv.Error as error:
            raise ValueError(str(error)) from error
        if len(cells) != len(COLUMNS):
            raise ValueError(f"it has {len(cells)} cells, not {len(COLUMNS)}")
        time, who, file, decision, *numbers, _, image = cells
        score, p_value, threshold = map(float, numbers)
        if not IMAGE_ID.fullmatch(image):
            raise ValueError("the last cell is no id of an image")
        if not math.isfinite(score) or math.isnan(threshold):
            raise ValueError("the score or the threshold is not finite")
        check_choice("decision", decision, CHOICES)
        return cls(time, who, file, decision, score, p_value, threshold, image)


def check_who(who: str) -> str:
    """The name of an inspector as it is kept: visible characters, in one form.

    Raises:
        ValueError: If nothing visible is left, it is too long, or it has control characters.
    """
    name = visible(who)
    if not 0 < len(name) <= LONGEST_WHO or has_controls(name):
        raise ValueError(
            f"`who`, the name of the inspector, must have 1 to {LONGEST_WHO} visible characters. "
            f"{received('who', who[:100])}. Type it again"
        )
    return name


def now() -> str:
    """The time in UTC, ISO 8601."""
    return datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="milliseconds")


class Decisions:
    """All decisions so far, by all processes that write the file.

    Args:
        folder: Folder of the inspection.

    Attributes:
        damaged: The latest unreadable rows, each with its reason.
        count: Number of rows read.
    """

    def __init__(self, folder: pathlib.Path):
        self._log = AppendLog(folder / FILE, ",".join(COLUMNS), _is_row)
        self._latest: dict[str, Decision] = {}
        self._lock = threading.Lock()
        self.damaged: list[str] = []
        self.count = 0
        self.refresh()

    @property
    def path(self) -> pathlib.Path:
        """The file."""
        return self._log.path

    def add(self, decision: Decision) -> None:
        """Writes a row; it is on the disk when this returns.

        Raises:
            OSError: If it cannot be written; then nothing is written.
        """
        self._log.append([decision.to_line()])
        self.refresh()

    def refresh(self) -> None:
        """Reads what other processes have written."""
        with self._lock:
            for restarted, lines in self._log.updates():
                if restarted:
                    self._latest, self.damaged, self.count = {}, [], 0
                self._take(lines)

    def _take(self, lines):
        for line in filter(None, lines):
            self.count += 1
            try:
                found = Decision.from_line(line)
            except ValueError as error:
                self.damaged.append(f"row {self.count}: {error}")
                continue
            self._latest[found.image] = found
        del self.damaged[:-MAX_DAMAGED]

    def of(self, image: str) -> Decision | None:
        """The latest decision on an image, unless it has been withdrawn."""
        found = self._latest.get(image)
        return None if found is None or found.decision == WITHDRAWN else found

    def standing(self) -> list[Decision]:
        """The latest decision on each image, without withdrawn ones."""
        return [d for d in list(self._latest.values()) if d.decision != WITHDRAWN]


def _is_row(line):
    try:
        Decision.from_line(line)
    except ValueError:
        return False
    return True


def _cell(text):
    return printable(as_cell(text))[:LONGEST_NAME]
