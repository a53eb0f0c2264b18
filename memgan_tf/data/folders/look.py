"""Caches what was found in a folder, for one command."""

import contextlib
import contextvars
from collections.abc import Callable, Hashable, Iterator
from typing import TypeVar

T = TypeVar("T")

_found: contextvars.ContextVar[dict | None] = contextvars.ContextVar("found", default=None)


@contextlib.contextmanager
def one_look() -> Iterator[None]:
    """A context in which files are listed and examined only once; nested ones do nothing.

    Outside of it every call looks again, so a long-running program sees changes.
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
    """The result of `look`; inside `one_look`, that of the first call.

    Args:
        look: Function that examines files.
        key: Identifies what is examined, and how.
    """
    found = _found.get()
    if found is None:
        return look()
    if key not in found:
        found[key] = look()
    return found[key]
