"""What is there in place of a path that is missing, for messages."""

import difflib
import itertools
import os
import pathlib

from memgan_tf.text import printable

# Largest numbers of entries that are looked at, and that are listed.
MAX_SEEN, MAX_LISTED = 2000, 6
# Likeness, from 0 to 1, of names listed where there are many, and of the one that is asked for.
LIKE, NEAR = 0.4, 0.6


def list_nearby(path: str | os.PathLike, prefix: str = "", folders: bool = False) -> str:
    """The nearest path that exists, as a question, and the names where the path ends; or nothing.

    Args:
        path: A path that is missing.
        prefix: What the user wrote before the path, such as `folder:`.
        folders: Whether only folders count.
    """
    place, missing = _split(pathlib.Path(path))
    names = _names(place, folders) if missing else []
    likeness = {name: _likeness(name, missing[0]) for name in names}
    ranked = sorted(names, key=lambda name: (-likeness[name], name))
    more = []
    if len(ranked) > MAX_LISTED:
        ranked = [name for name in ranked[:MAX_LISTED] if likeness[name] >= LIKE]
        more = ["…"]
    if not ranked:
        return ""
    listed = f". In {_shown(place)}: {', '.join([*map(_shown, ranked), *more])}"
    found = place / ranked[0] / pathlib.Path(*missing[1:])
    if likeness[ranked[0]] < NEAR or not os.path.exists(found):
        return listed
    return f"{listed}. Did you mean {prefix}{_shown(found)}?"


def _split(path):
    """The last folder of a path that exists, and the parts below it."""
    missing: list[str] = []
    while not os.path.isdir(path):
        if path == path.parent:
            return path, []
        path, missing = path.parent, [path.name, *missing]
    return path, missing


def _names(place, folders):
    try:
        with os.scandir(place) as entries:
            seen = itertools.islice(entries, MAX_SEEN)
            return [e.name for e in seen if e.name[0] != "." and (e.is_dir() or not folders)]
    except OSError:
        return []


def _likeness(name, wanted):
    return difflib.SequenceMatcher(None, name.lower(), wanted.lower()).ratio()


def _shown(name):
    return printable(os.fsencode(name).decode("utf-8", "backslashreplace"))
