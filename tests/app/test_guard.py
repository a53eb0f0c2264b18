"""Who gets into the page: the token, names of the host, other pages, connections."""

import contextlib
import re
import socket

import pytest
import requests

from memgan_tf.app.address import HOST, bind
from tests.app.conftest import SECONDS, TOKEN, add, serving


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
