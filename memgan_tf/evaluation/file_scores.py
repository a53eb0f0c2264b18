"""Scores image files of any size and number, part by part."""

import dataclasses
import itertools
import math
import os
import pathlib
import warnings
from collections.abc import Iterable, Iterator

import numpy as np

from memgan_tf.data.folders.originals import Originals, Photograph
from memgan_tf.data.folders.walk import name_of, shown, walk
from memgan_tf.data.inputs import check_input, read_files
from memgan_tf.evaluation.predicted_regions import predict_regions
from memgan_tf.evaluation.regions import Region
from memgan_tf.evaluation.trained_run import TrainedRun
from memgan_tf.evaluation.views import Views

# Largest number of files in memory at once, and of their bytes. The number is a multiple of every
# detector's batch size, so scores equal those of the whole set at once.
PART_FILES, PART_BYTES = 512, 2**28


@dataclasses.dataclass(frozen=True)
class FileScore:
    """A run's result for one file.

    Attributes:
        path: Path of the file.
        anomaly_score: A(x), higher is more anomalous.
        p_value: Conformal p-value: the share of normal images that look at least as anomalous.
        is_anomaly: Whether the score is above the run's threshold.
        region: The largest predicted region of an anomaly, in the photograph's own pixels; None
            for normal images, and for runs without predicted regions.
    """

    path: pathlib.Path
    anomaly_score: float
    p_value: float
    is_anomaly: bool
    region: Region | None = None


class FileScores(Iterator[FileScore]):
    """An iterator over the scores of files, in their order.

    Args:
        run: The run.
        paths: A folder with images at any depth, an image, or paths of images.

    Attributes:
        skipped: Files that could not be read so far, and folders that may not be, each with its
            reason; each causes a warning.

    Raises:
        ValueError: If the folder or file does not exist, or has no image.
    """

    def __init__(self, run: TrainedRun, paths: str | os.PathLike | Iterable[str | os.PathLike]):
        self._run = run
        self.skipped: list[tuple[pathlib.Path, str]] = []
        self._scores = self._score_parts(self._list(paths))

    def __next__(self) -> FileScore:
        return next(self._scores)

    def _score_parts(self, paths):
        size = max(1, min(PART_FILES, PART_BYTES // math.prod(self._run.config.image_shape)))
        readable = self._read(paths, size)
        while part := list(itertools.islice(readable, size)):
            yield from self._score(*zip(*part, strict=True))

    def _read(self, paths, size):
        """Path, pixels and `(height, width)` of each readable file."""
        data, shape = self._run.config.data, self._run.config.image_shape
        paths = iter(paths)
        while chosen := list(itertools.islice(paths, size)):
            # Read as a whole, because reading changes the process's warning filters.
            results = list(read_files(chosen, shape, data.fit, data.bit_depth))
            for path, result in zip(chosen, results, strict=True):
                if isinstance(result, ValueError):
                    self._skip(path, str(result))
                else:
                    pixels, sides, _ = result
                    yield path, pixels, sides

    def _skip(self, path, reason):
        self.skipped.append((path, reason))
        warnings.warn(f"Left out {shown(name_of(path))}: {reason}", stacklevel=2)

    def _score(self, paths, pixels, sizes):
        run, data, images = self._run, self._run.config.data, np.stack(pixels)
        scores = run.score(images)
        p_values, flagged = run.p_values(scores), run.decide(scores)
        photographs = [Photograph(*file) for file in zip(paths, sizes, strict=True)]
        views = Views(images, None, Originals(photographs, data.fit, data.bit_depth))
        regions = predict_regions(run, views, flagged) or [None] * len(paths)
        rows = zip(paths, scores, p_values, flagged, regions, strict=True)
        for path, score, p_value, is_anomaly, region in rows:
            yield FileScore(path, score.item(), p_value.item(), is_anomaly.item(), region)

    def _list(self, paths):
        """The paths of images; a generator of paths is consumed only as needed."""
        if not isinstance(paths, (str, os.PathLike)):
            return map(pathlib.Path, paths)
        check_input(os.fspath(paths))
        place = pathlib.Path(paths)
        if place.suffix.lower() == ".npz" and place.is_file():
            raise ValueError(
                f"`paths` must be image files or a folder. Received: {place}. Use "
                f"run.score(np.load(…)['images'])"
            )
        if not place.is_dir():
            return [place]
        found = walk(place)
        for path, reason in found.refused:
            self._skip(place / path, reason)
        return [place / path for path in found.images]
