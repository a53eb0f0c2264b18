import numpy as np
import pytest

from memgan_tf.config import DataConfig
from memgan_tf.data import LabelledImages, load_task
from memgan_tf.evaluation.kinds import (
    count_decisions,
    format_kinds,
    kinds_of,
    measure_kinds,
    summarize_decisions,
)

KINDS = np.array(["good", "good", "crack", "crack", "stain"])
LABELS = np.array([0, 0, 1, 1, 1])
SCORES = np.array([1.0, 3.0, 2.0, 4.0, 0.0])


def named(*names):
    return LabelledImages(np.zeros((len(names), 8, 8, 1), np.uint8), None, list(names))


def test_every_kind_is_measured_against_all_normal_images():
    rows = measure_kinds(KINDS, LABELS, SCORES, threshold=2.5)
    assert [(row["kind"], row["flagged"], row["images"]) for row in rows] == [
        ("good", 1, 2),
        ("crack", 1, 2),
        ("stain", 0, 1),
    ]
    # 2 beats 1 alone, 4 beats both; 0 beats none.
    assert [row.get("auroc") for row in rows] == [None, 0.75, 0.0]


def test_without_normal_images_there_are_shares_alone():
    (row,) = measure_kinds(np.array(["3", "3"]), np.array([1, 1]), np.array([1.0, 9.0]), 5.0)
    assert row == {"kind": "3", "anomaly": True, "images": 2, "flagged": 1}


def test_no_kinds_no_rows():
    assert measure_kinds(None, LABELS, SCORES, 2.5) == []


def test_the_first_line_counts_decisions():
    decisions = count_decisions(LABELS, SCORES, 2.5)
    assert summarize_decisions({"decisions": decisions}) == "found 1 of 3, false alarms 1 of 2"
    only = count_decisions(LABELS[:2], SCORES[:2], 2.5)
    assert summarize_decisions({"decisions": only}) == "false alarms 1 of 2"


def test_kinds_are_a_line_each():
    lines = format_kinds(measure_kinds(KINDS, LABELS, SCORES, 2.5))
    assert lines[0].split() == ["good", "false", "alarms", "1", "of", "2"]
    assert lines[1].split() == ["crack", "found", "1", "of", "2,", "AUROC", "75.00"]


@pytest.mark.parametrize(
    ("layout", "names", "expected"),
    [
        ("mvtec", ("test/good/0.png", "test/big crack/deep/1.png"), ["good", "big crack"]),
        ("flat", ("test/good/0.png",), None),
        ("mvtec", ("0.png",), None),
    ],
)
def test_defects_are_named_by_their_folders(layout, names, expected):
    found = kinds_of(named(*names), DataConfig(dataset="folder:parts", folder_layout=layout))
    assert (found if found is None else found.tolist()) == expected


def test_classes_of_labelled_arrays_are_kinds(tmp_path):
    images = np.random.default_rng(0).integers(0, 256, (12, 8, 8, 1), dtype=np.uint8)
    labels = np.repeat([3, 5, 7], 4)
    np.savez(tmp_path / "s.npz", x_train=images, y_train=labels, x_test=images, y_test=labels)
    data = DataConfig(dataset=f"npz:{tmp_path / 's.npz'}", normal_class=5)
    test = load_task(data, 0).test
    assert kinds_of(test, data).tolist() == [str(label) for label in labels]
    assert test.labels.tolist() == [1] * 4 + [0] * 4 + [1] * 4
    chosen = test.select(np.array([11, 0]))
    assert kinds_of(chosen, data).tolist() == ["7", "3"]
