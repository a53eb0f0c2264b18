"""Argument checks with uniform messages: the name, the rule, the received value."""

import difflib
import sys
from collections.abc import Iterable
from typing import Any

# Largest number of characters of a received value in a message.
LONGEST = 200


def received(name: str, value: Any) -> str:
    """The last part of every message of this module."""
    shown = repr(value)
    return f"Received: {name}={shown if len(shown) <= LONGEST else shown[:LONGEST] + '…'}"


def check_integer(
    name: str, value: Any, minimum: int | None = None, maximum: int | None = None
) -> int:
    """Returns `value` if it is an integer in `[minimum, maximum]`.

    Raises:
        ValueError: If it is not (booleans are not integers here).
    """
    if isinstance(value, bool) or not isinstance(value, int):
        raise ValueError(f"`{name}` must be an integer. {received(name, value)}")
    _check_bounds(name, value, minimum, maximum)
    return value


def check_real(
    name: str, value: Any, minimum: float | None = None, maximum: float | None = None
) -> float:
    """Returns `value` as a float if it is a finite number in `[minimum, maximum]`.

    Raises:
        ValueError: If it is not.
    """
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    # An integer may be larger than any float.
    if not number or not abs(value) <= sys.float_info.max:
        raise ValueError(f"`{name}` must be a finite number. {received(name, value)}")
    _check_bounds(name, value, minimum, maximum)
    return float(value)


def check_choice(name: str, value: Any, choices: Iterable[Any]) -> Any:
    """Returns `value` if it is one of `choices`.

    Raises:
        ValueError: If it is not.
    """
    choices = tuple(choices)
    if value not in choices:
        raise ValueError(
            f"`{name}` must be one of {', '.join(map(str, choices))}. {received(name, value)}"
            f"{guess(value, choices)}"
        )
    return value


def guess(value: Any, choices: Iterable[Any]) -> str:
    """A suggestion for a misspelled word; empty if no choice is close."""
    if not isinstance(value, str) or len(value) > LONGEST:
        return ""
    close = difflib.get_close_matches(value, [str(choice) for choice in choices], 1)
    return f". Did you mean {close[0]}?" if close else ""


def check_image_shape(name: str, shape: Any) -> tuple[int, int, int]:
    """Returns `shape` as `(height, width, channels)` if the networks accept it.

    Raises:
        ValueError: If a side is not in 8 to 8192 or there are not 1 or 3 channels.
    """
    shape = tuple(int(side) for side in shape)
    if (
        len(shape) != 3
        or not all(8 <= side <= 8192 for side in shape[:2])
        or shape[2] not in (1, 3)
    ):
        raise ValueError(
            f"`{name}` must be (height, width, channels) with sides of 8 to 8192 pixels and 1 or 3 "
            f"channels. {received(name, shape)}"
        )
    return shape


def _check_bounds(name, value, minimum, maximum):
    if minimum is not None and value < minimum:
        raise ValueError(f"`{name}` must be at least {minimum}. {received(name, value)}")
    if maximum is not None and value > maximum:
        raise ValueError(f"`{name}` must be at most {maximum}. {received(name, value)}")
