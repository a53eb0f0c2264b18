import csv
import dataclasses
import signal
import subprocess
import sys

import numpy as np
import pytest

from memgan_tf.app.decisions import COLUMNS, Decision, Decisions, check_who

# Decides without an end; prints each image that was decided once `add` has returned.
DECIDING = """
import pathlib, sys
from memgan_tf.app.decisions import Decision, Decisions
decisions = Decisions(pathlib.Path(sys.argv[1]))
for number in range(10 ** 6):
    image = f"{number:032x}"
    decisions.add(Decision("2026-01-01", "ana", "a.png", "good", 1.0, 0.5, 2.0, image))
    print(image, flush=True)
"""
HOSTILE = (
    *("=2+3.png", "<script>alert(1)</script>.png", 'a","b\nc\r\nd.png', "\u202egnp.exe"),
    *("a/../../etc/passwd", "\udcff.png", "\x1b[2J.png", "x" * 5000, "", "\u2028", "-1"),
)


def decision(**changes):
    made = Decision(
        "2026-11-27T01:02:03.004+00:00", "ana", "a.png", "good", 1.5, 0.25, 2.0, "0" * 32
    )
    return dataclasses.replace(made, **changes)


def test_the_file_holds_who_when_score_and_threshold(tmp_path):
    Decisions(tmp_path).add(decision(anomaly_score=2.5, decision="defect"))
    with (tmp_path / "decisions.csv").open(newline="") as file:
        (row,) = csv.DictReader(file)
    assert row == {
        "time": "2026-11-27T01:02:03.004+00:00",
        "who": "ana",
        "file": "a.png",
        "decision": "defect",
        "anomaly_score": "2.5",
        "p_value": "0.25",
        "threshold": "2.0",
        "is_anomaly": "1",
        "image": "0" * 32,
    }


def test_a_score_at_the_threshold_stays_there(tmp_path):
    score = float(np.float32(1.53847384))
    decisions = Decisions(tmp_path)
    decisions.add(decision(anomaly_score=score, threshold=score))
    (found,) = Decisions(tmp_path).standing()
    assert found.anomaly_score == found.threshold == score
    above = dataclasses.replace(found, anomaly_score=float(np.nextafter(score, 2.0)))
    flags = [row.to_line().split(",")[COLUMNS.index("is_anomaly")] for row in (found, above)]
    assert flags == ["0", "1"]


def test_the_latest_decision_counts_and_can_be_withdrawn(tmp_path):
    decisions, other = Decisions(tmp_path), Decisions(tmp_path)
    decisions.add(decision())
    other.add(decision(decision="defect"))
    decisions.refresh()
    assert decisions.of("0" * 32).decision == "defect"
    decisions.add(decision(decision="withdrawn"))
    other.refresh()
    assert other.of("0" * 32) is None
    assert other.standing() == []
    assert other.count == 3, "nothing is removed from the file"


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_stay_one_cell_that_computes_nothing(tmp_path, name):
    decisions = Decisions(tmp_path)
    decisions.add(decision(file=name, who=name or "ana"))
    assert decisions.damaged == []
    assert decisions.of("0" * 32).decision == "good"
    lines = decisions.path.read_text().splitlines()
    assert len(lines) == 2
    (cells,) = csv.reader(lines[1:])
    assert len(cells) == len(COLUMNS)
    assert not cells[2].startswith(("=", "+", "-", "@"))
    assert cells[2].isprintable()


def test_rows_that_somebody_damaged_are_named_and_do_not_count(tmp_path):
    Decisions(tmp_path).add(decision())
    with (tmp_path / "decisions.csv").open("a") as file:
        file.write("nonsense\n")
        file.write(decision(decision="good").to_line().replace("good", "great") + "\n")
        file.write(decision(image="1" * 32).to_line().replace("1.5", "nan") + "\n")
    found = Decisions(tmp_path)
    assert [d.image for d in found.standing()] == ["0" * 32]
    assert [row.partition(":")[0] for row in found.damaged] == ["row 2", "row 3", "row 4"]


def test_kill_minus_nine_loses_nothing_that_was_acknowledged(tmp_path):
    """Whenever the kill comes: here after some decisions, in the middle of the next."""
    command = [sys.executable, "-c", DECIDING, tmp_path]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        acknowledged = [process.stdout.readline().strip() for _ in range(25)]
        process.send_signal(signal.SIGKILL)
        acknowledged += [line.strip() for line in process.stdout if line.endswith("\n")]
    assert process.returncode == -signal.SIGKILL
    found = Decisions(tmp_path)
    assert found.damaged == []
    images = {d.image for d in found.standing()}
    assert images >= set(acknowledged)
    assert len(images) <= len(acknowledged) + 1, "at most the one in the middle"
    found.add(decision(image="f" * 32))
    assert Decisions(tmp_path).of("f" * 32) is not None


@pytest.mark.parametrize("who", ["", "  ", "\u200d\u2060", "a\x07b", "\udcff", "a" * 81])
def test_a_name_that_nobody_can_read_is_refused(who):
    with pytest.raises(ValueError, match="`who`, the name of the inspector, must have 1 to 80"):
        check_who(who)


def test_hidden_characters_make_no_second_inspector():
    assert check_who("a\u200dna\ufe0f") == check_who(" ana") == "ana"
