"""All verbs list their flags in one form."""

import importlib
import re

import pytest

from memgan_tf.tools import main


@pytest.mark.parametrize("verb", sorted(main.VERBS))
def test_every_flag_of_a_verb_is_an_entry_of_the_one_form(verb, capsys):
    """A line with the flag alone, then its text, indented; nothing of absl's own form."""
    assert main.main([verb, "--helpfull"]) == 0
    text = capsys.readouterr().out
    command = importlib.import_module(f"memgan_tf.tools.{verb.replace('-', '_')}").COMMAND
    for name in command.flags:
        assert re.search(rf"^  --(\[no\])?{name}\n      \S", text, re.MULTILINE), name
    assert "memgan_tf.tools" not in text
    assert "(default:" not in text
    assert max(map(len, text.splitlines())) <= 100


def test_defaults_choices_and_duties_are_said(capsys):
    main.main(["score", "--help"])
    text = " ".join(capsys.readouterr().out.split())
    assert "--output CSV file to write. Required." in text
    assert "--max_heatmaps Largest number of heat-maps. Default: 100." in text
    assert "One of pad, crop, stretch, keep. Default: stretch." in text
    assert "--[no]monitor Compare the scores" in text


def test_help_of_train_says_where_the_settings_of_a_detector_are(capsys):
    main.main(["train", "--help"])
    text = capsys.readouterr().out
    assert "memgan train --detector=patch_memory --help" in text
    assert "such as --backbone:" in " ".join(text.split())
