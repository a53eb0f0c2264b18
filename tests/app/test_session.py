import dataclasses
import json
import math
import os
import threading

import pytest

from memgan_tf.app.decisions import Decisions
from memgan_tf.app.images import Images, ScoredImage, last_part
from memgan_tf.app.photographs import Waiting, id_of
from tests.app.conftest import SECONDS, add, failures, photograph, wait_until


def test_photographs_are_scored_in_order_and_again_after_a_restart(make_session):
    session = make_session()
    keys = add(session, [10, 120, 30])
    assert [image.id for image in session.images] == keys
    assert [round(i.anomaly_score) for i in session.images] == [10, 120, 30]
    assert [session.is_alarm(i) for i in session.images] == [False, True, False]
    # (1 + 91 of 1 … 100 that are at least 10) / 101, and nothing is above 120
    assert [session.p_value(i) for i in session.images][1] == 1 / 101
    at = dataclasses.replace(session.images[1], anomaly_score=session.threshold)
    above = dataclasses.replace(at, anomaly_score=math.nextafter(session.threshold, math.inf))
    assert [session.is_alarm(i) for i in (at, above)] == [False, True]
    session.decide(keys[1], "defect")
    again = make_session()
    assert [image.id for image in again.images] == keys
    assert again.decisions.of(keys[1]).decision == "defect"
    assert again.pictures.photograph(again.images[1]) == session.pictures.photograph(
        again.images[1]
    )


def test_two_sessions_of_a_folder_see_each_others_images_and_decisions(make_session):
    first, second = make_session(), make_session()
    (key,) = add(first, [20])
    before = second.refresh()
    assert second.images.get(key).name == "20.png"
    second.decide(key, "good", who="ben")
    first.refresh()
    assert first.decisions.of(key).who == "ben"
    assert second.refresh() != before


def test_a_file_that_changed_since_is_not_shown_under_the_old_score(session):
    path = session.folder / "a.png"
    path.write_bytes(photograph(20))
    session.intake.put(Waiting(path, "a.png"), SECONDS)
    wait_until(lambda: len(session.images))
    path.write_bytes(photograph(200))
    with pytest.raises(ValueError, match="has changed since it was scored"):
        session.pictures.map(session.images[0], False)
    path.unlink()
    with pytest.raises(ValueError, match="No such file"):
        session.pictures.map(session.images[0], False)


def test_a_folder_is_watched(make_session, tmp_path):
    watched = tmp_path / "watched"
    (watched / "line 1").mkdir(parents=True)
    (watched / "line 1" / "a.png").write_bytes(photograph(20))
    (watched / "notes.txt").write_text("no image")
    (watched / ".hidden.png").write_bytes(photograph(30))
    session = make_session(watched)
    wait_until(lambda: len(session.images) == 1)
    assert session.images[0].name == "line 1/a.png"
    # A camera that is still writing: nothing is taken until two looks agree.
    (watched / "b.png").write_bytes(photograph(40)[:50])
    session.watch.stop()
    (watched / "b.png").write_bytes(photograph(40))
    session.watch._stop.clear()
    session.watch.look()
    session.watch.look()
    wait_until(lambda: len(session.images) == 2)
    assert failures(session) == {}


def test_the_sessions_own_folder_inside_the_watched_one_is_left_alone(make_session, tmp_path):
    session = make_session(tmp_path)
    add(session, [20])
    (tmp_path / "inspection" / "export").mkdir()
    (tmp_path / "inspection" / "export" / "x.png").write_bytes(photograph(77))
    (tmp_path / "new.png").write_bytes(photograph(40))
    wait_until(lambda: len(session.images) == 2)
    assert session.images[1].name == "new.png"


def test_a_watched_folder_that_goes_is_said(make_session, tmp_path):
    (tmp_path / "watched").mkdir()
    session = make_session(tmp_path / "watched", start=False)
    (tmp_path / "watched").rmdir()
    session.watch.look()
    assert "cannot be read: " in session.watch.error


def test_filters(session):
    keys = add(session, [10, 120, 30, 130])
    session.decide(keys[0], "good")
    session.decide(keys[1], "defect")
    session.decide(keys[2], "good")
    session.decide(keys[2], "withdrawn")
    found = {name: [i.id for i in session.filtered(name)] for name in ("alarms", "undecided")}
    assert found == {"alarms": [keys[1], keys[3]], "undecided": [keys[2], keys[3]]}
    assert [i.id for i in session.filtered("good")] == [keys[0]]
    assert [i.id for i in session.filtered("defect")] == [keys[1]]
    with pytest.raises(ValueError, match="`filter` must be"):
        session.filtered("bad")


def test_decisions_on_what_is_not_there_are_refused(session):
    (key,) = add(session, [10])
    for bad in (("0" * 32, "good", "ana"), (key, "great", "ana"), (key, "good", "x" * 81)):
        with pytest.raises(ValueError, match="must"):
            session.decide(*bad)
    assert not session.decisions.path.exists()


def test_many_threads_decide_at_once(session):
    keys = add(session, range(10, 22))
    threads = [threading.Thread(target=session.decide, args=(key, "good")) for key in keys]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {d.image for d in Decisions(session.folder).standing()} == set(keys)


def test_the_export_is_an_mvtec_folder_of_what_was_confirmed(session):
    with pytest.raises(ValueError, match="No image is confirmed as a defect yet"):
        session.export()
    keys = add(session, range(10, 40))
    for key in keys[:25]:
        session.decide(key, "good")
    for key in keys[25:28]:
        session.decide(key, "defect")
    gone = session.images.get(keys[27])
    os.unlink(gone.path)
    made = session.export()
    assert made.num_defects == 2
    assert made.num_train + made.num_good == 25
    assert made.num_good > 0
    assert made.left_out == [("37.png", "No such file or directory")]
    files = sorted(made.path.rglob("*.png"))
    assert {str(f.parent.relative_to(made.path)) for f in files} == {
        "train/good",
        "test/good",
        "test/defect",
    }
    assert {id_of(f.read_bytes()) for f in files} == set(keys[:27])
    assert session.export().path != made.path


def test_a_hostile_name_names_no_other_file(session):
    content = photograph(99)
    with session.dropped.arriving() as arrival:
        arrival.write(content)
        path = arrival.keep()
    name = '../../<img src=x onerror="alert(1)">\n\u202egnp.png'
    session.intake.put(Waiting(path, name, True), SECONDS)
    wait_until(lambda: len(session.images))
    session.decide(id_of(content), "defect")
    made = session.export()
    (file,) = made.path.rglob("*.png")
    assert file.parent == made.path / "test" / "defect"
    assert file.name.isascii()
    assert "/" not in file.stem


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("a.png", "a.png"),
        ("../../etc/passwd", "passwd"),
        ("C:\\photos\\a.png", "a.png"),
        ("/", "unnamed"),
        ("", "unnamed"),
        ("x" * 900, "x" * 255),
    ],
)
def test_a_name_that_a_browser_sends_is_no_path(name, expected):
    assert last_part(name) == expected


def test_damaged_lines_of_images_are_passed_over(tmp_path):
    image = ScoredImage("0" * 32, "\udcff.png", "/a", (8, 8), 1.0, 0.5, 2.0, "t")
    lines = [image.to_line(), "{", "[]", "null", image.to_line().replace("1.0", '"x"')]
    lines += [json.dumps({**json.loads(image.to_line()), "id": "../x"}), "[" * 10_000]
    (tmp_path / "images.jsonl").write_text("\n".join(lines) + "\n")
    assert list(Images(tmp_path)) == [image]


@pytest.mark.parametrize("name", ["photographs", "thumbnails", "decisions.csv", "images.jsonl"])
def test_nothing_leads_out_of_the_folder(name, make_session, tmp_path):
    victim = tmp_path / "elsewhere"
    victim.mkdir()
    (victim / ".tmp-mine").write_text("mine")
    (tmp_path / "inspection").mkdir()
    (tmp_path / "inspection" / name).symlink_to(victim)
    with pytest.raises(ValueError, match="`decisions` must name a folder without links"):
        make_session()
    assert [path.name for path in victim.iterdir()] == [".tmp-mine"]
    (tmp_path / "inspection" / name).unlink()
    make_session(start=False)
