"""Flags of --runner=beam that are wrong whether Beam is there or not: one line each."""

import importlib.util

import pytest

from memgan_tf.tools import main

JOB = ("score", "--runner=beam", "--input=photos", "--output=out")


@pytest.mark.parametrize(
    ("flags", "rule"),
    [
        ((), "`run` or `saved_model` must be given"),
        (("--run=a", "--saved_model=b"), "and not both"),
        (("--run=a", "--fdr=0.1"), "`fdr` must be absent"),
        (("--run=a", "--monitor"), "`monitor` must be absent"),
        (("--server=rest://a/b",), "`server` must be absent"),
    ],
)
def test_flags_that_do_not_go_together(flags, rule, capsys):
    assert main.main([*JOB, *flags]) == 1
    error = capsys.readouterr().err
    assert rule in error
    assert error.count("\n") == 1


def test_without_beam_it_says_what_to_install(monkeypatch, capsys):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    assert main.main([*JOB, "--run=a"]) == 1
    assert "pip install 'memgan_tf[beam]'" in capsys.readouterr().err


def test_a_saved_model_is_for_beam(capsys):
    flags = ("--input=photos", "--output=out.csv", "--saved_model=b")
    assert main.main(["score", *flags]) == 1
    assert "`saved_model` must come with --runner=beam" in capsys.readouterr().err
