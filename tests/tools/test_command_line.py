"""The command line: help, flags, and one line for every mistake."""

import errno
import os
import pathlib
import re
import subprocess
import sys
import time

import numpy as np
import pytest

from memgan_tf.tools import config_flags, main
from memgan_tf.tools.command import Command
from memgan_tf.tools.main import VERBS
from memgan_tf.tools.train import COMMAND as TRAIN

ROOT = pathlib.Path(__file__).parents[2]


def mistake(capsys, *arguments):
    """Runs a command that must fail in one line; returns the line."""
    code = main.main(list(arguments))
    captured = capsys.readouterr()
    assert code == 1
    lines = captured.err.strip().splitlines()
    assert len(lines) == 1, captured.err
    assert lines[0].startswith(f"memgan {arguments[0]}: error: ")
    return lines[0]


def test_usage_lists_every_verb(capsys):
    assert main.main([]) == 0
    usage = capsys.readouterr().out
    assert all(verb in usage for verb in VERBS)


@pytest.mark.parametrize("verb", sorted(VERBS))
def test_every_verb_explains_its_flags(verb, capsys):
    assert main.main([verb, "--help"]) == 0
    text = capsys.readouterr().out
    assert text.startswith("memgan") or text[0].isupper()
    assert "--[no]debug" in text


@pytest.mark.parametrize("verb", sorted(VERBS))
def test_every_verb_is_a_script_too(verb):
    script = ROOT / "tools" / f"{verb.replace('-', '_')}.py"
    result = subprocess.run(
        [sys.executable, str(script), "--help"], capture_output=True, text=True, check=True
    )
    assert "Flags:" in result.stdout


@pytest.mark.parametrize(
    "arguments", [["--help"], ["train", "--help"], ["train", "--epochs=x"], ["--version"]]
)
def test_help_and_flag_errors_import_no_tensorflow(arguments):
    code = (
        "import sys; from memgan_tf.tools.main import main; main(sys.argv[1:]);"
        "assert not {'tensorflow', 'keras', 'sklearn'} & set(sys.modules)"
    )
    started = time.monotonic()
    subprocess.run([sys.executable, "-c", code, *arguments], check=True, capture_output=True)
    # The promise is half a second; the bound only catches an import of seconds.
    assert time.monotonic() - started < 4.0


def test_unknown_verb(capsys):
    assert main.main(["trian"]) == 1
    assert "unknown verb 'trian'; it must be one of demo, train" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--dataset=mnits"], "`dataset` must be digits, mnist, cifar10"),
        (["--normal_class=10"], "`normal_class` must have training images in digits"),
        (["--normal_class=-1"], "`normal_class` must be at least 0"),
        ([], "`normal_class` must be given for digits"),
        (["--normal_class=0", "--epochs=0"], "`epochs` must be at least 1"),
        (["--normal_class=0", "--batch_size=-4"], "`batch_size` must be at least 1"),
        (["--normal_class=0", "--latent_dim=-1"], "`latent_dim` must be at least 0"),
        (["--seed=1.5"], "flag --seed=1.5: invalid literal"),
        (["--seed=-1"], "`seed` must be at least 0"),
        (["--sede=1"], "Unknown command line flag 'sede'"),
        (["--detector=gan"], "value should be one of"),
        (["--detector=pachcore"], "features_knn>. Did you mean patchcore? See memgan train --help"),
        (["--datset=digits"], "'datset'. Did you mean dataset? See memgan train --help"),
        (["--preset=best"], "value should be one of"),
        (["runs"], "takes flags only"),
        (["--config_file=missing.json"], "`config_file` cannot be read as JSON"),
        (["--dataset=npz:missing.npz"], "npz:missing.npz cannot be read"),
        (["--dataset=tfds:kmnist", "--data_dir=nowhere"], "kmnist is not prepared in nowhere"),
    ],
)
def test_mistakes_in_train(flags, message, capsys, tmp_path):
    runs = tmp_path / "runs"
    line = mistake(capsys, "train", f"--model_dir={runs}", *flags)
    assert message in line
    assert not runs.exists()


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"x_train": np.zeros((0, 8, 8, 1), np.uint8)}, "at least one image"),
        ({"x_train": np.zeros((9, 6, 6, 1), np.uint8)}, "sides of 8 to 8192 pixels"),
        ({"x_train": np.zeros((9, 8, 8, 4), np.uint8)}, "1 or 3 channels"),
        ({"x_train": np.full((9, 8, 8, 1), np.nan)}, "image 0 has nan"),
        ({"x_train": np.zeros((1, 8, 8, 1), np.uint8)}, "at least 2 different training images"),
    ],
)
def test_mistakes_in_an_npz_file(arrays, message, capsys, tmp_path):
    np.savez(tmp_path / "set.npz", **arrays)
    flags = [f"--dataset=npz:{tmp_path / 'set.npz'}", f"--model_dir={tmp_path / 'runs'}"]
    assert message in mistake(capsys, "train", *flags)
    assert not (tmp_path / "runs").exists()


def test_a_corrupt_npz_file(capsys, tmp_path):
    (tmp_path / "set.npz").write_bytes(b"PK\x03\x04 broken")
    flags = [f"--dataset=npz:{tmp_path / 'set.npz'}", f"--model_dir={tmp_path / 'runs'}"]
    assert "cannot be read" in mistake(capsys, "train", *flags)


def test_a_model_directory_that_is_a_file(capsys, tmp_path):
    (tmp_path / "runs").write_text("mine")
    line = mistake(capsys, "train", "--normal_class=0", f"--model_dir={tmp_path / 'runs'}")
    assert "`model_dir` must be writable" in line
    assert (tmp_path / "runs").read_text() == "mine"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["evaluate"], "`run` must be given, --run="),
        (["evaluate", "--run=nowhere"], "`run` must be a folder that memgan train made"),
        (["score", "--run=nowhere", "--input=x", "--output=y"], "`run` must be a folder"),
    ],
)
def test_mistakes_about_runs(arguments, message, capsys):
    assert message in mistake(capsys, *arguments)


def test_debug_shows_the_traceback(tmp_path):
    with pytest.raises(ValueError, match="`normal_class` must be given"):
        main.main(["train", f"--model_dir={tmp_path}", "--debug"])


@pytest.mark.parametrize(
    ("number", "fix"),
    [(errno.ENOSPC, "Make room"), (errno.EROFS, "Name a place"), (errno.EACCES, "Ask its owner")],
)
def test_an_error_of_the_system_names_the_file_and_the_fix(number, fix, capsys):
    def fail(flag_values):
        raise OSError(number, os.strerror(number), "a.csv")

    command = Command("score", "", lambda flag_values: None, fail)
    assert command.main([]) == 1
    expected = f"memgan score: error: a.csv: {os.strerror(number)}. {fix}"
    assert capsys.readouterr().err.startswith(expected)


def test_defaults_then_file_then_flags(tmp_path):
    (tmp_path / "c.json").write_text('{"epochs": 5, "latent_dim": 7, "preset": "paper"}')
    (tmp_path / "flags").write_text("--num_units=3\n")
    values = TRAIN.flags
    values.unparse_flags()
    values(
        [
            "train",
            f"--config_file={tmp_path / 'c.json'}",
            "--epochs=6",
            f"--flagfile={tmp_path / 'flags'}",
        ]
    )
    overrides = config_flags.overrides(values)
    assert overrides == {
        "preset": "paper",
        "epochs": 6,
        "latent_dim": 7,
        "num_units": 3,
    }


def test_every_command_of_the_readme_names_real_verbs_and_flags():
    text = "\n".join(p.read_text() for p in [ROOT / "README.md", *(ROOT / "docs").glob("*.md")])
    commands = re.findall(r"^\s*memgan ([a-z-]+)(.*)$", text, re.MULTILINE)
    assert commands
    import importlib

    for verb, rest in commands:
        assert verb in VERBS, verb
        command = importlib.import_module(f"memgan_tf.tools.{verb.replace('-', '_')}").COMMAND
        for flag in re.findall(r"--([a-z_]+)", rest):
            assert flag in command.flags or flag in ("help", "flagfile"), (verb, flag)
