"""Who made a run, and which images it was begun with."""

import dataclasses

import pytest

from memgan_tf import files
from memgan_tf.training import origin
from memgan_tf.training.run_directory import RunDirectory


@pytest.fixture
def state(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


@pytest.fixture
def begun(tmp_path, tiny_config, state):
    """A run that was begun with a data_dir, and its configuration."""
    config = tiny_config(data_dir="here")
    run = RunDirectory(tmp_path / "run")
    with run.claimed(config):
        origin.keep(run, config, "a")
    return run, config


def test_a_user_knows_the_own_run_wherever_it_lies(begun, tmp_path):
    run, config = begun
    assert origin.is_own(run, config.data)
    assert origin.key_file().stat().st_mode & 0o777 == 0o600
    moved = run.path.rename(tmp_path / "moved")
    assert origin.is_own(RunDirectory(moved), config.data)


def test_other_data_and_another_user_are_not_the_own_run(begun, tmp_path, monkeypatch):
    run, config = begun
    assert not origin.is_own(run, dataclasses.replace(config.data, data_dir="there"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "other"))
    assert not origin.is_own(run, config.data)


def test_the_seal_is_not_set_for_data_that_the_user_did_not_name(tmp_path, tiny_config, state):
    theirs, ours = tiny_config(data_dir="theirs"), tiny_config(data_dir="ours")
    run = RunDirectory(tmp_path / "run")
    with run.claimed(theirs):
        pass
    with run.claimed(ours):
        origin.keep(run, ours, "a")
    assert not origin.is_own(run, run.read_config().data)


def test_other_images_are_noticed(begun):
    run, config = begun
    origin.keep(run, config, "a")
    with pytest.raises(ValueError, match="was begun with other images"):
        origin.keep(run, config, "b")


@pytest.mark.parametrize("content", ["{}", '{"seal": 5}', '{"seal": "é"}'])
def test_a_forged_seal_is_none(content, begun):
    run, config = begun
    (run.path / origin.ORIGIN_FILE).write_text(content)
    assert not origin.is_own(run, config.data)


@pytest.mark.parametrize("content", ["[]", "{"])
def test_a_damaged_file_is_named(content, begun):
    run, config = begun
    (run.path / origin.ORIGIN_FILE).write_text(content)
    with pytest.raises(ValueError, match="origin.json"):
        origin.is_own(run, config.data)


def test_without_a_place_for_a_key_a_run_is_nobodys(tmp_path, tiny_config, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "file"))
    run, config = RunDirectory(tmp_path / "run"), tiny_config()
    with run.claimed(config):
        origin.keep(run, config)
    assert not origin.is_own(run, config.data)
    assert not (run.path / origin.ORIGIN_FILE).exists()
    assert files.read_json(run.path / "config.json")
