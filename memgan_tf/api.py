"""The interface for programs and the command line: configure, train, load. Without TensorFlow."""

import os
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from memgan_tf import config
from memgan_tf.backbones.requests import check_request
from memgan_tf.config import RunConfig
from memgan_tf.config.choices import describe_settings
from memgan_tf.data.arrays import name_dataset
from memgan_tf.data.folders.index import num_groups, num_normal, summarize
from memgan_tf.data.folders.look import one_look
from memgan_tf.data.sources import count_normal, find_index, image_shape, settle

if TYPE_CHECKING:
    from memgan_tf.run import Run
    from memgan_tf.training.loop import Action

# Default detectors for photographs, and for all other sets.
PHOTOGRAPHS, OTHERS = "patch_memory", "memgan"


def configure(
    dataset: Any = "digits",
    *,
    detector: str | None = None,
    preset: str = "default",
    model_dir: str | os.PathLike = "runs",
    report: Callable[[str], None] = print,
    **settings: Any,
) -> RunConfig:
    """Decides everything that a run depends on, from settings, the preset and the data set.

    `memgan train` calls it with its flags, so both have the same configuration.

    Args:
        dataset: A name as for `--dataset`, such as `folder:parts` or `mnist`; a path of a
            folder, a list or an npz file; or images, see `memgan_tf.data.arrays.collect`.
        detector: `memgan`, `patch_memory`, …. None chooses `patch_memory` for photographs in a
            folder, and MEMGAN for other sets.
        preset: `default` or `paper`.
        model_dir: Images in memory are kept in its folder `arrays`, so that the run can find them
            again; nothing else is written.
        report: Called with each line about what was found and decided.
        **settings: Any field of the configuration by name, such as `epochs=5`; the same as the
            flags of `memgan train`.

    Raises:
        ValueError: If a setting or the data set cannot be used.
    """
    with one_look():
        return _configure(dataset, detector, preset, model_dir, report, settings)


def _configure(dataset, detector, preset, model_dir, report, settings):
    given = {"dataset": name_dataset(dataset, model_dir), **settings}
    names = config.DataConfig.describe().keys() & given.keys()
    data = config.DataConfig(**{name: given[name] for name in names})
    detector = detector or _choose_detector(data, report)
    by_features = config.by_features(detector)
    if by_features:
        _check_backbone(detector, given)
    data = settle(data, by_features, report)
    given |= {"data_dir": data.data_dir}
    index = find_index(data)
    if index is not None:
        for line in summarize(index):
            report(line)
        given |= {name: getattr(data, name) for name in config.FOLDER_FIELDS}
    resolved = config.resolve(detector, preset, image_shape(data), given)
    if index is not None:
        number, different = (count(index, data.normal_class) for count in (num_normal, num_groups))
        return config.suited_to_few_images(resolved, number, given.keys(), different)
    counts = count_normal(data)
    if counts is not None:
        return config.with_enough_images(resolved, counts[0], given.keys(), counts[1])
    return resolved


def train(
    dataset: Any = "digits",
    model_dir: str | os.PathLike = "runs",
    *,
    detector: str | None = None,
    preset: str = "default",
    actions: Sequence["Action"] = (),
    report: Callable[[str], None] = print,
    **settings: Any,
) -> "Run":
    """Trains and calibrates a run, or resumes it; a complete run is loaded.

    The run equals that of `memgan train` with the same settings, bit for bit.

    Args:
        dataset: As in `configure`; or a configuration made by it.
        model_dir: Folder in which the run's folder is made.
        detector: As in `configure`.
        preset: As in `configure`.
        actions: Called at the end of each epoch with a `memgan_tf.training.loop.Epoch`, whose
            `logs` are the epoch's metrics by name. For a Keras callback, `on_epoch_end` is called
            with the number of the epoch from 0 and the logs.
        report: As in `configure`.
        **settings: As in `configure`.

    Returns:
        The run, ready to score.

    Raises:
        ValueError: If a setting or the data is unusable, or the folder has other content.
        RuntimeError: If another process works on the run, or another worker of the job is lost.
        FloatingPointError: If training diverges.
        KeyboardInterrupt: If it is interrupted, after saving a checkpoint.
    """
    with one_look():
        return _train(dataset, model_dir, detector, preset, actions, report, settings)


def _train(dataset, model_dir, detector, preset, actions, report, settings):
    if isinstance(dataset, RunConfig):
        given = {"detector": detector, **settings}
        extra = sorted(name for name, value in given.items() if value is not None)
        if extra:
            raise ValueError(
                f"`{extra[0]}` must be left out beside a configuration. Give it to "
                f"`memgan_tf.configure`"
            )
        resolved = dataset
    else:
        resolved = configure(
            dataset,
            detector=detector,
            preset=preset,
            model_dir=model_dir,
            report=report,
            **settings,
        )
    for line in describe_settings(resolved):
        report(line)
    from memgan_tf.fit import fit

    return load(fit(resolved, model_dir, actions).path)


def load(run: str | os.PathLike) -> "Run":
    """Loads a finished run for scoring.

    Args:
        run: Folder of the run, `<model_dir>/<detector>/<dataset>/<normal_class>/seed_<s>`.

    Raises:
        ValueError: If the folder is not that of a finished run.
    """
    from memgan_tf.run import Run

    return Run.load(run)


def _choose_detector(data, report):
    if data.folder is None:
        return OTHERS
    report(f"Detector: {PHOTOGRAPHS}, the default for photographs; --detector=<name> takes another")
    return PHOTOGRAPHS


def _check_backbone(detector, given):
    """Refuses an invalid request for a backbone before photographs are read."""
    settings = config.detector_config(detector)()
    names = ("backbone", "backbone_layers", "backbone_weights")
    check_request(*(given.get(name, getattr(settings, name)) for name in names))
