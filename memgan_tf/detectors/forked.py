"""Detects processes forked after TensorFlow was used, in which calls to it never return."""

import os

_state = {"is_watched": False, "is_forked": False}


def watch_forks() -> None:
    """Marks all later forks of this process."""
    if not _state["is_watched"]:
        _state["is_watched"] = True
        os.register_at_fork(after_in_child=lambda: _state.update(is_forked=True))


def check_not_forked() -> None:
    """Checks that TensorFlow works in this process.

    Raises:
        RuntimeError: If this process is a fork of one that used it.
    """
    if _state["is_forked"]:
        raise RuntimeError(
            "TensorFlow does not work in a process that was forked from one that used it. Start "
            'workers with multiprocessing.get_context("spawn"), or joblib\'s "loky", and load the '
            "run in each"
        )
