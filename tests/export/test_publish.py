"""A version is whole or absent, and never overwritten."""

import os
import signal
import subprocess
import sys
import time

import pytest

from memgan_tf.export.publish import ModelStore
from memgan_tf.temporaries import STALE_SECONDS


def publish(store, version):
    with store.publishing(version) as staging:
        (staging / "inside").mkdir()
        (staging / "inside" / "file").write_text(str(version))


def fail_while_publishing(store, error):
    with store.publishing(7) as staging:
        (staging / "file").write_text("half")
        raise error


def publish_what_another_publishes(store, version):
    with store.publishing(version) as staging:
        (staging / "file").write_text("late")
        publish(store, version)


def names(store):
    return sorted(path.name for path in store.path.iterdir())


@pytest.fixture
def store(tmp_path):
    return ModelStore(tmp_path / "models", "zeros")


def test_a_version_appears_at_once(store):
    with store.publishing(7) as staging:
        assert store.versions == []
        assert staging.parent == store.path
        (staging / "file").write_text("whole")
    assert names(store) == ["7"]
    assert (store.path / "7" / "file").read_text() == "whole"
    assert (store.path / "7").stat().st_mode & 0o777 == 0o755


def test_a_failure_leaves_nothing(store):
    with pytest.raises(KeyboardInterrupt):
        fail_while_publishing(store, KeyboardInterrupt())
    assert not store.path.parent.exists()
    store.path.parent.mkdir()
    with pytest.raises(KeyboardInterrupt):
        fail_while_publishing(store, KeyboardInterrupt())
    assert store.path.parent.exists()
    assert not store.path.exists()


def test_a_published_version_is_never_overwritten(store):
    publish(store, 7)
    with pytest.raises(ValueError, match="7 exists, and a published version is never overwritten"):
        publish(store, 7)
    with pytest.raises(ValueError, match="was published by another process meanwhile"):
        publish_what_another_publishes(store, 8)
    assert (store.path / "8" / "inside" / "file").read_text() == "8"
    assert names(store) == ["7", "8"]


def test_versions_are_seconds_unless_named(store):
    assert abs(store.new_version() - time.time()) < 5
    assert store.new_version(3) == 3
    for bad in (0, -1, 2**53):
        with pytest.raises(ValueError, match="`version` must be at"):
            store.new_version(bad)


def test_a_new_version_is_the_highest_where_the_clock_was_set_back(store):
    later = int(time.time()) + 1000
    publish(store, later)
    assert store.new_version() == later + 1


@pytest.mark.parametrize("name", ["", "../x", "a/b", ".hidden", "a b"])
def test_bad_names(name, tmp_path):
    with pytest.raises(ValueError, match="`name` must be letters, digits"):
        ModelStore(tmp_path, name)


def test_no_version_where_tensorflow_cannot_load_it(tmp_path):
    with pytest.raises(ValueError, match=r"`output_dir` must be a path that TensorFlow can read"):
        ModelStore(tmp_path / "models [1]", "zeros").new_version()


def test_old_versions_are_removed(store):
    for version in (9, 10, 11, 12):
        publish(store, version)
    (store.path / "notes").mkdir()
    assert store.prune(2, spared=9) == [10]
    assert store.versions == [9, 11, 12]
    assert names(store) == ["11", "12", "9", "notes"]


@pytest.mark.parametrize("sign", [-1, 1])  # 1: the clock has been set back since
def test_what_a_killed_export_left_is_swept_by_age(sign, store):
    publish(store, 1)
    old, young = store.path / ".staging-old", store.path / ".staging-young"
    old.mkdir()
    young.mkdir()
    then = time.time() + sign * (STALE_SECONDS + 60)
    os.utime(old, (then, then))
    publish(store, 2)
    assert names(store) == [".staging-young", "1", "2"]


def test_kills_leave_no_half_version(tmp_path):
    code = """
import sys
from memgan_tf.export.publish import ModelStore
store, version = ModelStore(sys.argv[1], "zeros"), int(sys.argv[2])
while True:
    with store.publishing(version) as staging:
        for name in "abc":
            (staging / name).write_text(name * 100_000)
    print(version, flush=True)
    version += 1
"""
    store = ModelStore(tmp_path, "zeros")
    for first in (1000, 2000, 3000):
        command = [sys.executable, "-c", code, str(tmp_path), str(first)]
        process = subprocess.Popen(command, stdout=subprocess.PIPE)
        process.stdout.readline()
        time.sleep(0.05)
        process.send_signal(signal.SIGKILL)
        process.communicate(timeout=30)
    assert len(store.versions) >= 3
    for version in store.versions:
        for name in "abc":
            assert (store.path / str(version) / name).read_text() == name * 100_000
