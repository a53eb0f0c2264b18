"""Checkpoints of a run: saved at a step, restored from the newest that is whole."""

import pathlib
import shutil
import sys

import tensorflow as tf

SUFFIX = "/.ATTRIBUTES/VARIABLE_VALUE"


class Checkpoints:
    """Saves and restores the variables of a run.

    Args:
        directory: Where they are kept.
        variables: Lists of variables by name.
        fingerprint: Of the run's configuration; a checkpoint of another one is refused.
        keep: How many are kept.
        writes: Whether `save` saves; of the workers of a job, the chief's alone does.
    """

    def __init__(
        self,
        directory: pathlib.Path,
        variables: dict,
        fingerprint: str,
        keep: int,
        writes: bool = True,
    ):
        self._writes = writes
        self._fingerprint = fingerprint
        self._checkpoint = tf.train.Checkpoint(
            fingerprint=tf.Variable(fingerprint, trainable=False),
            **{name: [raw_variable(v) for v in values] for name, values in variables.items()},
        )
        self._manager = tf.train.CheckpointManager(
            self._checkpoint, str(directory), max_to_keep=keep
        )
        for leftover in directory.glob("*_temp") if writes else ():
            shutil.rmtree(leftover, ignore_errors=True)

    def save(self, step: int) -> None:
        """Saves the variables as they are at a step."""
        if self._writes:
            self._manager.save(checkpoint_number=step)

    def restore(self) -> bool:
        """Restores the newest whole checkpoint; says on standard error which are damaged.

        Returns:
            Whether there was one.

        Raises:
            ValueError: If a checkpoint is another configuration's, or all are damaged.
        """
        paths = list(reversed(self._manager.checkpoints))
        for path in paths:
            try:
                status = self._restore(path)
                status.assert_consumed()
                return True
            except (tf.errors.OpError, IndexError, AssertionError, RuntimeError) as error:
                reason = str(error).splitlines()[0][:200]
                print(f"Warning: checkpoint {path} is damaged: {reason}", file=sys.stderr)
        if paths:
            raise ValueError(
                f"none of the checkpoints in {self._manager.directory} can be read. Remove the "
                f"run's folder to train it anew"
            )
        return False

    def _restore(self, path):
        saved = tf.train.load_variable(path, "fingerprint" + SUFFIX).decode()
        if saved != self._fingerprint:
            raise ValueError(
                f"checkpoint {path} belongs to another configuration than the run's config.json. "
                f"Remove it, or the run's folder"
            )
        return self._checkpoint.restore(path)


def restore_scoring_variables(directory: pathlib.Path, variables: list) -> None:
    """Sets the variables that a score reads from the newest whole checkpoint.

    Raises:
        ValueError: If there is none.
    """
    checkpoint = tf.train.Checkpoint(scoring=[raw_variable(v) for v in variables])
    state = tf.train.get_checkpoint_state(str(directory))
    for path in reversed(state.all_model_checkpoint_paths if state else []):
        try:
            status = checkpoint.restore(path)
            status.assert_existing_objects_matched().expect_partial()
            return
        except (tf.errors.OpError, IndexError, AssertionError, RuntimeError) as error:
            reason = str(error).splitlines()[0][:200]
            print(f"Warning: checkpoint {path} is damaged: {reason}", file=sys.stderr)
    raise ValueError(
        f"{directory} has no checkpoint that can be read. Train the run first, or again"
    )


def raw_variable(variable) -> tf.Variable:
    """The `tf.Variable` inside a Keras variable, or the variable itself."""
    return variable if isinstance(variable, tf.Variable) else variable.value
