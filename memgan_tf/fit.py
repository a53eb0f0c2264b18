"""Trains a configured run: data, detector, calibration, and the files of the run's folder."""

import os
import sys
from collections.abc import Sequence

from memgan_tf.config import RunConfig
from memgan_tf.data import load_task
from memgan_tf.data.folders import index as folder_index
from memgan_tf.data.sources import content_of, find_index
from memgan_tf.detectors.registry import make_detector
from memgan_tf.evaluation import training_images
from memgan_tf.evaluation.explanations import has_maps
from memgan_tf.evaluation.heat_scale import keep_scale, measure_scale
from memgan_tf.evaluation.left_out import calibrate_detector
from memgan_tf.evaluation.views import Views
from memgan_tf.training import origin
from memgan_tf.training.loop import Action
from memgan_tf.training.run_directory import RunDirectory
from memgan_tf.training.workers import join_workers


def fit(
    config: RunConfig, model_dir: str | os.PathLike, actions: Sequence[Action] = ()
) -> RunDirectory:
    """Trains and calibrates a run, or resumes it; a complete run is not changed.

    Args:
        config: Configuration made by `memgan_tf.configure`.
        model_dir: Folder in which the run's folder is made.
        actions: Called at the end of each epoch, after the run's own.

    Returns:
        The run's folder.

    Raises:
        ValueError: If the data is unusable or the folder has other content.
        RuntimeError: If another process works on the run, or another worker of the job is lost.
        FloatingPointError: If training diverges.
        KeyboardInterrupt: If it is interrupted, after saving a checkpoint.
    """
    if actions and not config.model.trains_in_steps:
        raise ValueError(
            f"`actions` must be left out of {config.detector}, which is fitted at once and has no "
            f"epochs"
        )
    run = RunDirectory.of(model_dir, config)
    run.check_free_for(config)
    if run.is_complete_for(config):
        return run
    # TensorFlow requires that the workers connect before anything else.
    workers = join_workers(config.training.distribution_strategy)
    task = load_task(config.data, config.training.seed, with_test=False)
    _say_if_batch_is_large(config, len(task.train))
    index, content = find_index(config.data), content_of(config.data)
    with workers.losses_told():
        if workers.is_chief:
            detector = make_detector(config)
            detector.get_ready()
            with run.claimed(config):
                origin.keep(run, config, content)
                if index is not None:
                    folder_index.keep(index, run.path)
                _train_and_calibrate(detector, task, run, actions)
        else:
            make_detector(config).fit(task.train.images, task.validation.images, run)
        workers.wait()  # for the chief to finish
    return run


def _say_if_batch_is_large(config, num_images):
    size = config.training.batch_size
    if config.model.trains_in_steps and size > num_images:
        print(
            f"Warning: `batch_size` {size} is larger than the {num_images} images that train, so a "
            f"step sees images more than once. --batch_size={num_images} would see each once",
            file=sys.stderr,
        )


def _train_and_calibrate(detector, task, run, actions):
    more = {"actions": actions} if actions else {}
    seconds = detector.fit(task.train.images, task.validation.images, run, **more)
    for note in detector.score_notes():
        print(note)
    calibration, found = calibrate_detector(
        detector, task.validation.images, detector.config.data.target_fpr
    )
    if found is not None:
        training_images.keep(found, task.train.names, run)
        for note in (*detector.left_out_notes, *found.notes):
            print(f"Note: {note}")
    calibration.save(run.calibration_file)
    if task.validation.originals is not None and has_maps(detector):
        # Needed to predict regions later without the photographs.
        keep_scale(run, measure_scale(detector, Views.of(task.validation)))
    run.mark_complete({"training_seconds": round(seconds, 2), "suspect": bool(run.suspicions)})
