import json

import numpy as np

from memgan_tf.config import DataConfig
from memgan_tf.data import load_task
from memgan_tf.data.sources import settle
from memgan_tf.evaluation.kinds import (
    count_decisions,
    format_kinds,
    measure_kinds,
    summarize_decisions,
)
from tests import folder_sets

KINDS = np.array(["good", "good", "crack", "crack", "stain"])
LABELS = np.array([0, 0, 1, 1, 1])
SCORES = np.array([1.0, 3.0, 2.0, 4.0, 0.0])


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


def test_a_score_at_the_threshold_raises_no_alarm():
    rows = measure_kinds(KINDS, LABELS, SCORES, threshold=3.0)
    assert [row["flagged"] for row in rows] == [0, 1, 0]
    decisions = count_decisions(LABELS, SCORES, 3.0)
    assert summarize_decisions({"decisions": decisions}) == "found 1 of 3, false alarms 0 of 2"


def test_normal_and_anomalous_images_of_one_name_are_two_kinds():
    names = np.array(["a", "a", "a"])
    rows = measure_kinds(names, np.array([0, 1, 1]), np.array([5.0, 9.0, 1.0]), threshold=4.0)
    found = [(row["anomaly"], row["images"], row["flagged"], row.get("auroc")) for row in rows]
    assert found == [(False, 1, 1, None), (True, 2, 1, 0.5)]


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


def test_names_of_kinds_stay_in_their_line():
    kinds = np.array(["good", "good", "a\nb\udcff", "x" * 250, "\x1b[31mred"])
    rows = measure_kinds(kinds, LABELS, SCORES, 2.5)
    assert {row["kind"] for row in rows} >= {"a\nb\\xff"}
    json.dumps(rows, ensure_ascii=False).encode()  # UTF-8 holds it
    lines = format_kinds(rows)
    assert lines[1].split() == ["\\x1b[31mred", "found", "0", "of", "1,", "AUROC", "0.00"]
    assert lines[2].startswith("  a\\nb\\xff  ")
    assert max(map(len, lines[:3])) < 100  # one long name does not widen the others


def test_classes_of_labelled_arrays_are_kinds(tmp_path):
    images = np.random.default_rng(0).integers(0, 256, (12, 8, 8, 1), dtype=np.uint8)
    labels = np.repeat([3, 5, 7], 4)
    np.savez(tmp_path / "s.npz", x_train=images, y_train=labels, x_test=images, y_test=labels)
    data = DataConfig(dataset=f"npz:{tmp_path / 's.npz'}", normal_class=5)
    test = load_task(data, 0).test
    assert test.kinds.tolist() == labels.tolist()
    assert test.labels.tolist() == [1] * 4 + [0] * 4 + [1] * 4
    assert test.select(np.array([11, 0])).kinds.tolist() == [7, 3]


def test_folders_name_the_kinds_of_defects(tmp_path):
    folder_sets.make_mvtec(tmp_path / "parts", 4, 2, 2, side=32)
    test = load_task(settle(DataConfig(dataset=f"folder:{tmp_path / 'parts'}")), 0).test
    assert sorted(set(test.kinds)) == ["good", "patch", "scratch"]
    assert ((test.kinds == "good") == (test.labels == 0)).all()
