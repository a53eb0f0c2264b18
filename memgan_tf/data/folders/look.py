"""One look at a folder serves a whole command: what was found once is not looked for again."""

import contextlib
import contextvars
from collections.abc import Callable, Hashable, Iterator
from typing import TypeVar

T = TypeVar("T")

_found: contextvars.ContextVar[dict | None] = contextvars.ContextVar("found", default=None)


@contextlib.contextmanager
def one_look() -> Iterator[None]:
    """A context in which files are listed and looked at once; an inner one changes nothing.

    Outside of it every call looks again, so a program that runs for long sees what has changed.
    """
    if _found.get() is not None:
        yield
        return
    token = _found.set({})
    try:
        yield
    finally:
        _found.reset(token)


def once(look: Callable[[], T], *key: Hashable) -> T:
    """What `look` returns; within `one_look`, what it returned the first time.

    Args:
        look: Looks at files.
        key: Names what it looks at, and how.
    """
    found = _found.get()
    if found is None:
        return look()
    if key not in found:
        found[key] = look()
    return found[key]
