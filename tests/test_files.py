"""Files are opened, read and replaced by one way."""

import errno
import os

import pytest

from memgan_tf import files


def test_what_has_no_end_is_not_opened(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", "/dev/zero", tmp_path):
        with pytest.raises(ValueError, match="is not a regular file"):
            files.open_regular(path, 10)


def test_what_is_too_large_is_not_read(tmp_path):
    path = tmp_path / "a.json"
    path.write_text("[1, 2]")
    assert files.read_json(path, limit=6) == [1, 2]
    with pytest.raises(ValueError, match="has 6 bytes, more than the 5 allowed"):
        files.read_json(path, limit=5)
    os.truncate(path, 2**40)
    with pytest.raises(ValueError, match="1,099,511,627,776 bytes, more than the 33,554,432"):
        files.read_json(path)


def test_a_file_without_access_is_not_called_damaged(tmp_path, monkeypatch):
    def refuse(path, flags):
        raise PermissionError(errno.EACCES, "Permission denied", str(path))

    (tmp_path / "a.json").write_text("{")
    with pytest.raises(ValueError, match="a.json is not readable as JSON"):
        files.read_json(tmp_path / "a.json")
    monkeypatch.setattr(os, "open", refuse)
    with pytest.raises(PermissionError, match="a.json"):
        files.read_json(tmp_path / "a.json")


@pytest.mark.parametrize("text", ["a,b\n1\n", "a,b\n1,2,3\n", "a\n" + "1" * 200_000, "a\n\0\udcff"])
def test_a_table_with_other_rows_than_its_header_says_is_damaged(text, tmp_path):
    path = tmp_path / "a.csv"
    path.write_text(text, errors="surrogateescape")
    with pytest.raises(ValueError, match="a.csv is damaged"), files.naming_damage(path):
        list(files.read_table(path))


def test_a_table_is_read_row_by_row(tmp_path):
    (tmp_path / "a.csv").write_text('a,b\n1,"x\ny"\n')
    assert list(files.read_table(tmp_path / "a.csv")) == [{"a": "1", "b": "x\ny"}]


def test_a_log_is_no_link(tmp_path):
    with files.open_appending(tmp_path / "log") as file:
        file.write(b"a")
    (tmp_path / "link").symlink_to("log")
    with pytest.raises(ValueError, match="link is not a regular file"):
        files.open_appending(tmp_path / "link")
    assert (tmp_path / "log").read_text() == "a"


@pytest.mark.parametrize("name", ["EACCES", "EPERM", "EIO", "ESTALE", "EMFILE", "ENFILE", "ENOMEM"])
def test_what_the_system_refuses_says_nothing_about_a_file(name):
    assert files.is_refusal(OSError(getattr(errno, name), "refused", "a.json"))


@pytest.mark.parametrize(
    "error",
    [
        FileNotFoundError(errno.ENOENT, "missing"),
        OSError(errno.EINVAL, "invalid"),
        OSError("Truncated File Read"),
        ValueError(errno.EACCES),
        MemoryError(),
    ],
)
def test_other_errors_are_no_refusal(error):
    assert not files.is_refusal(error)
