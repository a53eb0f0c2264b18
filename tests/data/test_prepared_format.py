"""What a prepared set may say about itself."""

import json
import sys

import numpy as np
import pytest

from memgan_tf.data import prepared
from tests.reliability import fuzz_prepared, fuzz_runs


def load(folder, name=None, edit=None):
    contents = dict(fuzz_prepared.prepared_files())
    if name is not None:
        values = json.loads(contents[name])
        contents[name] = json.dumps(edit(values) or values).encode()
    place = folder / "odd" / "1.0.0"
    fuzz_runs.write_all(place, contents)
    return prepared.load("odd", place, "train")


def test_an_ordinary_set_is_read(tmp_path):
    found = load(tmp_path)
    assert found.images[np.arange(3)].shape == (3, 20, 24, 1)
    assert found.labels.tolist() == [0, 1, 2]


def label(values):
    return values["featuresDict"]["features"]["label"]


@pytest.mark.parametrize(
    ("name", "edit", "message"),
    [
        (
            "features.json",
            lambda v: label(v).update(pythonClassName="antigravity.Label"),
            "names the class antigravity.Label, which is not allowed",
        ),
        (
            "features.json",
            lambda v: label(v).update(jsonFeature={"json": "{}"}, classLabel=None),
            "of a kind that is not allowed",
        ),
        (
            "features.json",
            lambda v: v.update(type="antigravity.Label"),
            "not in the format of tensorflow",
        ),
        (
            "features.json",
            lambda v: v["featuresDict"]["features"].update({"../x": label(v)}),
            "names a feature",
        ),
        ("dataset_info.json", lambda v: v.update(fileFormat="array_record"), "as tfrecord"),
        (
            "dataset_info.json",
            lambda v: v["splits"][0].update(filepathTemplate="{DATASET:>9999999999}"),
            "names files",
        ),
        (
            "dataset_info.json",
            lambda v: v["splits"][0].update(filepathTemplate="../../../x"),
            "names files",
        ),
        ("dataset_info.json", lambda v: v["splits"].pop(0) and None, "has no split train"),
    ],
)
def test_what_no_image_set_needs_is_refused(name, edit, message, tmp_path):
    with pytest.raises(ValueError, match=message):
        load(tmp_path, name, edit)
    assert "antigravity" not in sys.modules


@pytest.mark.parametrize("name", ["/etc", "../x", "a/../../b"])
def test_a_name_is_no_path(name, tmp_path):
    with pytest.raises(ValueError, match="must be a name, not a path"):
        prepared.find_directory(name, str(tmp_path))
