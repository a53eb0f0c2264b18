"""Reads requests of the page, and answers errors in one line."""

import contextlib
import html
import json
import re
from collections.abc import Callable
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, JSONResponse, Response

from memgan_tf import files
from memgan_tf.text import printable
from memgan_tf.validation import check_real, received

MAX_JSON_BYTES = 2**16
EXAMPLE = 'such as {"image": "…", "decision": "good"}'


def safely(get: Callable[[Request], Response]) -> Callable[[Request], Response]:
    """An address whose errors are answered in one line."""

    def answer(request):
        try:
            return get(request)
        except Exception as error:
            # Whatever a request meets, the page goes on and says so in a line.
            if request.url.path == "/":
                return _error_page(error)
            return refused(error)

    return answer


def integer(name: str, value: str | None) -> int:
    """An integer in an address.

    Raises:
        ValueError: If it is none.
    """
    if value is None or not re.fullmatch(r"-?[0-9]{1,18}", value):
        raise ValueError(f"`{name}` must be an integer. {received(name, value)}")
    return int(value)


def number(name: str, value: Any) -> float:
    """A finite number in a request; an address, and a page that wants all digits, send a text.

    Raises:
        ValueError: If it is none.
    """
    if isinstance(value, str):
        with contextlib.suppress(ValueError):
            value = float(value)
    return check_real(name, value)


def text(name: str, value: Any) -> str:
    """A text in a request.

    Raises:
        ValueError: If it is none.
    """
    if not isinstance(value, str):
        raise ValueError(f"`{name}` must be a string. {received(name, value)}")
    return value


def action(act: Callable[[dict[str, Any]], dict[str, Any]]) -> Callable:
    """An address with JSON requests and answers, handled outside of the event loop."""

    async def answer(request: Request) -> Response:
        content = bytearray()
        try:
            async for part in request.stream():
                content += part
                if len(content) > MAX_JSON_BYTES:
                    return refused(ValueError("the request is too long"), 413)
        except ClientDisconnect:
            return Response(status_code=400)
        return await run_in_threadpool(_act, act, bytes(content))

    return answer


def _act(act, content):
    try:
        given = _parsed(content)
        if not isinstance(given, dict):
            raise ValueError(f"the request must be a JSON object, {EXAMPLE}")
        return JSONResponse({name: _safe(value) for name, value in act(given).items()})
    except Exception as error:
        # As in `safely`.
        return refused(error)


def _parsed(content):
    try:
        return json.loads(content) if content else {}
    except (ValueError, RecursionError) as error:
        reason = files.first_line(error)
        raise ValueError(f"the request must be JSON, {EXAMPLE}: {reason}") from error


def _safe(value):
    return printable(value) if isinstance(value, str) else value


def refused(error: Exception, status: int = 409) -> Response:
    """An error as an answer, in one line."""
    return JSONResponse({"error": _line(error)}, status)


def _line(error):
    """An error in one line; of the system's, the reason without its number."""
    text = str(error)
    if isinstance(error, OSError) and error.strerror:
        place = "" if error.filename is None else f"{error.filename}: "
        text = f"{place}{error.strerror}. Mend this and try again"
    return printable(" ".join(text.split()) or type(error).__name__)[:500]


def _error_page(error):
    line = html.escape(_line(error))
    return HTMLResponse(
        '<!DOCTYPE html><html lang="en"><meta charset="utf-8"><title>memgan</title>'
        f'<p>{line}</p><p><a href="/">To the session</a></p></html>',
        409,
    )


def placeholder(error: Exception) -> str:
    """A picture with the reason why there is no picture."""
    reason = html.escape(printable(files.first_line(error))[:80])
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 320 60" width="640" height="120">'
        '<rect width="320" height="60" fill="#888"/><text x="160" y="34" font-size="9" '
        f'font-family="sans-serif" text-anchor="middle" fill="#fff">{reason}</text></svg>'
    )
