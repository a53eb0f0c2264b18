"""What the intake takes, and what it leaves out with a reason."""

import struct
import zlib

import numpy as np
import pytest

from memgan_tf.app.intake import QUEUE_SIZE
from memgan_tf.app.photographs import MAX_FILE_BYTES, Waiting
from tests.app.conftest import SECONDS, add, failures, photograph, wait_until


def test_the_same_bytes_are_one_image(session, judge):
    content = photograph(50)
    for name in ("a.png", "b.png"):
        with session.dropped.arriving() as arrival:
            arrival.write(content)
            path = arrival.keep()
        session.intake.put(Waiting(path, name, True), SECONDS)
    add(session, [60])
    assert [image.name for image in session.images] == ["a.png", "60.png"]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"not an image", "not one of PNG"),
        (photograph(9)[:60], "damaged"),
        (photograph(9, size=(4, 4)), "at least 8"),
        (photograph(9, kind="ICO"), "not one of PNG"),
    ],
)
def test_what_is_no_image_is_left_out_with_one_line(session, content, reason):
    with session.dropped.arriving() as arrival:
        arrival.write(content)
        path = arrival.keep()
    session.intake.put(Waiting(path, "bad.png", True), SECONDS)
    wait_until(lambda: session.intake.failed)
    assert reason in failures(session)["bad.png"]
    assert "\n" not in failures(session)["bad.png"]
    wait_until(lambda: not path.exists())
    assert len(session.images) == 0
    add(session, [60])


def test_a_decompression_bomb_is_left_out(session):
    # A few bytes that claim 400 million pixels.
    header = b"IHDR" + struct.pack(">IIBBBBB", 20_000, 20_000, 1, 0, 0, 0, 0)
    data = b"IDAT" + zlib.compress(bytes(100))
    chunks = [
        struct.pack(">I", len(chunk) - 4) + chunk + struct.pack(">I", zlib.crc32(chunk))
        for chunk in (header, data)
    ]
    content = b"\x89PNG\r\n\x1a\n" + b"".join(chunks)
    with session.dropped.arriving() as arrival:
        arrival.write(content)
        path = arrival.keep()
    session.intake.put(Waiting(path, "bomb.png", True), SECONDS)
    wait_until(lambda: session.intake.failed)
    assert "pixels" in failures(session)["bomb.png"]


def test_a_detector_that_fails_leaves_its_images_out_and_goes_on(session, judge, monkeypatch):
    path = session.folder / "a.png"
    path.write_bytes(photograph(20))
    monkeypatch.setattr(judge, "score", _raising)
    session.intake.put(Waiting(path, "a.png"), SECONDS)
    wait_until(lambda: session.intake.failed)
    assert failures(session) == {"a.png": "no memory is left"}
    monkeypatch.undo()
    add(session, [60])


def _raising(pixels):
    raise RuntimeError("no memory is left")


def test_a_score_that_is_no_number_is_left_out(session, judge, monkeypatch):
    score = type(judge).score
    monkeypatch.setattr(
        judge, "score", lambda pixels: (score(judge, pixels)[0] * np.nan, np.ones(len(pixels)))
    )
    path = session.folder / "a.png"
    path.write_bytes(photograph(20))
    session.intake.put(Waiting(path, "a.png"), SECONDS)
    wait_until(lambda: session.intake.failed)
    assert failures(session) == {"a.png": "its score is no finite number"}


def test_who_brings_more_than_fits_waits(make_session, judge, tmp_path):
    session = make_session(start=False)
    path = tmp_path / "a.png"
    path.write_bytes(photograph(20))
    for _ in range(QUEUE_SIZE):
        assert session.intake.put(Waiting(path, "a.png"), 0.01)
    assert not session.intake.put(Waiting(path, "a.png"), 0.01)
    assert session.intake.waiting == QUEUE_SIZE


def test_a_file_that_is_too_large_is_refused_while_it_arrives(session, monkeypatch):
    monkeypatch.setattr("memgan_tf.app.photographs.MAX_FILE_BYTES", 10)
    with session.dropped.arriving() as arrival, pytest.raises(ValueError, match="more than 10"):
        arrival.write(b"x" * 11)
    assert MAX_FILE_BYTES > 10
    assert list((session.folder / "photographs").iterdir()) == []
