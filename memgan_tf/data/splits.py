"""One-class tasks: images for training, calibration and test."""

import dataclasses

import numpy as np

from memgan_tf.config import DataConfig
from memgan_tf.data import sources
from memgan_tf.data.folders.look import one_look
from memgan_tf.data.labelled_images import LabelledImages
from memgan_tf.validation import received


@dataclasses.dataclass(frozen=True)
class OneClassTask:
    """The images of a one-class task.

    Attributes:
        train: Normal images for training.
        validation: Held-out normal images for calibration and monitoring. Of equal or nearly
            equal images there is only one. The others are not used, so all images are independent
            and none was trained on.
        test: The whole test split with labels 1 = anomaly, 0 = normal; None if there is none or it
            was not requested.
    """

    train: LabelledImages
    validation: LabelledImages
    test: LabelledImages | None

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """`(height, width, channels)`."""
        _, height, width, channels = self.train.images.shape
        return height, width, channels


def load_task(config: DataConfig, seed: int, with_test: bool = True) -> OneClassTask:
    """Loads a data set with one class as normal.

    Args:
        config: What is normal, and where the images come from.
        seed: Determines which normal training images are held out.
        with_test: Whether to load the test split.

    Raises:
        ValueError: If the set is unusable or the class has too few images.
    """
    with one_look():
        return _load_task(config, seed, with_test)


def _load_task(config, seed, with_test):
    normal = _normal_images(config, sources.load(config, "train"))
    trained, held_out = _hold_out(normal, config, seed)
    # The labels of a user's own arrays are checked before training.
    test = None
    if with_test or sources.parse_name(config.dataset)[0] == "npz":
        test = _anomaly_labels(config, sources.load(config, "test"))
    return OneClassTask(
        train=normal.select(trained),
        validation=normal.select(held_out),
        test=test if with_test else None,
    )


def hold_out(groups: np.ndarray, fraction: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Positions of the training images, and of the held-out images, in order.

    Of images that are copies of each other, one is held out, and the others are not trained on.

    Args:
        groups: `(num_images,)` int64; images with the same number are copies of each other.
        fraction: Share of the different images that is held out; at least one is.
        seed: Determines which.
    """
    order = np.random.default_rng(seed).permutation(len(groups))
    # The first image of each group in this order represents it.
    _, firsts = np.unique(groups[order], return_index=True)
    firsts = order[np.sort(firsts)]
    held_out = firsts[: max(1, round(fraction * len(firsts)))]
    trained = np.flatnonzero(~np.isin(groups, groups[held_out]))
    return trained, np.sort(held_out)


def _hold_out(normal, config, seed):
    groups = np.arange(len(normal)) if normal.groups is None else normal.groups
    trained, held_out = hold_out(groups, config.validation_fraction, seed)
    if not len(trained):
        whose = "" if config.normal_class is None else f"`normal_class` {config.normal_class} of "
        different = len(np.unique(groups))
        copies = "" if different == len(normal) else f", {len(normal)} with their copies"
        raise ValueError(
            f"{whose}{config.dataset} must have at least 2 different "
            f"training images, one to train on and one to hold out. Received: {different}{copies}"
        )
    return trained, held_out


def _normal_images(config, train):
    if train.labels is None:
        if config.normal_class is not None:
            raise ValueError(
                f"`normal_class` must be left out: the training images of {config.dataset} have "
                f"no classes. "
                f"{received('normal_class', config.normal_class)}"
            )
        return train
    classes = np.unique(train.labels)
    choices = f"one of {', '.join(map(str, classes[:20]))}{', …' if len(classes) > 20 else ''}"
    if config.normal_class is None:
        raise ValueError(f"`normal_class` must be given for {config.dataset}: {choices}")
    if config.normal_class not in classes:
        raise ValueError(
            f"`normal_class` must have training images in {config.dataset}: {choices}. "
            f"{received('normal_class', config.normal_class)}"
        )
    return train.select(np.flatnonzero(train.labels == config.normal_class))


def _anomaly_labels(config, test):
    if test is None or test.labels is None:
        return None
    if config.normal_class is None:
        # Without classes, y_test has these labels already: 1 = anomaly.
        if not np.isin(test.labels, (0, 1)).all():
            found = np.unique(test.labels)
            fix = ", or name the normal one, --normal_class=<number>"
            if found.tolist() == [-1, 1]:
                fix = "; where -1 is an anomaly save (y_test == -1).astype(int)"
            raise ValueError(
                f"`y_test` of {config.dataset} must hold 0 (normal) and 1 (anomaly) where no "
                f"--normal_class is given{fix}. Received: {', '.join(map(str, found[:10]))}"
            )
        labels = test.labels
    else:
        labels = (test.labels != config.normal_class).astype(np.int64)
    if len(set(labels.tolist())) < 2:
        kind = "anomalous" if labels[0] else "normal"
        raise ValueError(
            f"the test split of {config.dataset} must have normal and anomalous images; all "
            f"{len(labels)} are {kind}"
        )
    chosen = test.select(np.arange(len(test)))
    kinds = chosen.kinds if config.normal_class is None else test.labels
    return dataclasses.replace(chosen, labels=labels, kinds=kinds)
