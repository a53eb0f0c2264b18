"""Makes untrusted text safe to display."""

import unicodedata

# Control characters, invisible characters that reorder text, surrogates, unusual line ends.
UNSAFE = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
# Joiners are allowed, because some scripts and emoji need them and they do not reorder text.
JOINERS = "\u200c\u200d"


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
