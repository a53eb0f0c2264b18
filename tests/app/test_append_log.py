import errno
import os
import signal
import subprocess
import sys

import pytest

from memgan_tf.app.append_log import MAX_LINE, AppendLog

# Another process writes half of its second line, then it is killed.
KILLED = """
import os, signal, sys
from memgan_tf.app.append_log import AppendLog
log = AppendLog(sys.argv[1], "header")
log.append(["first"])
write = os.write
def half(handle, content):
    write(handle, content[: len(content) // 2])
    os.kill(os.getpid(), signal.SIGKILL)
os.write = half
log.append(["second, which is never whole"])
"""


@pytest.fixture
def path(tmp_path):
    return tmp_path / "log.csv"


def test_lines_come_back_once_each_without_the_header(path):
    log, other = AppendLog(path, "header"), AppendLog(path, "header")
    assert log.read_new() == (False, [])
    log.append(["a", "b"])
    other.append(["c"])
    assert log.read_new() == (False, ["a", "b", "c"])
    assert log.read_new() == (False, [])
    log.append(["d"])
    assert other.read_new() == (False, ["a", "b", "c", "d"])
    assert path.read_text() == "header\na\nb\nc\nd\n"


def test_a_process_that_is_killed_in_the_middle_of_a_line_leaves_no_half_one(path):
    killed = subprocess.run([sys.executable, "-c", KILLED, path], check=False)
    assert killed.returncode == -signal.SIGKILL
    assert path.read_text() == "header\nfirst\nsecond, which "  # what the kill left
    log = AppendLog(path, "header")
    assert log.read_new() == (False, ["first"])
    log.append(["third"])
    assert log.read_new() == (False, ["third"])
    assert path.read_text() == "header\nfirst\nthird\n"


@pytest.mark.parametrize("cut", range(len("header\nfirst\nsecond\n") + 1))
def test_wherever_a_file_is_cut_whole_lines_stay(path, cut):
    path.write_text("header\nfirst\nsecond\n"[:cut])
    log = AppendLog(path, "header")
    whole = [line for line, end in (("first", 13), ("second", 20)) if cut >= end]
    assert log.read_new()[1] == whole
    log.append(["third"])
    assert AppendLog(path, "header").read_new()[1] == [*whole, "third"]
    assert path.read_text().startswith("header\n")


def test_a_last_line_that_an_editor_left_without_its_end_stays(path):
    path.write_text("header\nwhole")
    AppendLog(path, "header", is_whole=lambda line: line == "whole").append(["next"])
    assert path.read_text() == "header\nwhole\nnext\n"


def test_a_full_disk_leaves_the_file_as_it_was(path, monkeypatch):
    log = AppendLog(path, "header")
    log.append(["first"])
    write = os.write

    def full(handle, content):
        if len(content) > 4:
            return write(handle, content[:4])
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "write", full)
    with pytest.raises(OSError, match="No space left"):
        log.append(["second"])
    assert path.read_text() == "header\nfirst\n"


def test_what_is_no_line_is_refused(path):
    for bad in ("two\nlines", "x" * (MAX_LINE + 1)):
        with pytest.raises(ValueError, match="`lines` must each be a line"):
            AppendLog(path).append([bad])
    path.symlink_to("elsewhere")
    with pytest.raises(ValueError, match="not a regular file"):
        AppendLog(path).append(["line"])


def test_a_file_that_was_replaced_is_read_from_its_start(path):
    log = AppendLog(path, "header")
    log.append(["a", "b"])
    log.read_new()
    path.write_text("header\nc\n")
    assert log.read_new() == (True, ["c"])
    path.unlink()
    assert log.read_new() == (True, [])


def test_an_edit_in_place_is_noticed(tmp_path):
    log = AppendLog(tmp_path / "a.csv", "head")
    log.append(["good,1", "good,2"])
    assert log.read_new() == (False, ["good,1", "good,2"])
    with (tmp_path / "a.csv").open("r+") as file:  # the same file, longer
        file.write("head\ndefect,1\ngood,2\n")
    assert log.read_new() == (True, ["defect,1", "good,2"])
    assert log.read_new() == (False, [])


def test_a_file_whose_header_was_removed_keeps_its_first_row(tmp_path):
    (tmp_path / "a.csv").write_text("good,1\ngood,2\n")
    log = AppendLog(tmp_path / "a.csv", "head", lambda line: line.startswith("good"))
    assert log.read_new() == (False, ["good,1", "good,2"])


def test_a_long_file_is_read_in_parts(tmp_path, monkeypatch):
    monkeypatch.setattr("memgan_tf.app.append_log.MAX_PART", 8)
    log = AppendLog(tmp_path / "a.csv")
    log.append(["abc", "def", "ghi"])
    parts = [log.read_new()[1] for _ in range(3)]
    assert parts == [["abc", "def"], ["ghi"], []]
    log.append(["a line without an end in sight"])
    with pytest.raises(ValueError, match=r"a\.csv has a line of more than 8 bytes"):
        log.read_new()


def test_a_full_disk_is_told_with_the_file(tmp_path, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    log = AppendLog(tmp_path / "a.csv")
    log.append(["one"])
    monkeypatch.setattr("memgan_tf.app.append_log.os.write", full)
    with pytest.raises(OSError, match=r"No space left on device: '.*a\.csv'"):
        log.append(["two"])
    assert (tmp_path / "a.csv").read_text() == "one\n"
