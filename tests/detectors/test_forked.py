"""A forked process says that it cannot score, and does not hang."""

import os

import pytest

from memgan_tf.detectors import forked


def test_a_fork_is_noticed(monkeypatch):
    monkeypatch.setattr(forked, "_state", {"is_watched": False, "is_forked": False})
    forked.watch_forks()
    forked.watch_forks()
    forked.check_not_forked()
    child = os.fork()
    if not child:
        try:
            forked.check_not_forked()
        except RuntimeError as error:
            os._exit(7 if "spawn" in str(error) else 8)
        os._exit(9)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
    forked.check_not_forked()


def test_the_message_offers_what_works(monkeypatch):
    monkeypatch.setattr(forked, "_state", {"is_watched": True, "is_forked": True})
    with pytest.raises(RuntimeError, match=r'get_context\("spawn"\)'):
        forked.check_not_forked()
