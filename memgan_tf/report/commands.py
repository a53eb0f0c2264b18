"""Commands that repeat a run, reconstructed from its folder."""

import pathlib
import shlex

from memgan_tf import files
from memgan_tf.config import RunConfig, resolve
from memgan_tf.text import printable
from memgan_tf.training.run_directory import RunDirectory

# Program name of `python -m` and `python tools/…`.
SCRIPT_NAME = "main.py"
# A command longer than this many characters is split into several lines.
LINE = 60


def given_command(run: RunDirectory) -> str | None:
    """The command that started the run, as given; None if the folder does not have it."""
    path = run.path / "environment.json"
    if not path.exists():
        return None
    with files.naming_damage(path):
        command = files.read_json(path).get("command") or ""
        program, _, rest = command.partition(" ")
    if not command:
        return None
    return printable(f"memgan {rest}" if program in (SCRIPT_NAME, "memgan") else command)


def train_command(run: RunDirectory, config: RunConfig) -> str:
    """`memgan train` with every setting that differs from the preset; it repeats the run."""
    preset = resolve(config.detector, config.preset, config.image_shape, {}).flat()
    words = [f"--detector={config.detector}"]
    if config.preset != "default":
        words.append(f"--preset={config.preset}")
    words += [
        _flag(name, value)
        for name, value in config.flat().items()
        if value != preset.get(name) or name in _decided_by_number(config)
    ]
    if config.data.dataset == preset["dataset"]:
        words.insert(1, f"--dataset={config.data.dataset}")
    return _join(["train", *words, f"--model_dir={_model_dir(run, config)}"])


def _decided_by_number(config):
    """Settings that follow from the number of images, regardless of the preset."""
    if config.data.folder is None and not config.data.dataset.startswith("npz:"):
        return ()
    steps = config.model.trains_in_steps
    return ("validation_fraction", "epochs") if steps else ("validation_fraction",)


def follow_up_commands(run: RunDirectory) -> list[str]:
    """Commands that evaluate the run, write its report, score new images and publish it."""
    place = f"--run={run.path}"
    return [
        _join(words)
        for words in (
            ("evaluate", place),
            ("report", place),
            ("score", place, "--input=photos", "--output=scores.csv"),
        )
    ]


def _join(words):
    """A command for a shell; a long one has one flag per line, so that narrow screens fit it."""
    verb, *given = [shlex.quote(word) for word in words]
    line = " ".join(["memgan", verb, *given])
    return line if len(line) <= LINE else " \\\n  ".join([f"memgan {verb}", *given])


def _flag(name, value):
    if isinstance(value, bool):
        return f"--{name}" if value else f"--no{name}"
    return f"--{name}={value}"


def _model_dir(run, config):
    """The folder below which the run's folder was made, if it still exists."""
    place = RunDirectory.of("", config).path
    depth = len(pathlib.PurePath(place).parts)
    parents = run.path.parents
    return parents[depth - 1] if len(parents) >= depth else "runs"
