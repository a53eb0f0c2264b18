"""Lists of images: CSV and JSON Lines."""

import json

import numpy as np
import pytest

from memgan_tf.config import DataConfig
from memgan_tf.data import load_task, sources
from tests.data.folder_files import SIDE, put

IMAGES = {f"photos/{i}.png": 10 * i for i in range(8)} | {"photos/bad.png": 200, "m/bad.png": 255}


@pytest.fixture
def place(tmp_path):
    for name, value in IMAGES.items():
        put(tmp_path / name, value)
    return tmp_path


def write(place, text, name="parts.csv"):
    (place / name).parent.mkdir(exist_ok=True)
    (place / name).write_bytes(text.encode("utf-8", "surrogateescape"))
    return DataConfig(dataset=f"list:{place / name}", image_size=SIDE)


def rows(separator=",", **extra):
    lines = [("photos/0.png", "good", "", "test"), ("photos/bad.png", "dent", "m/bad.png", "test")]
    lines += [(f"photos/{i}.png", "good", "", "train") for i in range(1, 8)]
    return "\n".join(separator.join(line) for line in [("path", "label", "mask", "split"), *lines])


def json_lines(text):
    head, *lines = (line.split(",") for line in text.splitlines())
    return "\n".join(json.dumps(dict(zip(head, line, strict=True))) for line in lines)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        (rows(), "parts.csv"),
        (rows(";"), "parts.csv"),
        (rows("\t"), "parts.tsv"),
        (rows().replace("path,label", "Image,Label"), "parts.csv"),
        (rows().replace("good", "0").replace("dent", "1"), "parts.csv"),
        (rows().replace("good", "0.0").replace("dent", "1.0"), "parts.csv"),
        (rows().replace("photos/", "photos\\"), "parts.csv"),
        (json_lines(rows()), "parts.jsonl"),
        (rows(), "lists/parts.csv"),  # relative to the folder above
    ],
)
def test_a_list_says_what_each_image_is(text, name, place):
    data = write(place, text, name)
    train, test = sources.load(data, "train"), sources.load(data, "test")
    assert train.names == [f"photos/{i}.png" for i in range(1, 8)]
    assert dict(zip(test.names, test.labels, strict=True)) == {
        "photos/0.png": 0,
        "photos/bad.png": 1,
    }
    assert test.masks.any(axis=(1, 2)).tolist() == [False, True]
    assert sources.find_index(data)["layout"] == "list"
    settled = sources.settle(data)
    assert (settled.folder_layout, settled.image_channels) == (None, 1)
    assert sources.directory_name(data.dataset) == "list_parts"


def test_paths_alone_are_normal_images(place):
    data = write(place, "path\n" + "\n".join(f"photos/{i}.png" for i in range(5)))
    assert len(sources.load(data, "train")) == 5
    assert sources.load(data, "test") is None


def test_without_splits_a_quarter_of_the_normal_ones_tests(place):
    lines = [f"photos/{i}.png,good" for i in range(8)] + ["photos/bad.png,dent"]
    data = write(place, "path,label\n" + "\n".join(lines))
    assert len(sources.load(data, "train")) == 6
    assert sorted(sources.load(data, "test").labels.tolist()) == [0, 0, 1]


def test_classes(place):
    lines = [f"photos/{i}.png,{'ab'[i % 2]},{'train' if i < 6 else 'test'}" for i in range(8)]
    data = write(place, "path,label,split\n" + "\n".join(lines))
    task = load_task(DataConfig(dataset=data.dataset, image_size=SIDE, normal_class="b"), 0)
    assert sorted([*task.train.names, *task.validation.names]) == [
        f"photos/{i}.png" for i in (1, 3, 5)
    ]
    assert dict(zip(task.test.names, task.test.labels, strict=True)) == {
        "photos/6.png": 1,
        "photos/7.png": 0,
    }


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "names no image"),
        ("name\nphotos/0.png", "line 2: an image's path is missing"),
        ("path,split\nphotos/0.png,trian", "line 2: `split` must be train or test.*'trian'"),
        ("path,label\nphotos/0.png,a\nphotos/0.png,b", "line 3: photos/0.png appears twice"),
        ('{"path": "photos/0.png"}\n{"path": ', "line 2 is not JSON"),
        ('{"path": "photos/0.png"}\n{"label": 1}', "line 2: an image's path is missing"),
        ("path,object\nphotos/0.png,a\nphotos/1.png,b", "has 2: a, b.*--dataset=folder:"),
        ("path,label\nphotos/0.png,dent\nphotos/bad.png,dent", "no normal .* Received: dent"),
        ('{"path": "photos/0.png"}\n{"path": "a\\u0000.png"}', "line 2: `path` must be text"),
        ('{"path": "photos/0.png"}\n{"path": "a", "mask": ["\\ud800"]}', "line 2: `mask` must"),
        ("path\nphotos/\udcff.png", "Save it as UTF-8"),
    ],
)
def test_unclear_lists(text, message, place):
    with pytest.raises(ValueError, match=message):
        sources.settle(write(place, text))


def test_what_cannot_be_used_is_listed(place):
    lines = "photos/bad.png,dent,train\nphotos/missing.png,good,train\nphotos/1.png,,train"
    data = write(
        place,
        "path,label,split\n"
        + "\n".join([*(f"photos/{i}.png,good,train" for i in range(2, 6)), *lines.splitlines()]),
    )
    found = {f["path"]: f["reason"] for f in sources.find_index(data)["left_out"]}
    assert found == {
        "photos/bad.png": "anomalous, but the list has it in train",
        "photos/missing.png": "No such file or directory",
        "photos/1.png": "the list gives it no label",
    }


@pytest.mark.parametrize(
    ("name", "reason"), [("a\u2028\x85b.png", None), ("x" * 300 + ".png", "File name too long")]
)
def test_unusual_names(name, reason, place):
    if reason is None:
        put(place / name)
    found = [{"path": f"photos/{i}.png"} for i in range(4)] + [{"path": name}]
    lines = "\n".join(json.dumps(row, ensure_ascii=False) for row in found)
    index = sources.find_index(write(place, lines, "parts.jsonl"))
    assert [f["reason"] for f in index["left_out"]] == ([] if reason is None else [reason])
    assert index["num_images"] == 4 + (reason is None)


def test_a_list_has_no_layout(place):
    with pytest.raises(ValueError, match="`folder_layout` must be left out of a list"):
        DataConfig(dataset=f"list:{place}/a.csv", folder_layout="flat")
    with pytest.raises(ValueError, match="must name a list of images"):
        sources.load(DataConfig(dataset=f"list:{place}/none.csv"), "train")


@pytest.mark.parametrize("kind", ["folder", "npz", "list"])
def test_data_is_found_from_anywhere_and_where_it_moved(kind, place, monkeypatch, pixels):
    name = {"folder": "photos", "npz": "set.npz", "list": "parts.csv"}[kind]
    np.savez(place / "set.npz", x_train=pixels(5))
    (place / "photos" / "bad.png").unlink()
    write(place, "path\n" + "\n".join(f"{place}/photos/{i}.png" for i in range(8)))
    monkeypatch.chdir(place)
    settled = sources.settle(DataConfig(dataset=f"{kind}:{name}"))
    expected = sources.image_shape(settled)
    (place / "elsewhere").mkdir()
    monkeypatch.chdir(place / "elsewhere")
    assert sources.image_shape(settled) == expected
    (place / name).rename(place / "elsewhere" / "new")
    with pytest.raises(ValueError, match="`dataset`"):
        sources.image_shape(settled)
    again = sources.settle(DataConfig(dataset=f"{kind}:{name}", data_dir="new"))
    assert sources.image_shape(again) == expected
    assert again.data_dir == str(place / "elsewhere" / "new")
    with pytest.raises(ValueError, match="`data_dir` must be or hold the f"):
        sources.settle(DataConfig(dataset=f"{kind}:{name}", data_dir="nowhere"))
