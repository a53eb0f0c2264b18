"""Decoded folders are made once, whole or not at all."""

import dataclasses
import os
import pathlib
import shutil
import subprocess
import sys

import pytest

from memgan_tf.data import sources
from memgan_tf.data.folders import store as folder_store
from tests import folder_sets
from tests.data.folder_files import SIDE, config, fill, index, load, put


def test_decoded_once(tmp_path, cache, monkeypatch):
    root = fill(tmp_path / "set", "1.png", "2.png")
    first = index(root)
    monkeypatch.setattr(folder_store, "decode", None)
    assert index(root) == first
    assert [path.name for path in cache.iterdir()] == [pathlib.Path(first["cache"]).name]


@pytest.mark.parametrize("change", ["file", "size", "fit", "more", "damage", "none"])
def test_what_makes_an_entry_anew(change, tmp_path, cache):
    root, options = fill(tmp_path / "set", "1.png", "2.png"), {"image_fit": "crop"}
    before = index(root, **options)
    if change == "file":
        put(root / "1.png", 99, (30, 30))
    elif change == "more":
        put(root / "3.png")
    elif change == "damage":
        pixels = pathlib.Path(before["cache"]) / folder_store.PIXELS_FILE
        pixels.write_bytes(pixels.read_bytes()[:-1])
    elif change == "fit":
        options["image_fit"] = "stretch"
    size = {"image_size": 20} if change == "size" else {}
    after = sources.find_index(dataclasses.replace(config(root, **options), **size))
    assert (after["cache"] == before["cache"]) == (change in ("damage", "none"))
    assert (after["content"] == before["content"]) == (change not in ("file", "more"))
    assert len(load(root)) == 2 + (change == "more")


def test_masks_and_the_depth_make_an_entry_anew(tmp_path, cache):
    root, image, mask = fill(tmp_path / "set", "1.png"), *map(pathlib.PurePath, ("1.png", "m.png"))
    put(root / mask, 0)

    def entry(bit_depth=None):
        masks = {image: (mask,)}
        path, found = folder_store.stored(root, [image], masks, (8, 8), "stretch", bit_depth)
        (record,) = found["files"]
        return path, record["is_marked"]

    first, is_marked = entry()
    assert entry() == (first, is_marked) == (first, False)
    put(root / mask, 255)
    second, is_marked = entry()
    assert second != first
    assert is_marked
    assert entry(12)[0] not in (first, second)


@pytest.mark.parametrize("way", ["in place", "renamed"])
def test_files_replaced_by_others_of_the_same_size_and_time(way, tmp_path):
    root = fill(tmp_path / "set", "1.bmp", "2.bmp")
    before, status = index(root), (root / "1.bmp").stat()
    other = fill(tmp_path / "other", "0.bmp", "1.bmp") / "0.bmp"
    put(other, 200)
    if way == "in place":
        (root / "1.bmp").write_bytes(other.read_bytes())
    else:
        other.replace(root / "1.bmp")
    os.utime(root / "1.bmp", ns=(status.st_atime_ns, status.st_mtime_ns))
    after = (root / "1.bmp").stat()
    assert (after.st_size, after.st_mtime_ns) == (status.st_size, status.st_mtime_ns)
    assert load(root).images[0, SIDE // 2, SIDE // 2].tolist() == [200]
    assert index(root)["content"] != before["content"]


def test_two_processes_may_decode_at_once(tmp_path, cache):
    root = folder_sets.make_normals(tmp_path / "set", 12, side=32)
    program = (
        "import sys; from memgan_tf.config import DataConfig; from memgan_tf.data import sources;"
        f"print(sources.find_index(DataConfig(dataset='folder:{root}', folder_layout='flat'))"
        "['content'])"
    )
    both = [
        subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    answers = [process.communicate(timeout=120)[0] for process in both]
    assert answers[0] == answers[1] != ""
    assert len(list(cache.iterdir())) == 1


def test_losing_the_race_uses_the_winners_entry(tmp_path, monkeypatch, cache):
    root = fill(tmp_path / "set", "1.png", "2.png")
    rename = os.rename

    def win_first(source, target):
        shutil.copytree(source, target)
        rename(source, target)

    monkeypatch.setattr(os, "rename", win_first)
    assert index(root)["num_images"] == 2
    assert len(list(cache.iterdir())) == 1


def test_a_cache_without_access_is_named(tmp_path, cache, monkeypatch):
    def refuse(path):
        raise PermissionError(13, "Permission denied", str(path))

    root = fill(tmp_path / "set", "1.png", "2.png")
    monkeypatch.setattr(folder_store.pathlib.Path, "exists", refuse)
    with pytest.raises(OSError, match=f"{cache} cannot be written.*MEMGAN_CACHE_DIR"):
        folder_store.stored(root, [pathlib.PurePath("1.png")], {}, (8, 8), "pad")


def test_a_full_cache_is_named_and_left_clean(tmp_path, cache, monkeypatch):
    def fill_up(*_):
        raise OSError(28, "No space left on device")

    root = fill(tmp_path / "set", "1.png", "2.png")
    monkeypatch.setattr(folder_store.copies, "signature", fill_up)
    with pytest.raises(OSError, match=f"{cache} cannot be written: No space.*MEMGAN_CACHE_DIR"):
        index(root)
    assert list(cache.iterdir()) == []


def test_a_cache_that_cannot_be_written_is_named(tmp_path, monkeypatch):
    root = fill(tmp_path / "set", "1.png", "2.png")
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("MEMGAN_CACHE_DIR", str(tmp_path / "file" / "cache"))
    with pytest.raises(OSError, match="cannot be written.*MEMGAN_CACHE_DIR"):
        index(root)
