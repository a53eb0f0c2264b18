import errno

import numpy as np
import pytest
import tensorflow as tf

from memgan_tf.training.checkpoints import Checkpoints, restore_scoring_variables


@pytest.fixture
def state():
    return {"step": [tf.Variable(0)], "scoring": [tf.Variable(tf.zeros(50))]}


@pytest.fixture
def checkpoints(state, tmp_path):
    return Checkpoints(tmp_path, state, "a", keep=2)


def save(checkpoints, state, step):
    state["step"][0].assign(step)
    state["scoring"][0].assign(tf.fill((50,), float(step)))
    checkpoints.save(step)


def values(state):
    return int(state["step"][0]), float(state["scoring"][0][0])


def damage(path, how):
    content = bytearray(path.read_bytes())
    if how == "flipped":
        content[len(content) // 2] ^= 0xFF
        path.write_bytes(content)
    elif how == "truncated":
        path.write_bytes(content[: len(content) // 2])
    else:
        path.unlink()


def test_nothing_to_restore(checkpoints):
    assert checkpoints.restore() is False


def test_the_newest_is_restored(checkpoints, state):
    for step in (3, 7):
        save(checkpoints, state, step)
    state["step"][0].assign(99)
    assert checkpoints.restore() is True
    assert values(state) == (7, 7.0)


@pytest.mark.parametrize("name", ["a [1]", "a\\b"])
def test_sound_checkpoints_that_tensorflow_cannot_read_are_not_called_damaged(
    name, state, tmp_path, capsys
):
    before = Checkpoints(tmp_path / "runs", state, "a", keep=2)
    save(before, state, 3)
    (tmp_path / "runs").rename(tmp_path / name)
    moved = Checkpoints(tmp_path / name, state, "a", keep=2)
    for restore in (
        moved.restore,
        lambda: restore_scoring_variables(tmp_path / name, state["scoring"]),
    ):
        with pytest.raises(ValueError, match=r"ckpt-3, because the path has \[ or .*Rename"):
            restore()
    assert "damaged" not in capsys.readouterr().err
    (tmp_path / name).rename(tmp_path / "runs")
    assert Checkpoints(tmp_path / "runs", state, "a", keep=2).restore() is True


def test_only_the_newest_are_kept(checkpoints, state, tmp_path):
    for step in (3, 7, 9):
        save(checkpoints, state, step)
    assert sorted(path.stem for path in tmp_path.glob("*.index")) == ["ckpt-7", "ckpt-9"]


@pytest.mark.parametrize("how", ["flipped", "truncated", "missing"])
@pytest.mark.parametrize("part", ["index", "data-00000-of-00001"])
def test_a_damaged_one_is_named_and_the_one_before_is_used(
    how, part, checkpoints, state, tmp_path, capsys
):
    for step in (3, 7):
        save(checkpoints, state, step)
    damage(tmp_path / f"ckpt-7.{part}", how)
    assert checkpoints.restore() is True
    assert values(state) == (3, 3.0)
    assert "ckpt-7 is damaged" in capsys.readouterr().err


def test_all_damaged_is_an_error_and_not_a_new_start(checkpoints, state, tmp_path, capsys):
    for step in (3, 7):
        save(checkpoints, state, step)
        damage(tmp_path / f"ckpt-{step}.index", "truncated")
    with pytest.raises(ValueError, match="none of the checkpoints .* can be read"):
        checkpoints.restore()
    assert "ckpt-3 is damaged" in capsys.readouterr().err


def test_a_first_save_that_never_ended_is_a_new_start(checkpoints, state, tmp_path):
    save(checkpoints, state, 3)
    damage(tmp_path / "ckpt-3.index", "truncated")
    (tmp_path / "checkpoint").unlink()
    assert Checkpoints(tmp_path, state, "a", keep=2).restore() is False


def test_another_configurations_checkpoint_is_refused(checkpoints, state, tmp_path):
    save(checkpoints, state, 3)
    with pytest.raises(ValueError, match="belongs to another configuration"):
        Checkpoints(tmp_path, state, "b", keep=2).restore()


def test_leftovers_of_a_killed_save_are_swept(state, tmp_path):
    (tmp_path / "ckpt-5_temp").mkdir()
    (tmp_path / "ckpt-5_temp" / "part-00000").write_text("half")
    Checkpoints(tmp_path, state, "a", keep=2)
    assert not (tmp_path / "ckpt-5_temp").exists()


def test_scoring_variables_alone(checkpoints, state, tmp_path, capsys):
    for step in (3, 7):
        save(checkpoints, state, step)
    variable = tf.Variable(tf.zeros(50))
    restore_scoring_variables(tmp_path, [variable])
    np.testing.assert_array_equal(variable, np.full(50, 7.0))
    damage(tmp_path / "ckpt-7.data-00000-of-00001", "flipped")
    restore_scoring_variables(tmp_path, [variable])
    np.testing.assert_array_equal(variable, np.full(50, 3.0))
    assert "ckpt-7 is damaged" in capsys.readouterr().err


def test_scoring_variables_of_an_empty_folder(tmp_path):
    with pytest.raises(ValueError, match="has no checkpoint that can be read"):
        restore_scoring_variables(tmp_path, [tf.Variable(0.0)])


def test_a_checkpoint_without_access_is_not_called_damaged(
    checkpoints, state, tmp_path, monkeypatch
):
    for step in (1, 2):
        save(checkpoints, state, step)

    def refuse(path, *_):
        raise PermissionError(errno.EACCES, "Permission denied", path)

    monkeypatch.setattr("memgan_tf.training.checkpoints.check_checkpoint", refuse)
    for restore in (
        checkpoints.restore,
        lambda: restore_scoring_variables(tmp_path, state["scoring"]),
    ):
        with pytest.raises(PermissionError, match="ckpt-2"):
            restore()


def test_a_full_disk_is_told_in_a_line(checkpoints, state, tmp_path, monkeypatch):
    def fail(**_):
        raise tf.errors.ResourceExhaustedError(None, None, "{{node Save}} a; No space left on it")

    monkeypatch.setattr(checkpoints._manager, "save", fail)
    with pytest.raises(OSError, match="step 3 cannot be saved: a; No space left on it. Make room"):
        save(checkpoints, state, 3)
