import html
import re

import numpy as np

from memgan_tf.app.judges import CONFIRMED
from memgan_tf.app.photographs import Waiting, id_of
from memgan_tf.evaluation.calibration import Calibration
from tests.app.conftest import TOKEN, add, photograph, serving, wait_until


def test_drop_decide_and_see_it_again(page, session):
    content = photograph(120)
    assert page.drop("a.png", content).json() == {"image": id_of(content)}
    wait_until(lambda: page.get("/status").json()["scored"] == 1)
    before = page.get("/status").json()["version"]
    body = {"image": id_of(content), "decision": "defect", "who": "ben"}
    assert page.post("/decide", body).json()["decision"] == "defect"
    assert page.get("/status").json()["version"] != before
    viewer = page.get("/part/viewer", params={"image": id_of(content)}).text
    assert "Anomaly" in viewer
    assert "defect, says <bdi>ben</bdi>" in viewer
    for kind in ("photograph", "thumbnail", "map"):
        answer = page.get(f"/image/{id_of(content)}/{kind}")
        assert answer.headers["Content-Type"] in ("image/png", "image/jpeg")
        assert len(answer.content) > 50


def test_a_photograph_that_is_gone_leaves_a_picture_that_says_so(page, session):
    path = session.folder / "a.png"
    path.write_bytes(photograph(20))
    session.intake.put(Waiting(path, "a.png"), 9)
    wait_until(lambda: len(session.images))
    path.write_bytes(photograph(21))
    answer = page.get(f"/image/{session.images[0].id}/map")
    assert answer.headers["Content-Type"].startswith("image/svg+xml")
    assert "has changed" in answer.text


def test_a_full_queue_asks_to_send_again(make_session, monkeypatch):
    monkeypatch.setattr("memgan_tf.app.server.PATIENCE", 0.05)
    monkeypatch.setattr("memgan_tf.app.intake.QUEUE_SIZE", 3)
    session = make_session(start=False)
    with serving(session) as page:
        page.get("/", params={"token": TOKEN})
        for number in range(3):
            assert page.drop("a.png", photograph(9, seed=number)).ok
        assert page.drop("a.png", photograph(9, seed=999)).status_code == 503


def test_ten_thousand_images_come_a_page_at_a_time(make_session):
    from memgan_tf.app.images import ScoredImage

    session = make_session(start=False)
    session.images.add(
        [
            ScoredImage(f"{i:032x}", f"{i}.png", "/x", (9, 9), float(i % 99), 0.5, 96.0, "t" * 20)
            for i in range(10_000)
        ]
    )
    with serving(session) as page:
        page.get("/", params={"token": TOKEN})
        text = page.get("/").text
        assert len(text) < 200_000
        assert text.count("/thumbnail") == 60
        seen, before = [], None
        for _ in range(3):
            query = {"before": before} if before else {}
            part = page.get("/part/strip", params=query).text
            seen += re.findall(r'data-image="(\w+)"', part)
            before = seen[-1]
            assert 'data-more="yes"' in part
        assert seen == [f"{i:032x}" for i in range(9_999, 9_819, -1)]
        alarms = page.get("/part/strip", params={"filter": "alarms"}).text
        assert 'data-total="202"' in alarms  # i % 99 of 97 and 98
        last = page.get("/part/strip", params={"before": f"{0:032x}"}).text
        assert 'data-more="no"' in last


def test_the_slider_shows_the_price_of_each_step(page, session):
    keys = add(session, [90, 95, 98, 120])
    for key, decision in zip(keys, ["good", "good", "good", "defect"], strict=True):
        session.decide(key, decision)
    assert "1 of 3 confirmed good" in page.get("/part/panel").text  # 98, above 96
    shown = re.search('data-thresholds="(.*?)"', page.get("/part/panel").text)[1].split()
    assert [float(threshold) for threshold in shown] == [t for t, _ in session.steps()]
    price = page.get("/part/price", params={"threshold": "89.0"}).text
    assert "3 of 3 confirmed good" in price
    assert "0 of 1 confirmed defects" in price
    price = page.get("/part/price", params={"threshold": shown[-1]}).text
    assert "at most 0.99 % false alarms" in price  # 1 of 101, above the largest of 100


def test_images_that_set_the_threshold_do_not_measure_it(page, session, judge):
    assert "no independent measurement" not in page.get("/part/panel").text
    judge.calibration = Calibration.of(np.arange(20.0), 0.05, CONFIRMED)
    assert "no independent measurement" in page.get("/part/panel").text


def test_the_scoring_thread_survives_every_error(page, session, judge, monkeypatch):
    monkeypatch.setattr(judge, "score", lambda _: {}["no such thing"])
    page.drop("a.png", photograph(50))
    wait_until(lambda: page.get("/status").json()["failed"] == 1)
    monkeypatch.undo()
    page.drop("b.png", photograph(60))
    wait_until(lambda: page.get("/status").json()["scored"] == 1)


HOSTILE = '"><script>alert(1)</script>\u202e\n&.png'


def test_names_are_escaped_wherever_they_are_shown(page, session):
    content = photograph(120)
    page.drop(HOSTILE, content)
    page.drop(HOSTILE.replace("/", ""), b"no image")
    wait_until(lambda: page.get("/status").json()["failed"] == 1)
    page.post("/decide", {"image": id_of(content), "decision": "good", "who": HOSTILE})
    text = page.get("/").text
    assert "<script>alert" not in text
    assert "\u202e" not in text
    assert html.escape("script>", quote=False) in text
    assert "\\u202e" in text
