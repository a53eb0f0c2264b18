"""Where results go: links, pipes, devices, modes."""

import errno
import os
import stat
import threading

import pytest

from memgan_tf import outputs


def write(path, text="new"):
    with outputs.writing(path) as temporary:
        temporary.write_text(text)


def mode_of(path):
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture
def umask():
    before = os.umask(0o027)
    yield
    os.umask(before)


def test_a_new_file_obeys_the_umask_and_an_old_one_keeps_its_mode(tmp_path, umask):
    write(tmp_path / "new")
    (tmp_path / "old").write_text("old")
    (tmp_path / "old").chmod(0o606)
    write(tmp_path / "old")
    assert (mode_of(tmp_path / "new"), mode_of(tmp_path / "old")) == (0o640, 0o606)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["new", "old"]


def test_a_link_stays_and_its_target_is_replaced(tmp_path):
    (tmp_path / "target").write_text("old")
    (tmp_path / "link").symlink_to("target")
    write(tmp_path / "link")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "target").read_text() == "new"


def test_a_pipe_is_written_through(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    read = []
    reader = threading.Thread(target=lambda: read.append((tmp_path / "pipe").read_text()))
    reader.start()
    write(tmp_path / "pipe")
    reader.join()
    assert read == ["new"]
    assert stat.S_ISFIFO((tmp_path / "pipe").stat().st_mode)


def test_a_pipe_without_a_reader_is_not_waited_for(tmp_path, monkeypatch):
    monkeypatch.setattr(outputs, "READER_SECONDS", 0.0)
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(OSError, match="no process reads from it"):
        write(tmp_path / "pipe")


def test_an_open_file_is_written_through(tmp_path):
    with (tmp_path / "log").open("w+") as file:
        write(f"/proc/self/fd/{file.fileno()}")
        assert file.read() == "new"


def test_what_fails_leaves_the_old_file(tmp_path):
    (tmp_path / "a").write_text("old")
    with pytest.raises(KeyError), outputs.writing(tmp_path / "a"):
        raise KeyError
    assert (tmp_path / "a").read_text() == "old"


def fill(path):
    with outputs.writing(path):
        raise OSError(errno.ENOSPC, "No space left on device")


def test_a_full_device_is_named():
    with pytest.raises(OSError, match="No space left on device: '/dev/full'"):
        write("/dev/full")


def test_no_temporary_file_is_named(tmp_path):
    with pytest.raises(OSError, match="No space left on device: '.*/a.csv'"):
        fill(tmp_path / "a.csv")
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(FileNotFoundError, match="directory: '.*/none/a.csv'"):
        write(tmp_path / "none" / "a.csv")
    with pytest.raises(FileNotFoundError, match="directory: 'x'"), outputs.writing("/dev/null"):
        os.stat("x")


def test_a_folder_and_a_missing_folder_are_refused_beforehand(tmp_path):
    for path, message in (
        ("", "Received: an empty name"),
        (tmp_path / ("a" * 300), "must have a shorter name"),
        (tmp_path, "is a folder. Name a file in it"),
        (f"{tmp_path}/new/", "is a folder"),
        (tmp_path / "none" / "a", "must be in a folder that exists"),
    ):
        with pytest.raises(ValueError, match=message):
            outputs.check_output(path)
    outputs.check_output(tmp_path / "a")
    outputs.check_output("/dev/null")


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("file", "file is a file"),
        ("file/a/b", "file is a file"),
        ("link", "link is a link to nothing"),
        ("link/a", "link is a link to nothing"),
    ],
)
@pytest.mark.parametrize("make", [outputs.check_folder, outputs.make_folder])
def test_what_is_in_the_way_of_a_folder_is_named(make, path, words, tmp_path):
    (tmp_path / "file").touch()
    (tmp_path / "link").symlink_to("nowhere")
    with pytest.raises(ValueError, match=r"`decisions` must be writable, and ") as caught:
        make(tmp_path / path, "decisions")
    assert f"{tmp_path}/{words}. Name another --decisions" in str(caught.value)


def test_a_folder_that_may_not_be_written(tmp_path, monkeypatch):
    # The superuser may write anywhere, so the system's answer is set by hand.
    monkeypatch.setattr(outputs.os, "access", lambda path, mode: False)
    with pytest.raises(ValueError, match=r"`run` must be writable, and .* cannot be written. Copy"):
        outputs.check_folder(tmp_path / "a" / "b", "run", "Copy it")


def test_a_folder_that_cannot_be_made_has_no_number(tmp_path):
    with pytest.raises(ValueError, match=r"cannot be made: File name too long. Name another --x$"):
        outputs.make_folder(tmp_path / ("a" * 300), "x")


def test_a_folder_is_made_with_its_parents(tmp_path):
    outputs.check_folder(tmp_path / "a" / "b", "x")
    assert not (tmp_path / "a").exists()
    assert outputs.make_folder(tmp_path / "a" / "b", "x").is_dir()
    outputs.make_folder(tmp_path / "a" / "b", "x")
