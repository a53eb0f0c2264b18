"""Temporary files: locked while they are written, swept when nobody writes them any more."""

import os

import pytest

from memgan_tf import temporaries
from memgan_tf.temporaries import make_staging, make_temporary, sweep_temporaries


@pytest.fixture
def umask():
    """Sets the umask; it is put back."""
    before = os.umask(0)
    yield os.umask
    os.umask(before)


def test_a_file_is_swept_once_nobody_writes_it(tmp_path):
    handle, path = make_temporary(tmp_path / "a.txt")
    assert path.parent == tmp_path
    assert path.name.startswith(".tmp-a-")
    assert path.suffix == ".txt"
    sweep_temporaries(tmp_path)
    assert path.exists()
    os.close(handle)
    sweep_temporaries(tmp_path)
    assert not path.exists()


def test_only_leftovers_of_the_target_are_swept_if_one_is_named(tmp_path):
    names = (".tmp-a-1.txt", ".tmp-b-1.txt", "a.txt", "tmp-a-1.txt")
    for name in names:
        (tmp_path / name).touch()
    sweep_temporaries(tmp_path, tmp_path / "a.txt")
    assert {path.name for path in tmp_path.iterdir()} == set(names[1:])
    sweep_temporaries(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == set(names[2:])
    sweep_temporaries(tmp_path / "absent")


def test_a_link_is_not_followed(tmp_path):
    (tmp_path / "kept").touch()
    (tmp_path / ".tmp-a-1").symlink_to("kept")
    sweep_temporaries(tmp_path)
    assert (tmp_path / "kept").exists()


def test_a_name_as_long_as_allowed_has_room_for_a_temporary_one(tmp_path):
    handle, path = make_temporary(tmp_path / ("a" * 250 + ".json"))
    os.close(handle)
    assert path.exists()


@pytest.mark.parametrize(
    ("before", "mask", "mode"),
    [
        (0o600, 0o022, 0o600),  # others may not read what replaces it, even for a moment
        (0o640, 0o022, 0o640),
        (0o444, 0o022, 0o644),  # the owner writes it
        (None, 0o027, 0o640),  # a new file follows the umask
    ],
)
def test_nobody_reads_more_than_before(before, mask, mode, tmp_path, umask):
    if before is not None:
        (tmp_path / "a").touch()
        (tmp_path / "a").chmod(before)
    umask(mask)
    handle, path = make_temporary(tmp_path / "a")
    os.close(handle)
    assert path.stat().st_mode & 0o777 == mode


def test_a_file_that_was_swept_before_it_was_locked_is_made_again(tmp_path, monkeypatch):
    lock, swept = temporaries.fcntl.flock, []

    def sweep_first(handle, operation):
        if not swept:
            swept.extend(tmp_path.iterdir())
            swept[0].unlink()
        lock(handle, operation)

    monkeypatch.setattr(temporaries.fcntl, "flock", sweep_first)
    handle, path = make_temporary(tmp_path / "a")
    assert path != swept[0]
    assert os.path.samestat(os.fstat(handle), path.stat())
    os.close(handle)


def test_a_staging_folder_obeys_the_umask(tmp_path, umask):
    umask(0o027)
    made = [make_staging(tmp_path), make_staging(tmp_path)]
    assert [path.stat().st_mode & 0o777 for path in made] == [0o750] * 2
    assert made[0] != made[1]
