"""Images in memory with labels and names."""

import dataclasses
from collections.abc import Sequence
from typing import Any

import numpy as np

from memgan_tf.data.folders.originals import Originals
from memgan_tf.data.image_files import stated_size
from memgan_tf.data.stored_images import Images, StoredImages
from memgan_tf.validation import check_image_shape, received

# Number of images that are copied at a time, for any size of the set.
IMAGES_AT_ONCE = 256


class EncodedImages(Sequence):
    """Image files that are decoded when they are picked, so only those of one class are decoded.

    Args:
        files: `(num_images,)` array of PNG or JPEG bytes.
        image_shape: `(height, width, channels)` of every image.
    """

    def __init__(self, files: np.ndarray, image_shape: tuple[int, int, int]):
        self._files, self._image_shape = files, image_shape

    def __len__(self):
        return len(self._files)

    @property
    def shape(self) -> tuple[int, int, int, int]:
        """`(num_images, height, width, channels)`."""
        return (len(self._files), *self._image_shape)

    def __getitem__(self, chosen: Any) -> Any:
        """The images at the positions `chosen`, `(len(chosen), height, width, channels)` uint8."""
        import tensorflow as tf

        channels = self._image_shape[2]
        for position in np.atleast_1d(np.arange(len(self._files))[chosen]):
            # Checked before TensorFlow allocates the size that a header states.
            size = stated_size(self._files[position])
            if size != self._image_shape[:2]:
                raise ValueError(
                    f"image {position} has {size[1]}×{size[0]} pixels instead of "
                    f"{self._image_shape[1]}×{self._image_shape[0]}: the data set is damaged"
                )
        images = (
            tf.data.Dataset.from_tensor_slices(self._files[chosen])
            .map(
                lambda file: tf.ensure_shape(
                    tf.io.decode_image(file, channels=channels, expand_animations=False),
                    self._image_shape,
                ),
                num_parallel_calls=tf.data.AUTOTUNE,
                deterministic=True,
            )
            .batch(1024)
        )
        decoded = list(images.as_numpy_iterator())
        return np.concatenate(decoded) if decoded else np.zeros((0, *self._image_shape), np.uint8)


@dataclasses.dataclass(frozen=True)
class LabelledImages:
    """Images with their class labels and names.

    Attributes:
        images: `(num_images, height, width, channels)` uint8, 0 to 255; or still encoded, until
            `select` picks some; or in a file, if there are many.
        labels: `(num_images,)` class labels, int64 or names of folders; or None.
        names: One per image, unique in the set; the column `path` of scores.csv.
        masks: `(num_images, height, width)` bool, true at the pixels of a defect; None if the set
            has no masks.
        groups: `(num_images,)` int64; images with the same number are equal or nearly equal.
            None if all images are different.
        originals: The photographs that a folder's images were scaled from; None for other sets.
        kinds: `(num_images,)` names of classes in the data, where `labels` says only what is
            normal; None if there are no such names.
    """

    images: Images
    labels: np.ndarray | None
    names: list[str]
    masks: np.ndarray | None = None
    groups: np.ndarray | None = None
    originals: Originals | None = None
    kinds: np.ndarray | None = None

    def __len__(self):
        return len(self.images)

    def select(self, chosen: np.ndarray) -> "LabelledImages":
        """The images at the positions `chosen`, decoded unless there are many in a file."""
        if isinstance(self.images, StoredImages):
            images = self.images.select(chosen).in_memory_if_small()
        else:
            images = self.images[chosen]
        labels, masks, groups, kinds = (
            array if array is None else array[chosen]
            for array in (self.labels, self.masks, self.groups, self.kinds)
        )
        originals = None if self.originals is None else self.originals.select(chosen)
        names = [self.names[i] for i in chosen]
        return LabelledImages(images, labels, names, masks, groups, originals, kinds)


def as_pixels(name: str, images: Any) -> Images:
    """Images as `(num_images, height, width, channels)` uint8.

    Args:
        name: Name of the argument, for messages.
        images: `(num_images, height, width[, channels])`, uint8 or integers from 0 to 255 of any
            type. Stored images stay in their file.

    Raises:
        ValueError: If the shape, the type or a value is not allowed.
    """
    if not isinstance(images, StoredImages):
        images = np.asarray(images)
    if images.ndim == 3:
        images = images[..., np.newaxis]
    if images.ndim != 4:
        raise ValueError(
            f"`{name}` must be (images, height, width[, channels]). "
            f"{received('shape', images.shape)}"
        )
    check_image_shape(f"shape of {name}", images.shape[1:])
    if len(images) == 0:
        raise ValueError(f"`{name}` must hold at least one image. Received: none")
    if images.dtype == np.uint8:
        return images
    if images.dtype.kind not in "iuf":
        raise ValueError(f"`{name}` must hold numbers. {received('dtype', str(images.dtype))}")
    pixels = np.empty(images.shape, np.uint8)
    for first in range(0, len(images), IMAGES_AT_ONCE):
        part = images[first : first + IMAGES_AT_ONCE]
        _check_range(name, part, first)
        pixels[first : first + IMAGES_AT_ONCE] = np.round(part)
    if images.dtype.kind == "f" and images.max() <= 1.0 and images.min() != images.max():
        raise ValueError(
            f"`{name}` must hold pixels from 0 to 255. Received: pixels up to {images.max():g}. "
            f"Multiply them by 255"
        )
    return pixels


def _check_range(name, images, first):
    bad = ~np.isfinite(images) | (images < 0) | (images > 255)
    if bad.any():
        position = int(np.argwhere(bad)[0][0])
        raise ValueError(
            f"`{name}` must hold pixels from 0 to 255. Received: image {first + position} has "
            f"{images[position][bad[position]][0]}"
        )
