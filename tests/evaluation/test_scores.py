import csv

import numpy as np
import pytest

from memgan_tf.evaluation.calibration import Calibration
from memgan_tf.evaluation.scores import write_scores

CALIBRATION = Calibration.of(np.arange(1.0, 20.0), 0.1)  # threshold 18


def rows(path):
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.reader(file))


def test_a_row_an_image(tmp_path):
    scores = np.array([18.0, 18.5], np.float32)
    write_scores(tmp_path / "s.csv", ["a", "b"], np.array([0, 1]), scores, CALIBRATION)
    assert rows(tmp_path / "s.csv") == [
        ["path", "label", "anomaly_score", "p_value", "is_anomaly"],
        ["a", "0", "18", "0.15", "0"],
        ["b", "1", "18.5", "0.1", "1"],
    ]


def test_unknown_labels_are_empty_and_names_survive(tmp_path):
    name = 'a "quoted", name\nwith a line break.png'
    write_scores(tmp_path / "s.csv", [name], None, np.array([1.0], np.float32), CALIBRATION)
    assert rows(tmp_path / "s.csv")[1][:2] == [name, ""]


@pytest.mark.parametrize("name", ["=1+1.png", "+1.png", "-1.png", "@x.png", "\tx.png", "\rx.png"])
def test_no_name_is_a_formula(name, tmp_path):
    write_scores(tmp_path / "s.csv", [name], None, np.array([1.0], np.float32), CALIBRATION)
    # Still a path to the same file.
    assert rows(tmp_path / "s.csv")[1][0] == f"./{name}"


def test_scores_survive_the_file_bit_for_bit(tmp_path):
    scores = np.random.default_rng(0).random(100).astype(np.float32) * 30
    write_scores(tmp_path / "s.csv", ["x"] * 100, None, scores, CALIBRATION)
    read = np.array([row[2] for row in rows(tmp_path / "s.csv")[1:]], np.float32)
    np.testing.assert_array_equal(read, scores)


def test_nothing_half_written_stays(tmp_path):
    scores = np.array([1.0, 2.0], np.float32)
    with pytest.raises(ValueError, match="invalid literal"):
        write_scores(tmp_path / "s.csv", ["x", "y"], ["0", "no label"], scores, CALIBRATION)
    assert list(tmp_path.iterdir()) == []
