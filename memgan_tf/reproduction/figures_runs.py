"""Selects the runs for a figure of the paper; names the command that makes a missing one."""

import glob
import pathlib
from collections.abc import Sequence
from typing import Any

from memgan_tf.config import RunConfig
from memgan_tf.training.run_directory import RunDirectory
from memgan_tf.validation import received

# A row or panel of a figure: (data set, normal class).
Task = tuple[str, int | None]


def find_runs(patterns: Sequence[str]) -> list[RunDirectory]:
    """Finished runs by folder, or by a pattern such as `runs/memgan/mnist/*/seed_0`, sorted.

    Raises:
        ValueError: If a folder is not a finished run or a pattern matches none.
    """
    found: dict[pathlib.Path, RunDirectory] = {}
    for pattern in patterns:
        if glob.has_magic(pattern):
            matches = [RunDirectory(path) for path in sorted(glob.glob(pattern))]
            matches = [run for run in matches if run.is_complete]
            if not matches:
                raise ValueError(f"`run` must match finished runs. {received('run', pattern)}")
        else:
            matches = [RunDirectory(pattern)]
        found |= {run.path: run for run in matches}
    for path, run in found.items():
        run.read_config()
        if not run.is_complete:
            raise ValueError(
                f"{path} is not COMPLETE. Finish it with the memgan train command that started it"
            )
    return list(found.values())


def memory_pairs(runs: Sequence[RunDirectory]) -> list[tuple[RunDirectory, RunDirectory]]:
    """For Fig. 1: a MEMGAN and a MemAE run of each task.

    Raises:
        ValueError: If there is no MEMGAN run, or no MemAE run of one of its tasks.
    """
    memgan, memae = code_runs(runs, 1), _by_task(runs, lambda config: config.detector == "memae")
    for task in memgan:
        if task not in memae:
            raise ValueError(
                f"`run` must have a MemAE run of the same task for figure 1. Make it with "
                f"{_train_command('memae', task)} and add it to --run"
            )
    return [(run, memae[task]) for task, run in memgan.items()]


def code_runs(runs: Sequence[RunDirectory], figure: int) -> dict[Task, RunDirectory]:
    """For Fig. 3: the MEMGAN run with the lowest seed of each task.

    Raises:
        ValueError: If there is no MEMGAN run.
    """
    found = _by_task(runs, lambda config: _projection_weight(config) > 0)
    if not found:
        raise ValueError(
            f"`run` must have a MEMGAN run for figure {figure}. Make it with "
            f"{_train_command('memgan', ('mnist', 8))} and add it to --run"
        )
    return found


def ablation_pairs(runs: Sequence[RunDirectory]) -> list[tuple[RunDirectory, RunDirectory]]:
    """For Fig. 4: runs of the same task without and with the projection loss.

    Raises:
        ValueError: If one of them is missing, or they differ in more than that.
    """
    with_loss = code_runs(runs, 4)
    without = _by_task(runs, lambda config: _projection_weight(config) == 0)
    for task, run in with_loss.items():
        seed = run.read_config().training.seed
        if task not in without:
            raise ValueError(
                f"`run` must have a run of the same task without the projection loss for figure 4. "
                f"Make it with {_train_command('memgan', task, seed)} --projection_weight=0 "
                f"--model_dir=runs_no_projection and add it to --run"
            )
        differences = [
            phrase
            for phrase in without[task].read_config().differences(run.read_config())
            if not phrase.startswith("projection_weight ")
        ]
        if differences:
            raise ValueError(
                f"`run` must hold runs for figure 4 that differ only in projection_weight; "
                f"{without[task].path} and {run.path} differ: {'; '.join(differences)}"
            )
    return [(without[task], run) for task, run in with_loss.items()]


def _by_task(runs, wanted):
    """The wanted run with the lowest seed of each task, in the order of the tasks."""
    chosen: dict[Any, RunDirectory] = {}
    for run in runs:
        config = run.read_config()
        if wanted(config):
            key = (config.data.dataset, config.data.normal_class)
            other = chosen.get(key)
            if other is None or config.training.seed < other.read_config().training.seed:
                chosen[key] = run
    return dict(sorted(chosen.items(), key=lambda item: (item[0][0], item[0][1] or 0)))


def _projection_weight(config: RunConfig) -> float:
    """MEMGAN's weight of the projection loss; negative for other methods."""
    return config.model.projection_weight if config.detector == "memgan" else -1.0


def _train_command(detector, task, seed=0):
    dataset, normal_class = task
    choice = "" if normal_class is None else f" --normal_class={normal_class}"
    return f"memgan train --detector={detector} --dataset={dataset}{choice} --seed={seed}"
