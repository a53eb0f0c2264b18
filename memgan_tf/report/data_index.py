"""The index of a folder's files, as a report shows it."""

from typing import Any

# Rows of a list that are shown.
MAX_ROWS = 50


def describe_index(index: dict[str, Any] | None) -> dict[str, Any] | None:
    """Counts and lists of data_index.json; None for data that is no folder.

    Returns:
        `counts`: name and number. `lists`: title, rows of text, how many more there are.
    """
    if index is None:
        return None
    return {"counts": [], "lists": []}
