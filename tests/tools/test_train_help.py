"""The texts of `memgan train --help`, and what is printed before training."""

import re

import pytest

from memgan_tf.config import DETECTORS, DataConfig, TrainingConfig, choices, resolve
from memgan_tf.tools import main
from memgan_tf.tools.train_help import NEEDED

CONFIGS = {detector: method.config for detector, method in DETECTORS.items()}


def help_of(capsys, *arguments):
    assert main.main(["train", *arguments]) == 0
    return capsys.readouterr().out


def flags_of(text):
    return re.findall(r"^  --([a-z0-9_]+)", text, re.MULTILINE)


def test_help_has_what_most_people_need(capsys):
    text = help_of(capsys, "--help")
    assert tuple(flags_of(text)) == NEEDED
    assert len(NEEDED) == 10
    assert "--helpfull" in text
    assert len(text.splitlines()) < 60


def test_full_help_has_every_flag_of_every_detector(capsys):
    text = help_of(capsys, "--helpfull")
    for part in (DataConfig, TrainingConfig, *CONFIGS.values()):
        for name in part.describe():
            assert re.search(rf"^  --(\[no\])?{name}$", text, re.MULTILINE), name


@pytest.mark.parametrize("detector", DETECTORS)
def test_help_of_a_detector_has_its_settings_and_no_others(detector, capsys):
    text = help_of(capsys, f"--detector={detector}", "--help")
    model = CONFIGS[detector]
    steps = model.trains_in_steps
    training = TrainingConfig.describe() if steps else ["seed"]
    assert flags_of(text) == [*DataConfig.describe(), *training, *model.describe()]
    headings = [text.index(f"\n{heading}:\n") for heading in ("Data", "Training", "Model")]
    assert headings == sorted(headings)


@pytest.mark.parametrize("detector", DETECTORS)
def test_values_are_those_that_a_run_would_have(detector, capsys, fake_mnist):
    data = ["--dataset=mnist", f"--data_dir={fake_mnist.data_dir}"]
    text = help_of(capsys, f"--detector={detector}", *data, "--preset=paper", "--help")
    config = resolve(detector, "paper", (28, 28, 1), {})
    for name, value in config.flat().items():
        if name in flags_of(text) and name not in ("dataset", "data_dir") and value is not None:
            shown = str(value).lower() if isinstance(value, bool) else value
            assert f"  --{name}={shown}\n" in text, name
    assert "image_size" not in flags_of(text)


def test_values_that_depend_on_the_images_are_all_given(capsys):
    text = help_of(capsys, "--detector=memae", "--help")
    assert "--epochs=200 (digits), 30 (mnist), 20 (cifar10), 30 (large)\n" in text
    assert "--beta_1=0.9\n" in text


def test_a_value_that_was_given_is_shown(capsys):
    text = help_of(capsys, "--detector=memae", "--dataset=digits", "--epochs=3", "--help")
    assert "--epochs=3\n" in text


def test_a_detector_on_photographs_is_the_default_of_a_folder(capsys, tmp_path):
    assert main.main(["train", f"--dataset=folder:{tmp_path / 'none'}", "--help"]) == 1
    assert "`dataset` must name an existing folder" in capsys.readouterr().err


def test_zero_is_allowed_only_where_the_text_says_so(capsys):
    text = " ".join(help_of(capsys, "--helpfull").split())
    assert re.search(r"0 uses the flattened map .{,40}\[memae\]", text)
    for detector, model in CONFIGS.items():
        field = model.describe().get("latent_dim")
        if field is not None:
            says = "0 uses" in field.metadata["description"]
            assert says == (field.metadata["minimum"] == 0), detector


def test_every_scaling_and_rule_is_described_where_it_is_offered():
    for detector, model in CONFIGS.items():
        for name, field in model.describe().items():
            if name != "normalization":
                for choice in field.metadata["choices"] or ():
                    assert choice in field.metadata["description"], (detector, name, choice)


def test_defaults_are_those_of_each_detector(capsys):
    text = " ".join(help_of(capsys, "--helpfull").split())
    assert "Number of passes over the normal training images. Default: the preset's." in text
    assert "Default: 9 [patchcore], 1 [features_knn]." in text


@pytest.mark.parametrize(
    ("dataset", "guess"),
    [
        ("parts", "folder:parts"),
        ("parts.npz", "npz:parts.npz"),
        ("file:parts.csv", "list:parts.csv"),
        ("mnits", "mnist"),
    ],
)
def test_a_slip_in_the_data_sets_name_is_understood(dataset, guess, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "parts").mkdir()
    for name in ("parts.npz", "parts.csv"):
        (tmp_path / name).touch()
    assert main.main(["train", f"--dataset={dataset}"]) == 1
    assert capsys.readouterr().err.rstrip().endswith(f"Did you mean {guess}?")


def test_a_slip_in_the_verb_is_understood(capsys):
    assert main.main(["trian"]) == 1
    assert capsys.readouterr().err.rstrip().endswith("Did you mean train?")


def test_what_departs_from_the_preset_is_a_table():
    given = {"dataset": "digits", "normal_class": 3, "epochs": 2, "learning_rate": 1e-3, "seed": 0}
    config = resolve("memgan", "default", (8, 8, 1), given)
    assert choices.describe_settings(config) == [
        "memgan on digits, normal class 3; images 8×8×1; preset default, except:",
        "  epochs         2  (preset: 300)",
        "  learning_rate  0.001  (preset: 0.0005)",
    ]
    plain = resolve("kde", "paper", (28, 28, 1), {"dataset": "mnist", "normal_class": 1})
    assert choices.describe_settings(plain) == [
        "kde on mnist, normal class 1; images 28×28×1; preset paper"
    ]
