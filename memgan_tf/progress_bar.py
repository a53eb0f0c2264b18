"""A bar on a terminal for work that takes seconds: share, label, time left."""

from collections.abc import Iterable
from typing import Any

from tqdm import tqdm

# What is done by then shows no bar.
DELAY_SECONDS = 1.0
BAR_FORMAT = "|{bar:20}| {percentage:3.0f} %  {desc}  {remaining} left"


def progress(items: Iterable[Any] | None, label: str, total: int | None = None) -> tqdm:
    """The items, with a bar on stderr if that is a terminal.

    It has the form of the bar of training. In a context without items, `update` moves it.

    Args:
        items: What is worked on, one after the other; None for a context.
        label: What is done, in a word or two.
        total: Number of items; None for items that have a length.
    """
    return tqdm(
        items,
        desc=label,
        total=total,
        disable=None,
        delay=DELAY_SECONDS,
        dynamic_ncols=True,
        bar_format=BAR_FORMAT,
    )
