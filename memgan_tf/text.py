"""Text that somebody else chose, made safe to show."""

import unicodedata

# Control characters, invisible ones that reorder text, halves of characters, odd line ends.
UNSAFE = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
# Joiners are part of how some scripts and emoji are written, and move nothing.
JOINERS = "\u200c\u200d"


def printable(text: str, keep: str = "") -> str:
    """The text with escapes such as `\\x1b` for what would steer a terminal or hide.

    Args:
        text: Any, surrogates of undecodable names among it.
        keep: Characters that stay, such as the newline.
    """
    if text.isascii() and text.isprintable():
        return text
    safe = {*keep, *JOINERS}
    return "".join(
        c if c in safe or unicodedata.category(c) not in UNSAFE else ascii(c)[1:-1] for c in text
    )
