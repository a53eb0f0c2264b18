import shlex

import pytest

from memgan_tf import files
from memgan_tf.config import resolve
from memgan_tf.report.commands import follow_up_commands, given_command, train_command
from memgan_tf.tools import config_flags
from memgan_tf.tools.train import COMMAND as TRAIN
from memgan_tf.training.run_directory import RunDirectory


def words_of(command):
    return shlex.split(command.replace("\\\n", " "))


@pytest.mark.parametrize(
    ("detector", "preset", "overrides"),
    [
        ("memgan", "default", {"normal_class": 3}),
        ("memgan", "paper", {"normal_class": 3, "epochs": 7, "projection_weight": 0.0}),
        ("memgan", "default", {"normal_class": 0, "jit_compile": True, "deterministic_ops": False}),
        ("pca", "default", {"normal_class": 1, "explained_variance": 0.5, "seed": 4}),
        ("deep_svdd", "default", {"dataset": "npz:a file's name, $HOME.npz"}),
    ],
)
def test_the_command_makes_the_same_configuration(detector, preset, overrides, tmp_path):
    config = resolve(detector, preset, (8, 8, 1), overrides)
    run = RunDirectory.of(str(tmp_path / "my runs"), config)
    words = words_of(train_command(run, config))
    assert words[:2] == ["memgan", "train"]
    values = TRAIN.flags
    values.unparse_flags()
    values(words[1:])
    given = config_flags.overrides(values)
    assert (
        resolve(given.pop("detector"), given.pop("preset", "default"), (8, 8, 1), given) == config
    )
    assert values.model_dir == str(tmp_path / "my runs")


def test_what_the_number_of_images_would_decide_is_said(tmp_path):
    for detector, expected in (("memgan", {"--epochs=40"}), ("kde", set())):
        config = resolve(detector, "default", (64, 64, 3), {"dataset": "npz:few.npz"})
        words = words_of(train_command(RunDirectory.of(str(tmp_path), config), config))
        decided = {word for word in words if word.startswith(("--epochs", "--validation"))}
        assert decided == {"--validation_fraction=0.1", *expected}


def test_the_command_that_was_given(tmp_path):
    run = RunDirectory(tmp_path)
    assert given_command(run) is None
    for command, expected in (
        ("memgan train --epochs=3", "memgan train --epochs=3"),
        ("main.py demo", "memgan demo"),
        ("train.py --epochs=3", "train.py --epochs=3"),
    ):
        files.write_json(tmp_path / "environment.json", {"command": command})
        assert given_command(run) == expected


def test_what_to_do_next_names_the_run(tmp_path):
    run = RunDirectory(tmp_path / "it's here" / "run")
    commands = [words_of(command) for command in follow_up_commands(run)]
    assert [words[1] for words in commands] == ["evaluate", "report", "score"]
    assert all(f"--run={run.path}" in words for words in commands)
