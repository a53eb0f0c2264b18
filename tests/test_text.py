"""Text that somebody else chose."""

import pytest

from memgan_tf.text import counted, has_controls, printable, visible


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


def test_words_fit_their_number():
    assert [counted(n, "file is", "files are") for n in range(3)] == [
        "0 files are",
        "1 file is",
        "2 files are",
    ]


def test_what_is_kept_stays():
    assert printable("a\nb\tc\r", keep="\n\t") == "a\nb\tc\\r"


@pytest.mark.parametrize(
    "hidden",
    [
        *("\u200b", "\u200c", "\u200d", "\u2060", "\u202e", "\u2066", "\ufeff", "\u00ad", "\u061c"),
        *("\u034f", "\ufe0f", "\U000e0101", "\U000e0041", "\u3164", "\u115f", "\u180b"),
    ],
)
def test_names_that_look_alike_are_equal(hidden):
    assert visible(f"{hidden}an{hidden}a{hidden}") == "ana"
    assert visible(hidden) == ""


def test_a_name_keeps_its_letters():
    assert visible(" José  零 \n Ø ") == "José 零 Ø"
    assert visible("Jose\u0301") == "José"
    assert has_controls(visible("a\x07"))
    assert has_controls(visible("\udcff"))
    assert not has_controls("José 零")
