"""What few images need: enough of them held out, enough epochs, the score of photographs."""

import dataclasses
import math
from collections.abc import Set

from memgan_tf.config.data import MAX_FOLDER_VALIDATION
from memgan_tf.config.run import RunConfig
from memgan_tf.config.training import MAX_FOLDER_STEPS, MIN_FOLDER_STEPS

# What the default preset of a folder's detector has, whatever the size of the images.
PHOTOGRAPHS = {"score_rule": "local", "weigh_turns": True}


def suited_to_few_images(
    config: RunConfig, num_images: int, given: Set[str], num_different: int | None = None
) -> RunConfig:
    """The configuration of photographs: their score, and training that ends where it has leveled.

    Besides, what `with_enough_images` does.

    Args:
        config: Resolved.
        num_images: Normal training images, those that are held out among them.
        given: Settings that the user gave, which stay.
        num_different: The same without copies; None if there are none.
    """
    config = dataclasses.replace(config, training=_stopping(config, given))
    config = with_enough_images(config, num_images, given, num_different)
    return dataclasses.replace(config, model=_suited_to_photographs(config, given))


def with_enough_images(
    config: RunConfig, num_images: int, given: Set[str], num_different: int | None = None
) -> RunConfig:
    """The configuration with what few images need: enough held-out ones, then enough epochs.

    As many are held out as `target_fpr` needs, but at most a third; there are as many epochs as
    `MIN_FOLDER_STEPS` take.

    Args:
        config: As `suited_to_few_images`.
        num_images: The same.
        given: The same.
        num_different: The same.
    """
    num_different = num_different or num_images
    data, training = config.data, config.training
    if "validation_fraction" not in given and not config.model.leaves_out:
        # The rank ⌈(n + 1)(1 - target)⌉ of the threshold has to be at most n.
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
    """The training's settings, which end it where the held-out error has leveled.

    Not where the step size falls: then all epochs depend on how many there are.
    """
    training, model = config.training, config.model
    falls = training.learning_rate_decay < 1.0 or model.step_drop < 1.0
    trains = model.trains_in_steps
    if "stop_when_level" in given or config.preset != "default" or falls or not trains:
        return training
    return dataclasses.replace(training, stop_when_level=True)


def _suited_to_photographs(config, given):
    """The detector's settings with those of photographs, which small ones need as well."""
    fields = config.model.describe().keys() - given
    chosen = {name: value for name, value in PHOTOGRAPHS.items() if name in fields}
    return (
        dataclasses.replace(config.model, **chosen) if config.preset == "default" else config.model
    )
