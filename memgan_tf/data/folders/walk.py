"""Lists every file below a folder once, with any links and names."""

import dataclasses
import os
import pathlib

from memgan_tf.data.folders.look import once
from memgan_tf.data.image_files import IMAGE_SUFFIXES, reason_of
from memgan_tf.text import decodable


@dataclasses.dataclass(frozen=True)
class Found:
    """The content of a folder.

    Attributes:
        images: Files with the suffix of an image, relative to the folder, sorted.
        others: `(relative path, reason)` of everything else.
        folder: The folder.
    """

    images: list[pathlib.PurePath]
    others: list[tuple[pathlib.PurePath, str]]
    folder: pathlib.Path = pathlib.Path()

    @property
    def refused(self) -> list[tuple[pathlib.PurePath, str]]:
        """Folders that may not be read, with the reason."""
        known = (HIDDEN, NO_IMAGE, ENTERED)
        return [(path, reason) for path, reason in self.others if reason not in known]

    def why_empty(self) -> str:
        """What may hold images and was not read, to end a message; may be empty."""
        count = sum(reason == HIDDEN for _, reason in self.others)
        hidden = f"; {count} of its folders and files are hidden and not read" if count else ""
        refused = [f"; {shown(path)}: {reason}" for path, reason in self.refused[:1]]
        return "".join([hidden, *refused])


# Names of folders and files left behind by programs; names that begin with a dot count as well.
LEFT_BEHIND = frozenset(
    {
        *("__macosx", "__pycache__", "@eadir", "#recycle", "$recycle.bin", "lost+found"),
        *("system volume information", "thumbs.db", "@tmp"),
    }
)
HIDDEN = "hidden, or left by another program"
# Reasons that need no word where images are scored: nothing is missing.
NO_IMAGE, ENTERED = "not an image by its name", "a link to a folder that is here already"


def is_hidden(name: str) -> bool:
    """Whether a name is hidden, or left behind by file managers, notebooks or archives."""
    return name.startswith(".") or name.lower() in LEFT_BEHIND


def walk(folder: pathlib.Path) -> Found:
    """Lists a folder's files at any depth; links are followed, and each folder is entered once.

    Hidden folders are skipped; the folder itself may have any name. Within `one_look`, a folder
    is walked once.

    Raises:
        OSError: If the folder itself cannot be read.
    """
    found = once(lambda: _walk(folder), "walk", os.path.abspath(folder))
    return dataclasses.replace(found, folder=folder)


def _walk(folder):
    images, others, seen = [], [], set()

    def refuse(error):
        inside = pathlib.PurePath(error.filename).relative_to(folder)
        if not inside.parts:
            raise error
        others.append((inside, reason_of(error)))

    for place, inner, names in os.walk(folder, onerror=refuse, followlinks=True):
        inside = pathlib.PurePath(place).relative_to(folder)
        try:
            status = os.stat(place)
        except OSError as error:
            refuse(error)
            inner.clear()
            continue
        if (status.st_dev, status.st_ino) in seen:
            others.append((inside, ENTERED))
            inner.clear()
            continue
        seen.add((status.st_dev, status.st_ino))
        others += [(inside / name, HIDDEN) for name in [*inner, *names] if is_hidden(name)]
        inner[:] = sorted(name for name in inner if not is_hidden(name))
        for name in sorted(name for name in names if not is_hidden(name)):
            if pathlib.PurePath(name).suffix.lower() in IMAGE_SUFFIXES:
                images.append(inside / name)
            else:
                others.append((inside / name, NO_IMAGE))
    return Found(sorted(images), sorted(others), folder)


def shown(path: str | os.PathLike) -> str:
    """A path as text that can be printed and written as UTF-8, with other characters as escapes."""
    text = decodable(path)
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def name_of(path: os.PathLike) -> str:
    """A relative path as a name in tables, with slashes, and escapes for bytes outside UTF-8."""
    return decodable(pathlib.PurePath(path).as_posix())
