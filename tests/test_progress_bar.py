import io
import re
import sys

import pytest

from memgan_tf import progress_bar
from memgan_tf.detectors.patches.coreset import choose_centers
from memgan_tf.progress_bar import progress


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture
def on_terminal(monkeypatch):
    """Replaces stderr by a terminal, in the test itself, because pytest replaces it before."""

    def replace(delay=0.0):
        monkeypatch.setattr(progress_bar, "DELAY_SECONDS", delay)
        monkeypatch.setattr(sys, "stderr", Terminal())
        return sys.stderr

    return replace


def test_a_bar_has_share_label_and_time_left(on_terminal):
    terminal = on_terminal()
    assert list(progress(iter("abcd"), "reading", 4)) == ["a", "b", "c", "d"]
    assert re.search(r"\|.{20}\| 100 %  reading  00:00 left", terminal.getvalue())


def test_a_context_is_moved_by_hand(on_terminal):
    terminal = on_terminal()
    with progress(None, "scoring", 8) as bar:
        bar.update(6)
        bar.refresh()
        assert " 75 %  scoring" in terminal.getvalue()


def test_what_is_done_soon_shows_nothing(on_terminal):
    terminal = on_terminal(delay=1.0)
    assert list(progress([1, 2, 3], "reading")) == [1, 2, 3]
    assert "reading" not in terminal.getvalue()


def test_a_file_gets_nothing(monkeypatch, pixels):
    monkeypatch.setattr(progress_bar, "DELAY_SECONDS", 0.0)
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    choose_centers(pixels(9).reshape(9, -1), 4, seed=0)
    assert not sys.stderr.getvalue()


def test_choosing_patches_shows_a_bar(on_terminal, pixels):
    terminal = on_terminal()
    choose_centers(pixels(9).reshape(9, -1), 4, seed=0)
    assert "100 %  choosing patches" in terminal.getvalue()
