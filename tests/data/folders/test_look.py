import pathlib

import pytest

from memgan_tf.config import DataConfig
from memgan_tf.data import load_task
from memgan_tf.data.folders import walk as walks
from memgan_tf.data.folders.look import once, one_look
from memgan_tf.data.folders.walk import walk
from memgan_tf.data.sources import find_index, image_shape, settle


@pytest.fixture
def looks(monkeypatch):
    """Folders that were walked, in order."""
    seen, walked = [], walks._walk
    monkeypatch.setattr(walks, "_walk", lambda folder: seen.append(folder) or walked(folder))
    return seen


def test_what_was_found_is_kept_within_a_look_alone():
    found = iter(range(9))
    assert [once(lambda: next(found), "a"), once(lambda: next(found), "a")] == [0, 1]
    with one_look():
        assert [once(lambda: next(found), key) for key in "aba"] == [2, 3, 2]
        with one_look():
            assert once(lambda: next(found), "a") == 2
        assert once(lambda: next(found), "b") == 3
    assert once(lambda: next(found), "a") == 4


def test_a_failed_look_is_tried_again():
    with one_look():
        with pytest.raises(ZeroDivisionError):
            once(lambda: 1 / 0, "a")
        assert once(lambda: 5, "a") == 5


def test_a_command_walks_a_folder_once(mvtec, looks):
    with one_look():
        config = settle(DataConfig(dataset=f"folder:{mvtec}"))
        image_shape(config)
        find_index(config)
        task = load_task(config, seed=0)
    assert len(task.train) > 0
    assert looks == [pathlib.Path(mvtec)]


def test_the_next_command_sees_what_has_changed(mvtec, looks):
    before = walk(mvtec).images
    (mvtec / before[0]).unlink()
    assert walk(mvtec).images == before[1:]
    assert len(looks) == 2
