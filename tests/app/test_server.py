import contextlib
import html
import re
import socket

import numpy as np
import pytest
import requests

from memgan_tf.app.address import HOST, bind
from memgan_tf.app.judges import CONFIRMED
from memgan_tf.app.photographs import Waiting, id_of
from memgan_tf.evaluation.calibration import Calibration
from tests.app.conftest import SECONDS, TOKEN, add, photograph, serving, wait_until

HOSTILE = '"><script>alert(1)</script>\u202e\n&.png'


def test_only_who_has_the_token_gets_in(session):
    with serving(session) as page:
        assert page.get("/").status_code == 403
        assert page.get("/", params={"token": "another"}).status_code == 403
        assert page.get("/", params={"token": ""}).status_code == 403
        assert page.get("/static/app.js").status_code == 403
        assert page.post("/decide", {}).status_code == 403
        page.http.cookies.set(f"memgan_app_{page.base.rpartition(':')[2]}", "another")
        assert page.get("/").status_code == 403
        first = page.get("/", params={"token": TOKEN})
        assert first.ok
        cookie = first.headers["Set-Cookie"].lower()
        assert "httponly" in cookie
        assert "samesite=strict" in cookie
        assert page.get("/").ok


@pytest.mark.parametrize(
    ("host", "is_let_in"),
    [
        ("127.0.0.1:8765", True),
        ("localhost:9000", True),  # through a tunnel
        ("[::1]:9000", True),
        ("evil.example:8765", False),  # a name that was made to lead here
        ("127.0.0.1.evil.example", False),
        ("localhost.evil.example", False),
        ("", False),
    ],
)
def test_no_other_name_leads_here(page, host, is_let_in):
    cookie = "; ".join(f"{name}={value}" for name, value in page.http.cookies.items())
    headers = {"Host": host, "Origin": None, "Cookie": cookie}
    assert page.get("/status", headers=headers).ok == is_let_in


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "https://127.0.0.1", None])
def test_other_pages_change_nothing(page, session, origin):
    (key,) = add(session, [10])
    body = {"image": key, "decision": "good"}
    assert page.post("/decide", body, headers={"Origin": origin}).status_code == 403
    assert page.post("/export", {}, headers={"Origin": origin}).status_code == 403
    assert session.decisions.of(key) is None
    other = {"Sec-Fetch-Site": "cross-site", "Origin": None}
    assert page.get("/part/panel", headers=other).status_code == 403


def test_every_answer_carries_the_policy(page):
    for path in ("/", "/status", "/static/app.css", "/image/x/thumbnail"):
        headers = page.get(path).headers
        policy = headers["Content-Security-Policy"]
        assert policy.startswith("default-src 'none'")
        assert "unsafe" not in policy
        assert "http" not in policy, "no other place"
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "no-referrer"


def test_nothing_on_the_page_comes_from_elsewhere(page, session):
    add(session, [10])
    for path in ("/", "/static/app.js", "/static/app.css"):
        assert re.findall(r"(?:https?:)?//[\w.]+\.\w+", page.get(path).text) == []


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


def test_mistakes_are_one_line(page, session):
    (key,) = add(session, [10])
    mistakes = [
        page.post("/decide", {"image": "0" * 32, "decision": "good"}),
        page.post("/decide", {"image": key}),
        page.post("/decide", [1]),
        page.http.post(page.base + "/decide", data=b"{", timeout=9),
        page.http.post(page.base + "/decide", data=b"[" * 60_000, timeout=9),
        page.post("/threshold", {"step": "x"}),
        page.post("/threshold", {"step": 10**9}),
        page.post("/export", {}),
        page.get("/part/strip", params={"filter": "bad"}),
        page.get("/part/price", params={"step": "x"}),
        page.drop("empty.png", b""),
    ]
    for answer in mistakes:
        assert answer.status_code == 409
        assert "\n" not in answer.json()["error"]
    assert page.http.post(page.base + "/decide", data=b" " * 70_000, timeout=9).status_code == 413
    assert page.get("/image/nothing/thumbnail").status_code == 404
    assert page.get(f"/image/{key}/nothing").status_code == 404
    assert page.get("/training/0").status_code == 404
    assert page.get("/static/../server.py").status_code == 404


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
    steps = [threshold for threshold, _ in session.steps()]
    price = page.get("/part/price", params={"step": steps.index(89.0)}).text
    assert "3 of 3 confirmed good" in price
    assert "0 of 1 confirmed defects" in price
    price = page.get("/part/price", params={"step": len(steps) - 1}).text
    assert "at most 0.99 % false alarms" in price  # 1 of 101, above the largest of 100


def test_images_that_set_the_threshold_do_not_measure_it(page, session, judge):
    assert "no independent measurement" not in page.get("/part/panel").text
    judge.calibration = Calibration.of(np.arange(20.0), 0.05, CONFIRMED)
    assert "no independent measurement" in page.get("/part/panel").text


def test_a_port_that_is_taken_is_said():
    with bind(0) as bound, pytest.raises(ValueError, match="`port` must be free on"):
        bind(bound.getsockname()[1])
    assert HOST == "127.0.0.1"


def test_the_token_is_compared_in_constant_time(page, monkeypatch):
    compared = []
    monkeypatch.setattr(
        "memgan_tf.app.guard.secrets.compare_digest", lambda a, b: compared.append(1) or a == b
    )
    assert page.get("/status").ok
    assert requests.get(page.base + "/?token=x", timeout=9).status_code == 403
    assert len(compared) == 2


@pytest.mark.parametrize(
    "body",
    [
        b'{"step": Infinity}',
        b'{"step": NaN}',
        b'{"step": -1}',
        b'{"step": null}',
        b'{"step": ' + b"9" * 6000 + b"}",
        b"",
        b"\xff\xfe",
    ],
)
def test_any_step_is_answered_in_a_line(page, body, capfd):
    answer = page.http.post(page.base + "/threshold", data=body, timeout=9)
    assert answer.status_code == 409
    assert re.search("`step` must|must be JSON", answer.json()["error"])
    assert "Traceback" not in capfd.readouterr().err


@pytest.mark.parametrize(
    ("request_of", "words"),
    [
        (lambda page, key: page.post("/decide", {"image": "0" * 32, "decision": "good"}), "Reload"),
        (lambda page, key: page.post("/threshold", {"step": 10**9}), "reload the page"),
        (lambda page, key: page.post("/decide", [1]), '"decision": "good"}'),
        (
            lambda page, key: page.post("/decide", {"image": key, "decision": "good", "who": "\a"}),
            "`who`, the name of the inspector, must have 1 to 80 visible",
        ),
    ],
)
def test_a_mistake_says_what_to_do(page, session, request_of, words):
    (key,) = add(session, [10])
    answer = request_of(page, key)
    assert answer.status_code == 409
    assert words in answer.json()["error"]


def test_errors_of_the_system_have_no_numbers(page, session, monkeypatch):
    def fail(*_):
        raise OSError(28, "No space left on device", "decisions.csv")

    monkeypatch.setattr(session, "export", fail)
    error = page.post("/export", {}).json()["error"]
    assert error == "decisions.csv: No space left on device. Mend this and try again"


def test_a_wrong_address_is_a_page_that_leads_back(page, session):
    answer = page.get("/", params={"filter": "<b>"})
    assert "text/html" in answer.headers["Content-Type"]
    assert "`filter` must be one of all" in answer.text
    assert "<b>" not in answer.text
    assert '<a href="/">' in answer.text
    assert "No image yet" in page.get("/", params={"image": "0" * 32}).text
    add(session, [10])
    assert "No such image here" in page.get("/", params={"image": "0" * 32}).text


@pytest.mark.parametrize("wrong", [{"who": ["x"]}, {"who": 5}, {"image": [1]}, {"decision": {}}])
def test_decisions_of_another_type_are_refused(page, session, wrong):
    (key,) = add(session, [10])
    answer = page.post("/decide", {"image": key, "decision": "good", **wrong})
    assert answer.status_code == 409
    assert f"`{next(iter(wrong))}` must be a string" in answer.json()["error"]
    assert session.decisions.of(key) is None


def test_errors_of_other_kinds_are_one_line(page, session, monkeypatch, capfd):
    def fail(*_):
        raise ArithmeticError("no number")

    monkeypatch.setattr(session, "price", fail)
    monkeypatch.setattr(session, "export", fail)
    for answer in (page.get("/part/panel"), page.post("/export", {})):
        assert answer.json() == {"error": "no number"}
    assert "Traceback" not in capfd.readouterr().err


def test_the_scoring_thread_survives_every_error(page, session, judge, monkeypatch):
    monkeypatch.setattr(judge, "score", lambda _: {}["no such thing"])
    page.drop("a.png", photograph(50))
    wait_until(lambda: page.get("/status").json()["failed"] == 1)
    monkeypatch.undo()
    page.drop("b.png", photograph(60))
    wait_until(lambda: page.get("/status").json()["scored"] == 1)


def _send(page, content):
    port = int(page.base.rpartition(":")[2])
    connection = socket.create_connection((HOST, port), timeout=SECONDS)
    connection.sendall(content)
    return connection


def test_broken_requests_print_nothing(page, capfd):
    cookie = "; ".join(f"{name}={value}" for name, value in page.http.cookies.items())
    head = f"Host: 127.0.0.1\r\nOrigin: http://127.0.0.1\r\nCookie: {cookie}\r\n".encode()
    upgrade = b"Connection: upgrade\r\nUpgrade: websocket\r\n\r\n"
    for content in (b"\x16\x03\x01\r\n\r\n", b"GET / HTTP/1.1\r\n" + head + upgrade):
        with _send(page, content) as connection:
            assert connection.recv(9) == b"HTTP/1.1 "
    _send(page, b"POST /decide HTTP/1.1\r\nContent-Length: 99\r\n" + head + b"\r\n{").close()
    assert page.get("/status").ok
    assert capfd.readouterr().err == ""


def test_connections_are_bounded_and_idle_ones_end(session, monkeypatch):
    monkeypatch.setattr("memgan_tf.app.connections.MAX_CONNECTIONS", 3)
    monkeypatch.setattr("memgan_tf.app.connections.LONGEST_IDLE", 0.2)
    with serving(session) as page, contextlib.ExitStack() as stack:
        idle = [stack.enter_context(_send(page, b"GET / HT")) for _ in range(6)]
        for connection in idle:
            with contextlib.suppress(ConnectionResetError):
                assert connection.recv(9) == b""
        assert page.get("/", params={"token": TOKEN}).ok
