"""Makes untrusted text safe to display."""

import os
import unicodedata

# Control characters, invisible characters that reorder text, surrogates, unusual line ends.
UNSAFE = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
# Joiners are allowed, because some scripts and emoji need them and they do not reorder text.
JOINERS = "\u200c\u200d"
# Invisible characters of other categories: fillers, a joiner, variation selectors.
INVISIBLE = frozenset(
    [
        *"\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0",
        *map(chr, range(0x180B, 0x1810)),
        *map(chr, range(0xFE00, 0xFE10)),
        *map(chr, range(0xE0100, 0xE01F0)),
    ]
)


def printable(text: str, keep: str = "") -> str:
    """The text with escapes such as `\\x1b` for characters that control a terminal or are hidden.

    Args:
        text: Any text, including surrogates of undecodable names.
        keep: Characters to keep, such as the newline.
    """
    if text.isascii() and text.isprintable():
        return text
    safe = {*keep, *JOINERS}
    return "".join(
        c if c in safe or unicodedata.category(c) not in UNSAFE else ascii(c)[1:-1] for c in text
    )


def counted(number: int, singular: str, plural: str) -> str:
    """The number with the words that fit: `counted(1, "file is", "files are")` is "1 file is"."""
    return f"{number} {singular if number == 1 else plural}"


def decodable(name: str | os.PathLike) -> str:
    """A name of a file with escapes such as `\\xff` for bytes outside UTF-8."""
    return os.fsencode(name).decode("utf-8", "backslashreplace")


def visible(text: str) -> str:
    """A name without invisible characters, composed (NFC), with single spaces between words.

    Names that look alike become equal: joiners, bidirectional controls, fillers and variation
    selectors are left out. Control characters and surrogates stay, for the caller to refuse.
    """
    composed = unicodedata.normalize("NFC", text)
    kept = (c for c in composed if c not in INVISIBLE and unicodedata.category(c) != "Cf")
    return " ".join("".join(kept).split())


def has_controls(text: str) -> bool:
    """Whether a text has control characters or surrogates."""
    return any(unicodedata.category(c) in ("Cc", "Cs") for c in text)
