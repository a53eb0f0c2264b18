"""Settings for few images: enough held-out images, enough epochs, the score of photographs."""

import dataclasses
import math
from collections.abc import Set

from memgan_tf.config.data import MAX_FOLDER_VALIDATION
from memgan_tf.config.run import RunConfig
from memgan_tf.config.training import MAX_FOLDER_STEPS, MIN_FOLDER_STEPS

# Settings of the default preset for a folder's detector, for any size of images.
PHOTOGRAPHS = {"score_rule": "local", "weigh_turns": True}


def suited_to_few_images(
    config: RunConfig, num_images: int, given: Set[str], num_different: int | None = None
) -> RunConfig:
    """The configuration for photographs: their score, and training that stops early.

    It also applies `with_enough_images`.

    Args:
        config: Resolved configuration.
        num_images: Number of normal training images, including those to be held out.
        given: Settings given by the user, which do not change.
        num_different: The number without copies; None if there are no copies.
    """
    config = dataclasses.replace(config, training=_stopping(config, given))
    config = with_enough_images(config, num_images, given, num_different)
    return dataclasses.replace(config, model=_suited_to_photographs(config, given))


def with_enough_images(
    config: RunConfig, num_images: int, given: Set[str], num_different: int | None = None
) -> RunConfig:
    """The configuration with enough held-out images and then enough epochs.

    The number of held-out images is what `target_fpr` needs, but at most a third. The number of
    epochs is what `MIN_FOLDER_STEPS` needs.

    Args:
        config: As in `suited_to_few_images`.
        num_images: As in `suited_to_few_images`.
        given: As in `suited_to_few_images`.
        num_different: As in `suited_to_few_images`.
    """
    num_different = num_different or num_images
    data, training = config.data, config.training
    if "validation_fraction" not in given and not config.model.leaves_out:
        # The rank ⌈(n + 1)(1 - target)⌉ of the threshold must be at most n.
        needed = math.ceil(1.0 / data.target_fpr - 1e-9) - 1
        fraction = min(needed / num_different, MAX_FOLDER_VALIDATION)
        fraction = max(data.validation_fraction, fraction)
        data = dataclasses.replace(data, validation_fraction=fraction)
    if "epochs" not in given and config.model.trains_in_steps:
        held_out = max(1, round(data.validation_fraction * num_different))
        trained = max(1, num_images - held_out * num_images // num_different)
        steps_per_epoch = -(-trained // training.batch_size)
        steps = MAX_FOLDER_STEPS if training.stop_when_level else MIN_FOLDER_STEPS
        epochs = max(training.epochs, -(-steps // steps_per_epoch))
        training = dataclasses.replace(training, epochs=epochs)
    return dataclasses.replace(config, data=data, training=training)


def _stopping(config, given):
    """The training settings, with early stopping when the held-out error has leveled off.

    There is no early stopping with a decreasing step size, which depends on the number of epochs.
    """
    training, model = config.training, config.model
    falls = training.learning_rate_decay < 1.0 or model.step_drop < 1.0
    trains = model.trains_in_steps
    if "stop_when_level" in given or config.preset != "default" or falls or not trains:
        return training
    return dataclasses.replace(training, stop_when_level=True)


def _suited_to_photographs(config, given):
    """The detector's settings with those for photographs, which small ones also need."""
    fields = config.model.describe().keys() - given
    chosen = {name: value for name, value in PHOTOGRAPHS.items() if name in fields}
    return (
        dataclasses.replace(config.model, **chosen) if config.preset == "default" else config.model
    )
