"""A run from elsewhere does not choose what is opened."""

import pytest

from memgan_tf.config import DataConfig
from memgan_tf.evaluation.run_data import choose_data
from memgan_tf.training.run_directory import RunDirectory


@pytest.fixture
def stranger(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    return RunDirectory(tmp_path / "run")


@pytest.mark.parametrize(
    ("dataset", "fix"),
    [
        ("folder:/theirs", "--dataset=folder:/theirs"),
        ("npz:/theirs/a b.npz", r"--dataset='npz:/theirs/a b.npz'"),
        ("tfds:evil", "--data_dir=<folder"),
        ("npz:\x1b[2J", r"npz:\\x1b\[2J"),
    ],
)
def test_nothing_is_opened_that_is_not_named(dataset, fix, stranger):
    with pytest.raises(ValueError, match=rf"was not trained by you on this machine.*{fix}"):
        choose_data(stranger, DataConfig(dataset=dataset, data_dir="/theirs"))


def test_what_the_user_names_is_opened(stranger):
    data = DataConfig(dataset="tfds:x", data_dir="/theirs")
    assert choose_data(stranger, data, data_dir="/ours").data_dir == "/ours"
    chosen = choose_data(stranger, data, dataset="mnist")
    assert (chosen.dataset, chosen.data_dir) == ("mnist", None)
    folder = DataConfig(dataset="folder:/theirs", image_size=16)
    assert choose_data(stranger, folder, dataset="folder:/ours").folder == "/ours"
    # A folder of prepared sets says nothing about a folder of images.
    with pytest.raises(ValueError, match="must be or hold"):
        choose_data(stranger, folder, data_dir="/ours")


def test_another_kind_of_set_is_refused(stranger):
    with pytest.raises(ValueError, match="of the kind that the run was made with, npz"):
        choose_data(stranger, DataConfig(dataset="npz:a.npz"), dataset="folder:a")


def test_the_digits_need_no_name(stranger):
    data = DataConfig(dataset="digits", normal_class=0)
    assert choose_data(stranger, data) == data
