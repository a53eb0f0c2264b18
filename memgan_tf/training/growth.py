"""When a run may continue with more epochs than it was started with."""

from memgan_tf.config import RunConfig


def grows(before: RunConfig, after: RunConfig) -> bool:
    """Whether `after` is `before` with more epochs, so that the finished epochs are its first ones.

    Raises:
        ValueError: If only the number of epochs differs but the run cannot continue.
    """
    mine, theirs = before.decisive(), after.decisive()
    differing = {name for name in mine.keys() | theirs.keys() if mine.get(name) != theirs.get(name)}
    if differing != {"epochs"}:
        return False
    numbers = f"the run has epochs={mine['epochs']}. Received: epochs={theirs['epochs']}"
    if theirs["epochs"] < mine["epochs"]:
        raise ValueError(f"`epochs` of a run may only grow; {numbers}")
    obstacle = obstacle_to_growth(after)
    if obstacle is not None:
        raise ValueError(
            f"`epochs` cannot grow: {obstacle}, so all epochs depend on how many there are; "
            f"{numbers}. Name another --model_dir"
        )
    return True


def obstacle_to_growth(config: RunConfig) -> str | None:
    """Why the first epochs of a run depend on the total number; None if they do not."""
    if config.training.learning_rate_decay < 1.0:
        decay = config.training.learning_rate_decay
        return f"the step size falls to the end, learning_rate_decay={decay:g}"
    if config.model.step_drop < 1.0:
        return f"the step size drops at a share of the steps, step_drop={config.model.step_drop:g}"
    if not config.model.trains_in_steps:
        return f"{config.detector} has none"
    return None
