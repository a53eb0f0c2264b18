"""A digest of the package's source: which code a record comes from."""

import functools
import hashlib
import pathlib
from collections.abc import Iterable
from typing import Any

# Files and folders of the package that show, serve or tabulate results and decide none. Nothing
# else imports them; a new folder counts until it is named here.
WITHOUT_EFFECT = frozenset(
    {
        "api.py",
        "app",
        "beam",
        "estimator",
        "export",
        "report",
        "reproduction",
        "run.py",
        "scale",
        "serving",
        "tools",
    }
)
# Digits of the SHA-256 that are kept.
NUM_DIGITS = 16
UNRECORDED = "unrecorded"


@functools.cache
def source_digest(package: pathlib.Path = pathlib.Path(__file__).parent) -> str | None:
    """Digest of the Python files that decide a run's result.

    It is a function of their contents and of their places inside the package: the same wherever the
    package is installed, in a checkout or not, and with either kind of line ends.

    Args:
        package: Folder of the package.

    Returns:
        16 hexadecimal digits; None if the package is installed without its source.
    """
    digest, found = hashlib.sha256(), False
    places = {path.relative_to(package).as_posix(): path for path in package.rglob("*.py")}
    for place, path in sorted(places.items()):
        if place.split("/")[0] not in WITHOUT_EFFECT:
            content = path.read_bytes().replace(b"\r\n", b"\n")
            digest.update(f"{place}\0{len(content)}\0".encode() + content)
            found = True
    return digest.hexdigest()[:NUM_DIGITS] if found else None


def name_versions(sources: Iterable[Any]) -> str:
    """The code of one record in a word.

    Args:
        sources: Digests of the code that started, finished and evaluated the run, without
            repetitions; None where it was not recorded.
    """
    return " to ".join(UNRECORDED if s is None else str(s)[:8] for s in sources) or UNRECORDED


def count_versions(records: Iterable[dict[str, Any]]) -> dict[str, int]:
    """Number of records by the code that made them, the most frequent first.

    Records that name no source are older than the digest; they count as `unrecorded`.
    """
    counts: dict[str, int] = {}
    for record in records:
        name = name_versions(record.get("sources", ()))
        counts[name] = counts.get(name, 0) + 1
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))


def describe_versions(counts: dict[str, int]) -> str:
    """What a table says of the code behind it: one version, or MIXED and how many of each."""
    if len(counts) < 2:
        return "".join(counts)
    return "MIXED: " + ", ".join(f"{name} ({count})" for name, count in counts.items())
