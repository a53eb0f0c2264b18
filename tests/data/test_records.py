"""TFRecord files are looked through before TensorFlow reads them."""

import gzip
import os

import pytest

from memgan_tf.data import records
from tests.reliability import tensorflow_files

GOOD = tensorflow_files.record(b"abc")


@pytest.mark.parametrize("is_compressed", [False, True])
@pytest.mark.parametrize(
    ("content", "count", "reason"),
    [
        (b"", 0, None),
        (GOOD * 3, 3, None),
        (GOOD * 2 + tensorflow_files.record(b"x", 2**45), 2, "states 35,184,372,088,832 bytes"),
        (GOOD + tensorflow_files.record(b"x", 2**64 - 5), 1, "states 18,446,744,073,709,551,611"),
        (GOOD + tensorflow_files.record(b"x", 100), 1, "states 100 bytes and is cut off"),
        (GOOD + GOOD[:-1], 1, "states 3 bytes and is cut off"),
        (GOOD + b"12345", 1, "is cut off"),
    ],
)
def test_lengths_are_held_against_the_file(content, count, reason, is_compressed, tmp_path):
    path = tmp_path / "a.tfrecord"
    path.write_bytes(gzip.compress(content) if is_compressed else content)
    found, said = records.look_through(path, is_compressed)
    assert found == count
    assert said is None if reason is None else said.startswith(reason)


def test_what_is_no_gzip_is_a_reason(tmp_path):
    (tmp_path / "a").write_bytes(GOOD)
    assert records.look_through(tmp_path / "a", True)[1].startswith("cannot be decompressed")


def test_a_damaged_file_is_named_and_a_pipe_is_not_waited_for(tmp_path):
    (tmp_path / "a").write_bytes(tensorflow_files.record(b"x", 2**33))
    with pytest.raises(ValueError, match=r"a is damaged: record 0 states 8,589,934,592 bytes"):
        records.check_records(tmp_path / "a")
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(ValueError, match="pipe is not a regular file"):
        records.check_records(tmp_path / "pipe")
