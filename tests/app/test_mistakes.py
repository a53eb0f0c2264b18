"""Each mistake is answered in one line that says what to do."""

import re

import pytest

from tests.app.conftest import add


def test_mistakes_are_one_line(page, session):
    (key,) = add(session, [10])
    mistakes = [
        page.post("/decide", {"image": "0" * 32, "decision": "good"}),
        page.post("/decide", {"image": key}),
        page.post("/decide", [1]),
        page.http.post(page.base + "/decide", data=b"{", timeout=9),
        page.http.post(page.base + "/decide", data=b"[" * 60_000, timeout=9),
        page.post("/threshold", {"threshold": "x"}),
        page.post("/threshold", {"threshold": 10**9}),
        page.post("/export", {}),
        page.get("/part/strip", params={"filter": "bad"}),
        page.get("/part/price", params={"threshold": "x"}),
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


@pytest.mark.parametrize(
    "body",
    [
        b'{"threshold": Infinity}',
        b'{"threshold": "nan"}',
        b'{"threshold": [1]}',
        b'{"threshold": true}',
        b'{"threshold": null}',
        b'{"step": 1}',
        b'{"threshold": "' + b"9" * 6000 + b'"}',
        b'{"threshold": ' + b"9" * 6000 + b"}",
        b"",
        b"\xff\xfe",
    ],
)
def test_any_threshold_is_answered_in_a_line(page, body, capfd):
    answer = page.http.post(page.base + "/threshold", data=body, timeout=9)
    assert answer.status_code == 409
    assert re.search("`threshold` must|must be JSON", answer.json()["error"])
    assert "Traceback" not in capfd.readouterr().err


@pytest.mark.parametrize(
    ("request_of", "words"),
    [
        (lambda page, key: page.post("/decide", {"image": "0" * 32, "decision": "good"}), "Reload"),
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
