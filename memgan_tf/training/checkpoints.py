"""Checkpoints of a run: saved at a step, restored from the newest undamaged one."""

import pathlib
import re
import shutil
import sys
from collections.abc import Collection

import tensorflow as tf

from memgan_tf import files, outputs
from memgan_tf.text import printable
from memgan_tf.training.checkpoint_index import check_checkpoint

SUFFIX = "/.ATTRIBUTES/VARIABLE_VALUE"
LISTING = "checkpoint"


class Checkpoints:
    """Saves and restores the variables of a run.

    Args:
        directory: Folder of the checkpoints.
        variables: Lists of variables by name.
        fingerprint: Fingerprint of the run's configuration; checkpoints of others are refused.
        keep: Number of checkpoints to keep.
        writes: Whether `save` saves; among the workers of a job, only the chief does.
        earlier: Fingerprints of configurations whose checkpoints this run may resume from.
    """

    def __init__(
        self,
        directory: pathlib.Path,
        variables: dict,
        fingerprint: str,
        keep: int,
        writes: bool = True,
        earlier: Collection[str] = (),
    ):
        self._writes = writes
        self._fingerprint, self._earlier = fingerprint, earlier
        self._variables = {
            "fingerprint": tf.Variable(fingerprint, trainable=False),
            **{name: [raw_variable(v) for v in values] for name, values in variables.items()},
        }
        self._checkpoint = tf.train.Checkpoint(**self._variables)
        self._directory = directory
        self._had_listing = (directory / LISTING).exists()
        if writes and not _listed(directory):
            # With a damaged list, the manager would miss checkpoints or delete wrong files.
            (directory / LISTING).unlink(missing_ok=True)
        self._manager = tf.train.CheckpointManager(
            self._checkpoint, str(directory), max_to_keep=keep
        )
        for leftover in directory.glob("*_temp") if writes else ():
            shutil.rmtree(leftover, ignore_errors=True)

    def save(self, step: int) -> None:
        """Saves the variables as of a step.

        Raises:
            OSError: If they cannot be written; earlier checkpoints stay intact.
        """
        if not self._writes:
            return
        try:
            self._manager.save(checkpoint_number=step)
        except tf.errors.OpError as error:
            raise OSError(
                f"the checkpoint of step {step} cannot be saved: {files.first_line(error)}. Make "
                f"room; the same command resumes from the previous checkpoint"
            ) from error

    def restore(self) -> bool:
        """Restores the newest undamaged checkpoint; names damaged ones on standard error.

        Returns:
            Whether there was one.

        Raises:
            ValueError: If a checkpoint belongs to another configuration, or all are damaged.
            OSError: If the system refuses to read one.
        """
        paths = _newest_first(self._directory)
        for path in paths:
            try:
                check_checkpoint(path, self._variables)
                saved = tf.train.load_variable(path, "fingerprint" + SUFFIX).decode()
                if saved == self._fingerprint or saved in self._earlier:
                    self._checkpoint.restore(path).assert_consumed()
                    self._checkpoint.fingerprint.assign(self._fingerprint)
                    return True
            except Exception as error:
                if files.is_refusal(error):
                    raise
                # A damaged file may raise anything.
                _warn(path, error)
                continue
            raise ValueError(
                f"checkpoint {path} belongs to another configuration than the run's config.json. "
                f"Remove it, or the run's folder"
            )
        # Without a list, no save ever finished: the files are the beginning of the first one.
        if paths and (self._had_listing or (self._directory / LISTING).exists()):
            raise ValueError(
                f"none of the checkpoints in {self._directory} can be read. Remove the run's "
                f"folder to train it again"
            )
        return False


def restore_scoring_variables(directory: pathlib.Path, variables: list) -> None:
    """Sets the variables that a score reads from the newest undamaged checkpoint.

    Raises:
        ValueError: If there is none.
        OSError: If the system refuses to read one.
    """
    scoring = [raw_variable(v) for v in variables]
    checkpoint = tf.train.Checkpoint(scoring=scoring)
    for path in _newest_first(directory):
        try:
            check_checkpoint(path, {"scoring": scoring})
            status = checkpoint.restore(path)
            status.assert_existing_objects_matched().expect_partial()
            return
        except Exception as error:
            if files.is_refusal(error):
                raise
            # A damaged file may raise anything.
            _warn(path, error)
    raise ValueError(
        f"{directory} has no checkpoint that can be read. Train the run first, or again"
    )


def _newest_first(directory):
    """Paths of the checkpoints that are in the folder or in its list, by their steps.

    Raises:
        ValueError: If TensorFlow cannot read there; sound ones are not to be called damaged.
    """
    names = {path.stem for path in directory.glob("ckpt-*.index")} | _listed(directory)
    found = [match for match in map(re.compile(r"ckpt-(\d{1,18})").fullmatch, names) if match]
    paths = [str(directory / match[0]) for match in sorted(found, key=lambda m: -int(m[1]))]
    reason = outputs.tensorflow_obstacle(paths[0]) if paths else None
    if reason is not None:
        raise ValueError(
            f"TensorFlow cannot read {paths[0]}, because the path {reason}. Rename its folder, or "
            f"copy the run"
        )
    return paths


def _listed(directory):
    """Names in the folder's list; none if it is damaged or names files of another folder."""
    try:
        files.open_regular(directory / LISTING, files.MAX_TEXT_BYTES).close()
        state = tf.train.get_checkpoint_state(str(directory))
        paths = [pathlib.PurePath(path) for path in state.all_model_checkpoint_paths]
        is_own = pathlib.PurePath(state.model_checkpoint_path) in paths
    except Exception:
        # A damaged file may raise anything.
        return set()
    is_own = is_own and all(path.parent == directory for path in paths)
    return {path.name for path in paths} if is_own else set()


def _warn(path, error):
    reason = printable(files.first_line(error))
    print(f"Warning: checkpoint {path} is damaged: {reason}", file=sys.stderr)


def raw_variable(variable) -> tf.Variable:
    """The `tf.Variable` inside a Keras variable, or the variable itself."""
    return variable if isinstance(variable, tf.Variable) else variable.value
