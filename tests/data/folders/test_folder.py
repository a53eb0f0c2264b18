"""Folders of images: layouts, the verified index, the cache."""

import json
import os
import pathlib
import shutil

import pytest

from memgan_tf.data import load_task, sources
from memgan_tf.data.folders import index as folder_index
from memgan_tf.data.folders.walk import shown, walk
from tests import folder_sets
from tests.data.folder_files import SIDE, config, fill, index, load, put
from tests.malformed_files import make_malformed


def test_mvtec(mvtec):
    train, test = load(mvtec), load(mvtec, "test")
    assert train.names == [f"train/good/{i:03d}.png" for i in range(6)]
    assert (train.labels, train.masks) == (None, None)
    names = [f"test/{kind}" for kind in ("good/000.png", "good/001.png", "good/002.png")]
    names += [f"test/{kind}/00{i}.png" for kind in ("patch", "scratch") for i in (0, 1)]
    assert test.names == names
    assert test.labels.tolist() == [0, 0, 0, 1, 1, 1, 1]
    assert test.images.shape == (7, SIDE, SIDE, 3)


def test_classes_with_splits(tmp_path):
    root = folder_sets.make_classes(tmp_path / "set", 4, 2, side=16)
    task = load_task(config(root, normal_class="temple"), 0)
    names = [*task.train.names, *task.validation.names]
    assert sorted(names) == [f"train/temple/00{i}.png" for i in range(4)]
    assert dict(zip(task.test.names, task.test.labels, strict=True)) == {
        "test/flower/000.png": 1,
        "test/flower/001.png": 1,
        "test/temple/000.png": 0,
        "test/temple/001.png": 0,
    }


def test_classes_alone_keep_a_quarter_of_the_normal_one_for_the_test(tmp_path):
    root = fill(tmp_path / "set", *[f"7/{i}.png" for i in range(8)], "8/a.png", "8/b/c.png")
    put(root / "7" / "copy of 0.png", 0)
    task = load_task(config(root, normal_class=7), 0)
    assert set(task.test.names) >= {"8/a.png", "8/b/c.png"}
    normal = [n for n, label in zip(task.test.names, task.test.labels, strict=True) if label == 0]
    # Two of eight different pictures; equal ones stay on one side.
    assert len(normal) == 2 + ("7/0.png" in normal)
    assert ("7/0.png" in normal) == ("7/copy of 0.png" in normal)
    assert index(root, normal_class="7")["leaks"] == []


def test_a_flat_folder_is_all_normal(tmp_path):
    root = fill(tmp_path / "set", *[f"a/b/{i}.png" for i in range(4)])
    assert index(root)["layout"] == "flat"
    assert len(load(root)) == 4
    assert load(root, "test") is None
    assert load_task(config(root), 0).test is None


@pytest.mark.parametrize(
    ("names", "options", "message"),
    [
        (("a/1.png", "b/1.png"), {}, "a, b may be classes or merely places.*=flat"),
        (("a/1.png", "1.png"), {}, "`folder_layout` must be given"),
        (("train/good/1.png", "train/a/1.png", "ground_truth/a/1.png"), {}, "=mvtec, for classes"),
        (("train/a/1.png", "train/b/1.png"), {}, "`normal_class` must be given.*one of a, b"),
        (("a/1.png", "b/1.png"), {"normal_class": "c"}, "one of a, b. Received: .*='c'"),
        (("1.png", "2.png"), {"normal_class": "c"}, "there is none"),
        (("train/good/1.png",), {"normal_class": "good"}, "left out of a folder of the layout mv"),
        (("1.txt",), {}, "must be a folder with images .*has none"),
        (("train/a/1.png", "test/b/1.png"), {"normal_class": "b"}, "must be a class with training"),
    ],
)
def test_unclear_folders(names, options, message, tmp_path):
    for name in names:
        put((tmp_path / "set" / name).with_suffix(".png"))
        if name.endswith(".txt"):
            (tmp_path / "set" / "1.png").rename(tmp_path / "set" / name)
    with pytest.raises(ValueError, match=message):
        index(tmp_path / "set", **options)


def test_a_stated_layout_wins(tmp_path):
    root = fill(tmp_path / "set", "train/good/1.png", "train/good/2.png", "test/bad/1.png")
    assert index(root)["layout"] == "mvtec"
    assert len(load(root, folder_layout="flat")) == 3
    assert config(root, folder_layout="auto") == config(root)


def test_no_such_folder(tmp_path):
    with pytest.raises(ValueError, match="`dataset` must name an existing folder"):
        index(tmp_path / "nowhere")


def test_no_readable_normal_image_is_a_line(tmp_path):
    root = fill(tmp_path / "set", "train/good/1.png", "test/good/1.png", "test/bad/1.png")
    (root / "train" / "good" / "1.png").write_bytes(b"no image")
    message = "no readable normal image to train on; 1 file is left out: train/good/1.png"
    with pytest.raises(ValueError, match=message):
        sources.settle(config(root))


def test_a_test_split_needs_both_kinds(tmp_path):
    root = fill(tmp_path / "set", "train/good/1.png", "train/good/2.png", "test/good/1.png")
    assert load(root, "test") is None
    put(root / "test" / "bad" / "1.png")
    assert load(root, "test").labels.tolist() == [1, 0]


def test_every_unusable_file_is_listed_with_its_reason(tmp_path, monkeypatch):
    root = tmp_path / "set"
    expected = make_malformed(root / "in")
    assert len(expected) == 30
    for number in range(3):
        put(root / "in" / f"good {number}.png", number)
    (root / "notes.txt").write_text("not an image")
    found = index(root)
    reasons = {pathlib.PurePath(f["path"]).name: f["reason"] for f in found["left_out"]}
    assert found["num_images"] == 3
    assert found["num_left_out"] == len(reasons) == 31
    assert reasons.pop("notes.txt") == "not an image by its name"
    for name, reason in expected.items():
        assert reason in reasons[name], name
    lines = folder_index.summarize(found)
    start = lines.index("31 files left out:")
    assert len(lines[start + 1 :]) == 11
    assert lines[-1] == "  … and 21 more"


def test_odd_names_and_links(tmp_path):
    root = tmp_path / "set"
    names = ["a\nb.png", "'quoted\".png", "ünï.png", " .png"]
    fill(root / "in", *names)
    odd = os.fsencode(root / "in") + b"/\xff.PNG"
    shutil.copy(root / "in" / names[0], odd)
    (root / "in" / "loop").symlink_to(root)
    outside = fill(tmp_path / "outside", "linked.png")
    (root / "in" / "other").symlink_to(outside)
    os.mkfifo(root / "in" / "pipe.png")
    found = index(root, folder_layout="flat")
    assert found["num_images"] == 6
    reasons = {f["path"]: f["reason"] for f in found["left_out"]}
    assert reasons == {
        "in/loop": "a link to a folder that is here already",
        "in/pipe.png": "not a regular file",
    }
    names = load(root, folder_layout="flat").names
    assert {"in/\\xff.PNG", "in/a\nb.png"} <= set(names)
    assert shown("a\nb\x1b") == "a\\nb\\x1b"
    json.dumps(found).encode("utf-8")


@pytest.mark.parametrize("name", ["scandir", "stat"])  # not readable; its folder not entered
def test_a_folder_that_may_not_be_read_is_listed(name, tmp_path, monkeypatch):
    root, original = fill(tmp_path / "set", "a/1.png", "a/b/2.png"), getattr(os, name)

    def refuse(path, **options):
        if str(path).endswith("b"):
            raise PermissionError(13, "Permission denied", str(path))
        return original(path, **options)

    monkeypatch.setattr(os, name, refuse)
    found = walk(root)
    monkeypatch.undo()
    assert found.refused == found.others == [(pathlib.PurePath("a/b"), "Permission denied")]
    assert found.images == [pathlib.PurePath("a/1.png")]


def test_duplicates_and_leaks(tmp_path):
    root = tmp_path / "set"
    values = {"train/good/1.png": 5, "train/good/2.bmp": 5, "train/good/3.png": 6}
    values |= {"test/good/1.png": 6, "test/bad/1.png": 7}
    for name, value in values.items():
        put(root / name, value)
    found = index(root)
    assert found["duplicates"] == [
        {"split": "train", "paths": ["train/good/1.png", "train/good/2.bmp"]}
    ]
    assert found["leaks"] == [{"test": ["test/good/1.png"], "train": ["train/good/3.png"]}]
    assert any("1 image is in train and in test" in x for x in folder_index.summarize(found))


def test_a_run_refuses_other_images_than_it_began_with(tmp_path):
    root = fill(tmp_path / "set", "1.png", "2.png")
    folder_index.keep(index(root), tmp_path)
    folder_index.keep(index(root), tmp_path)
    put(root / "3.png")
    with pytest.raises(ValueError, match="was begun with other images"):
        folder_index.keep(index(root), tmp_path)
