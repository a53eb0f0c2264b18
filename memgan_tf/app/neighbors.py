"""The normal images most similar to an image."""

import dataclasses
import io
import threading
from collections.abc import Callable

import numpy as np
import tensorflow as tf
from PIL import Image

from memgan_tf.app.decisions import GOOD, Decisions
from memgan_tf.app.images import Images, ScoredImage
from memgan_tf.app.judges import RunJudge
from memgan_tf.app.pictures import THUMBNAIL_SIDE, Pictures, encode
from memgan_tf.data import load_task
from memgan_tf.data.samples import evenly
from memgan_tf.detectors.patches.base import FeatureDetector
from memgan_tf.detectors.patches.features_knn import pooled
from memgan_tf.evaluation.run_data import choose_data
from memgan_tf.evaluation.trained_run import TrainedRun

# Largest numbers of training images and of confirmed good ones to compare; number of shown ones.
MAX_TRAINING, MAX_CONFIRMED, NUM_SHOWN = 1000, 200, 4
BATCH_SIZE = 16
# Side of images for the comparison of pixels.
SIDE = 24


@dataclasses.dataclass(frozen=True)
class Neighbor:
    """A normal image shown next to the viewed one.

    Attributes:
        name: Name of the image.
        address: Address of its picture, below the page's.
    """

    name: str
    address: str


class TrainingNeighbors:
    """The run's training images, described once in a separate thread.

    Args:
        judge: The run.

    Attributes:
        state: Progress, one line; empty when everything is ready.
        is_ready: Whether `nearest` may be called.
    """

    def __init__(self, judge: RunJudge):
        self._judge, self.is_ready, self._stopping = judge, False, False
        self.state = "The training images are being read."
        self._describe = describer(judge.run)
        self._names: list[str] = []
        self._pictures: list[bytes] = []
        self._vectors = np.zeros((0, 0), np.float32)
        self._thread = threading.Thread(target=self._work, name="neighbors", daemon=True)

    def start(self) -> None:
        """Starts to read the training images."""
        self._thread.start()

    def stop(self) -> None:
        """Ends the thread after the current images."""
        self._stopping = True
        self._thread.join(timeout=60.0)

    def nearest(self, pixels: np.ndarray, count: int = NUM_SHOWN) -> list[Neighbor]:
        """The training images nearest to an image, nearest first.

        Args:
            pixels: Input of the detector, `(height, width, channels)`.
            count: Largest number of images.
        """
        with self._judge.busy():
            vector = self._describe(pixels[np.newaxis])[0]
        order = np.argsort(-(self._vectors @ vector), kind="stable")[:count]
        return [Neighbor(self._names[i], f"/training/{i}") for i in order.tolist()]

    def picture(self, number: int) -> bytes | None:
        """The picture of a training image; None if the number does not exist."""
        return self._pictures[number] if 0 <= number < len(self._pictures) else None

    def _work(self):
        try:
            self._read()
        except (ValueError, OSError, RuntimeError) as error:
            self.state = f"The run's training images cannot be shown: {error}"

    def _read(self):
        config = self._judge.run.config
        data = choose_data(self._judge.run.directory, config.data)
        train = load_task(data, config.training.seed, with_test=False).train
        chosen = evenly(len(train), MAX_TRAINING)
        vectors = []
        for start in range(0, len(chosen), BATCH_SIZE):
            if self._stopping:
                return
            part = chosen[start : start + BATCH_SIZE]
            images = np.asarray(train.images[part])
            with self._judge.busy():
                vectors.append(self._describe(images))
            self._pictures += [encode(_as_image(pixels), THUMBNAIL_SIDE) for pixels in images]
        self._names = [train.names[i] for i in chosen]
        self._vectors = np.concatenate(vectors)
        self.state, self.is_ready = "", True


class ConfirmedNeighbors:
    """The images of the session confirmed as good, compared by their pixels.

    Args:
        images: Images of the session.
        decisions: Decisions on them.
        pictures: Makes the thumbnails, which are compared.
    """

    def __init__(self, images: Images, decisions: Decisions, pictures: Pictures):
        self._images, self._decisions, self._pictures = images, decisions, pictures
        self._vectors: dict[str, np.ndarray] = {}

    def nearest(self, image: ScoredImage, count: int = NUM_SHOWN) -> list[Neighbor]:
        """The confirmed images nearest to an image, nearest first, without the image itself."""
        good = [d.image for d in self._decisions.standing() if d.decision == GOOD]
        known = [self._images.get(key) for key in good if key != image.id]
        own, found = self._vector(image), []
        for other in [i for i in known if i is not None][-MAX_CONFIRMED:]:
            vector = self._vector(other)
            if own is not None and vector is not None:
                found.append((float(own @ vector), other))
        found.sort(key=lambda pair: -pair[0])
        return [Neighbor(i.name, f"/image/{i.id}/thumbnail") for _, i in found[:count]]

    def _vector(self, image):
        """Vector of an image; None if the file can no longer be read."""
        if image.id not in self._vectors:
            try:
                with Image.open(io.BytesIO(self._pictures.thumbnail(image))) as thumbnail:
                    pixels = np.asarray(thumbnail.convert("RGB"))
            except (OSError, ValueError):
                return None
            self._vectors[image.id] = pixel_vectors(pixels[np.newaxis])[0]
        return self._vectors[image.id]


def describer(run: TrainedRun) -> Callable[[np.ndarray], np.ndarray]:
    """A function that returns unit vectors for comparing a run's images, `(num_images, length)`.

    They are features of the detector's network if it has one, otherwise codes or small images.
    """
    detector = run.detector
    if isinstance(detector, FeatureDetector) and detector.model is not None:
        network = detector.model.network
        compiled = tf.function(
            lambda images: pooled(network, images),
            input_signature=[tf.TensorSpec((None, *run.config.image_shape), tf.uint8)],
            autograph=False,
        )
        return lambda images: compiled(tf.constant(images)).numpy()
    blank = np.zeros((1, *run.config.image_shape), np.uint8)
    codes = run.explain(blank).get("codes")
    if codes is not None and codes.ndim == 2:
        return lambda images: _unit(run.explain(images)["codes"])
    return pixel_vectors


def pixel_vectors(images: np.ndarray) -> np.ndarray:
    """Images `(num_images, height, width, channels)` as small images scaled to length 1."""
    small = [_as_image(i).convert("RGB").resize((SIDE, SIDE), Image.Resampling.BOX) for i in images]
    values = np.stack([np.asarray(image, np.float32).reshape(-1) for image in small])
    return _unit(values - values.mean(axis=1, keepdims=True))


def _unit(vectors):
    return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)


def _as_image(pixels):
    return Image.fromarray(pixels[..., 0] if pixels.shape[-1] == 1 else pixels)
