"""Images that a user wants scored."""

import functools
import os
import types

import numpy as np
import pytest
from PIL import Image

from memgan_tf.data import inputs
from memgan_tf.data.inputs import check_input, read_input
from memgan_tf.evaluation.file_scores import FileScores
from tests.data.folder_files import put


def test_hidden_files_are_not_scored_and_listed(tmp_path):
    put(tmp_path / "1.png")
    put(tmp_path / "._1.png")
    put(tmp_path / ".ipynb_checkpoints" / "1-checkpoint.png")
    (tmp_path / ".DS_Store").write_text("")
    given = read_input(str(tmp_path), (8, 8, 1))
    assert given.names == [str(tmp_path / "1.png")]
    assert sorted(name for name, _ in given.skipped) == [
        str(tmp_path / "._1.png"),
        str(tmp_path / ".ipynb_checkpoints"),
    ]


def test_folders_that_may_not_be_read_are_listed(tmp_path, monkeypatch):
    scandir = os.scandir

    def refuse(path):
        if str(path).endswith("mine"):
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuse)
    put(tmp_path / "mine" / "1.png")
    with pytest.raises(ValueError, match="has none; mine: Permission denied"):
        check_input(str(tmp_path))
    put(tmp_path / "2.png")
    given = read_input(str(tmp_path), (8, 8, 1))
    assert given.names == [str(tmp_path / "2.png")]
    assert given.skipped == [(str(tmp_path / "mine"), "Permission denied")]
    run = types.SimpleNamespace()  # is not asked before the first score
    with pytest.warns(UserWarning, match="Left out .*mine: Permission denied"):
        assert FileScores(run, tmp_path).skipped == [(tmp_path / "mine", "Permission denied")]


def test_a_full_disk_of_temporary_files_is_named(tmp_path, monkeypatch):
    put(tmp_path / "1.png")
    monkeypatch.setattr(inputs.tempfile, "gettempdir", lambda: "/full")
    monkeypatch.setattr(
        inputs.tempfile, "TemporaryFile", functools.partial(open, "/dev/full", "wb")
    )
    with pytest.raises(OSError, match="No space left on device: '/full'"):
        read_input(str(tmp_path), (8, 8, 1))


@pytest.mark.parametrize(
    ("peak", "bit_depth", "is_dark"),
    [(4095, None, True), (4096, None, False), (255, 12, True), (256, 12, False), (255, 8, False)],
)
def test_files_that_are_nearly_black_to_the_run_are_noted(peak, bit_depth, is_dark, tmp_path):
    for number in (0, peak):
        Image.fromarray(np.full((12, 10), number, np.uint16)).save(tmp_path / f"{number}.png")
    put(tmp_path / "8 bits.png", 1)
    given = read_input(str(tmp_path), (12, 10, 1), bit_depth=bit_depth)
    assert [f"end at {peak}, so" in note for note in given.notes] == [True] * is_dark
    brightest = given.originals.pixels(given.names.index(str(tmp_path / f"{peak}.png"))).max()
    assert brightest == min(255, peak >> ((bit_depth or 16) - 8))
