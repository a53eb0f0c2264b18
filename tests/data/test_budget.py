"""The memory of decoding, over threads."""

import os
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from PIL import Image

from memgan_tf.data import image_files
from memgan_tf.data.budget import Budget, budget_bytes
from tests.malformed_files import encoded, picture

MIB = 2**20


@pytest.fixture
def small(monkeypatch):
    monkeypatch.setenv("MEMGAN_DECODE_MIB", "64")
    assert budget_bytes() == 64 * MIB


def test_threads_never_hold_more_than_there_is(small):
    budget, lock = Budget(), threading.Lock()
    held, most = [0], []

    def work(size):
        with budget.scope():
            budget.take(size * MIB)
            with lock:
                held[0] += size
                most.append(held[0])
            with lock:
                held[0] -= size

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, [40, 20, 30, 64, 1, 50] * 20))
    assert max(most) <= 64
    assert len(most) == 120


def test_a_thread_may_take_again_while_others_wait(small):
    budget = Budget()

    def work(_):
        with budget.scope():
            budget.take(40 * MIB)
            budget.take(20 * MIB)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(50)))


def test_what_never_fits_is_refused_with_the_setting(small, tmp_path):
    with pytest.raises(ValueError, match=r"needs 65 MiB .*MEMGAN_DECODE_MIB"):
        Budget().take(65 * MIB)
    path = tmp_path / "a.png"
    path.touch()
    os.truncate(path, 2**40)
    with pytest.raises(ValueError, match="the file needs 1,048,576 MiB"):
        image_files.decode(path)
    Image.new("L", (3000, 3000)).save(path)
    with pytest.raises(ValueError, match="the image needs 103 MiB"):
        image_files.decode(path)


@pytest.mark.parametrize("value", ["much", "1", "-5"])
def test_an_impossible_budget_is_named(value, monkeypatch):
    monkeypatch.setenv("MEMGAN_DECODE_MIB", value)
    with pytest.raises(ValueError, match="`MEMGAN_DECODE_MIB` must be"):
        budget_bytes()


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P"])
def test_strips_composite_as_the_whole_does(mode, monkeypatch, tmp_path):
    image = picture("RGBA", (40, 300))
    image.putalpha(Image.fromarray(np.arange(12000, dtype=np.uint8).reshape(300, 40)))
    image = image.convert(mode) if mode != "P" else picture("P", (40, 300))
    image.save(tmp_path / "a.png", **({"transparency": 3} if mode == "P" else {}))
    with Image.open(tmp_path / "a.png") as read:
        whole = Image.new("RGBA", read.size, image_files.BACKGROUND)
        expected = Image.alpha_composite(whole, read.convert("RGBA")).convert("RGB")
    found = image_files.decode(tmp_path / "a.png").image
    np.testing.assert_array_equal(np.asarray(found), np.asarray(expected))


def test_a_stated_size_is_that_of_the_header():
    for kind in ("PNG", "JPEG", "BMP"):
        assert image_files.stated_size(encoded(kind, (24, 20))) == (20, 24)
    with pytest.raises(ValueError, match="not one of PNG"):
        image_files.stated_size(b"x" * 100)
