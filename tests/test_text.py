"""Text that somebody else chose."""

import pytest

from memgan_tf.text import printable


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain", "plain"),
        ("é零 \N{NO-BREAK SPACE}×", "é零 \N{NO-BREAK SPACE}×"),
        ("\x1b[2J", "\\x1b[2J"),
        ("a\nb\x07", "a\\nb\\x07"),
        ("\u202egpj.exe", "\\u202egpj.exe"),
        ("\udcff", "\\udcff"),
        ("👩\u200d🔬", "👩\u200d🔬"),
    ],
)
def test_what_steers_or_hides_is_escaped(text, shown):
    assert printable(text) == shown


def test_what_is_kept_stays():
    assert printable("a\nb\tc\r", keep="\n\t") == "a\nb\tc\\r"
