from memgan_tf.report import data_index
from memgan_tf.report.data_index import describe_index, index_warnings

INDEX = {
    "folder": "parts",
    "layout": "mvtec",
    "image_size": 64,
    "image_fit": "pad",
    "counts": [
        {"split": "test", "class": "scratch", "images": 4},
        {"split": "train", "class": None, "images": 9},
    ],
    "smallest": [30, 20],
    "largest": [100, 90],
    "num_masks": 4,
    "left_out": [{"path": "train/a.png", "reason": "not an image"}],
    "unusable_masks": [],
    "duplicates": [{"split": "train", "paths": ["b.png", "c.png"]}],
    "leaks": [{"train": ["d.png"], "test": ["e.png"]}],
}


def test_facts_and_lists_by_hand():
    described = describe_index(INDEX)
    facts = dict(described["facts"])
    assert facts["Images: test, scratch"] == 4
    assert facts["Images: train"] == 9
    assert facts["Sizes (width × height)"] == "30×20 to 100×90"
    assert facts["Files left out"] == 1
    rows = {found["title"]: found["rows"] for found in described["lists"]}
    assert rows == {
        "Files left out": ["train/a.png: not an image"],
        "Groups of images with the same pixels, within a split": ["train: b.png, c.png"],
        "Images that are in train and in test": ["d.png = e.png"],
    }


def test_names_outside_utf_8_are_escaped():
    counts = [{"split": "test", "class": "a\udcff", "images": 4}]
    assert ("Images: test, a\\xff", 4) in describe_index({**INDEX, "counts": counts})["facts"]


def test_notes_and_near_copies_are_listed():
    near = [{"splits": ["test", "train"], "paths": ["a.png", "b.png"]}]
    described = describe_index({**INDEX, "near_duplicates": near, "notes": ["split by a table"]})
    rows = {found["title"]: found["rows"] for found in described["lists"]}
    assert rows["Groups of nearly equal images"] == ["a.png, b.png"]
    assert rows["How the folder was read"] == ["split by a table"]


def test_long_lists_are_cut_and_counted(monkeypatch):
    monkeypatch.setattr(data_index, "MAX_ROWS", 2)
    many = {**INDEX, "left_out": [{"path": str(i), "reason": "x"} for i in range(5)]}
    (found,) = [f for f in describe_index(many)["lists"] if f["title"] == "Files left out"]
    assert (found["rows"], found["more"]) == (["0: x", "1: x"], 3)


def test_what_spoils_the_figures_is_a_warning():
    warnings = index_warnings(INDEX)
    assert "in train and in test: 1" in warnings[0]
    assert "Files left out: 1" in warnings[1]
    clean = {**INDEX, "leaks": [], "left_out": [], "duplicates": []}
    assert index_warnings(clean) == []
    near = [{"splits": ["test", "train"], "paths": ["a.png", "b.png"]}]
    near += [{"splits": ["train"], "paths": ["c.png", "d.png"]}]
    assert "in train and in test: 1" in index_warnings({**clean, "near_duplicates": near})[0]
    spoilt = {**clean, "unusable_masks": [{"path": "m.png", "reason": "x"}]}
    assert "no pixel metrics" in index_warnings(spoilt)[0]


def test_other_data_has_no_index():
    assert describe_index(None) is None
    assert index_warnings(None) == []
