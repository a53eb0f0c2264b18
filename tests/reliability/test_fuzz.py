"""Hostile files, at few examples; `python -m tests.reliability.fuzz` tries more."""

import errno
import os
import zipfile

import numpy as np
import pytest

from memgan_tf import files
from memgan_tf.data import npz
from memgan_tf.data.inputs import list_images, read_input
from memgan_tf.evaluation.scores import write_decisions
from memgan_tf.report.findings import read_results
from memgan_tf.tools import main
from memgan_tf.training.checkpoints import Checkpoints, restore_scoring_variables
from memgan_tf.training.run_directory import RunDirectory
from tests.malformed_files import encoded
from tests.reliability import fuzz, fuzz_inputs, fuzz_readers, fuzz_runs

SEED = 1


@pytest.mark.parametrize(
    "reader",
    [reader for reader in fuzz.READERS if reader.cost <= 10],
    ids=lambda reader: reader.name,
)
def test_every_input_is_accepted_or_refused_in_a_line(reader):
    tally = fuzz.fuzz(reader, 30, SEED)
    assert tally.failures == []
    assert tally.tried == tally.refused + tally.accepted >= 3


@pytest.mark.parametrize(
    ("read", "failure"),
    [
        (lambda *_: {}["a"], "KeyError: 'a'"),
        (lambda *_: os.system("true"), "did .*os.system"),
        (lambda path, _: np.load(path, allow_pickle=True), "did .*pickle.find_class"),
    ],
)
def test_the_harness_sees(read, failure, tmp_path):
    path = tmp_path / "a.npy"
    np.save(path, np.array([fuzz_inputs.Payload()]), allow_pickle=True)
    with pytest.raises(AssertionError, match=failure):
        fuzz.try_input(fuzz_readers.Reader("any", None, read), path)


def test_the_harness_stops_what_takes_long(monkeypatch):
    monkeypatch.setattr(fuzz, "MAX_SECONDS", 0.1)
    with pytest.raises(AssertionError, match=r"TooSlow: took more than 0.1 s"):
        fuzz.try_input(fuzz_readers.Reader("any", None, lambda *_: [0 for _ in iter(int, 1)]), None)


def write_npz(path, **members):
    path.write_bytes(fuzz_inputs.archive(members, zipfile.ZIP_DEFLATED))
    return path


def test_a_zip_bomb_is_refused_by_its_size(tmp_path, monkeypatch):
    path = write_npz(tmp_path / "a.npz", x_train=np.zeros((2**16, 8, 8), np.uint8))
    assert npz.read_arrays(path)["x_train"].size == 2**22
    monkeypatch.setattr(npz, "MAX_SMALL_BYTES", 2**20)
    with pytest.raises(ValueError, match=r"bytes would become 4,194,432"):
        npz.read_arrays(path)


@pytest.mark.parametrize("shape", [(10**13, 8, 8), (-1, 8, 8), (2, 8, 8)])
def test_a_header_that_does_not_fit_its_content_is_refused(shape, tmp_path):
    member = fuzz_inputs.header(fuzz_inputs.described(shape), content=bytes(64))
    path = write_npz(tmp_path / "a.npz", x_train=member)
    with pytest.raises(ValueError, match=r"x_train.npy has [\d,]+ bytes instead of"):
        npz.read_arrays(path)


def test_pickled_objects_are_named(tmp_path):
    np.savez(tmp_path / "a.npz", x_train=np.array([{}], object))
    with pytest.raises(ValueError, match="holds Python objects, which are never unpickled"):
        npz.read_arrays(tmp_path / "a.npz")


@pytest.mark.parametrize("reader", [files.read_json, npz.read_arrays])
def test_a_pipe_is_not_waited_for(reader, tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(ValueError, match="not a regular file"):
        reader(tmp_path / "pipe")


def test_a_forest_that_goes_in_circles_is_refused(tmp_path):
    config, state = fuzz_runs.shallow_state("isolation_forest")
    circle = {**state, "children_left": np.zeros_like(state["children_left"])}
    np.savez(tmp_path / "detector.npz", **circle)
    with pytest.raises(ValueError, match=r"detector.npz cannot be read: a node's child is not"):
        fuzz_runs.make_detector(config).load(RunDirectory(tmp_path))


def test_a_list_of_checkpoints_names_no_other_folder(tmp_path, capsys):
    own, other = tmp_path / "own", tmp_path / "other"
    for folder in (own, other):
        fuzz_runs.write_all(folder, fuzz_runs.checkpoint_files())
    listing = "".join(f'all_model_checkpoint_paths: "{other}/ckpt-{n}"\n' for n in (3, 7))
    (own / "checkpoint").write_text(f'model_checkpoint_path: "{other}/ckpt-7"\n{listing}')
    for file in own.glob("ckpt-7*"):
        file.unlink()
    state = fuzz_runs.checkpoint_state()
    checkpoints = Checkpoints(own, state, "a", keep=1)
    assert checkpoints.restore()
    np.testing.assert_array_equal(state["scoring"][0], -np.ones(50))
    for step in (8, 9):
        checkpoints.save(step)
    assert fuzz_runs.content_of(other) == fuzz_runs.checkpoint_files()


def test_a_lost_list_of_checkpoints_is_no_new_start(tmp_path):
    fuzz_runs.write_all(tmp_path, {**fuzz_runs.checkpoint_files(), "checkpoint": b"\xff{"})
    state = fuzz_runs.checkpoint_state()
    state["scoring"][0].assign(np.zeros(50, np.float32))
    restore_scoring_variables(tmp_path, state["scoring"])
    np.testing.assert_array_equal(state["scoring"][0], np.arange(50.0))
    assert Checkpoints(tmp_path, state, "a", keep=2).restore()


def test_a_name_that_is_a_formula_is_found_again(tmp_path):
    run, ones = RunDirectory(tmp_path), np.ones(2)
    run.evaluation.mkdir()
    files.write_json(tmp_path / "results.json", fuzz_readers.RESULTS)
    write_decisions(run.evaluation / "scores.csv", ["=1.png", "b.png"], ones, ones, ones, ones)
    assert list(read_results(run, 1.5, ["b.png", "=1.png"])[1]) == [1, 0]


def test_a_full_disk_names_the_file(tmp_path):
    full = OSError(errno.ENOSPC, "No space left on device")
    with (
        pytest.raises(OSError, match=r"No space left on device: '.*a.json'"),
        files.replacing(tmp_path / "a.json"),
    ):
        raise full
    assert list(tmp_path.iterdir()) == []


def test_links_in_circles_and_wrong_suffixes(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "jpeg.png").write_bytes(encoded("JPEG"))
    (tmp_path / "a" / "b").symlink_to(tmp_path, target_is_directory=True)
    (tmp_path / "self.png").symlink_to("self.png")
    assert len(list_images(tmp_path)) == 2
    found = read_input(str(tmp_path), (8, 8, 1))
    assert [name.rpartition("/")[2] for name in found.names] == ["jpeg.png"]
    assert found.skipped[0][1] == "Too many levels of symbolic links"


def test_a_name_does_not_move_the_cursor(tmp_path, capsys):
    (tmp_path / "\x1b[2J\n.png").write_bytes(b"no image")
    flags = [f"--input={tmp_path}", f"--output={tmp_path / 'scores.csv'}"]
    fuzz_runs.write_all(tmp_path / "run", fuzz_runs.run_files("kde"))
    assert main.main(["score", f"--run={tmp_path / 'run'}", *flags]) == 1
    error = capsys.readouterr().err
    assert "holds no readable image: " in error
    assert error.strip().isprintable()


def test_a_damaged_run_is_a_line_and_exit_code_1(tmp_path, capsys):
    (tmp_path / "config.json").write_text('{"detector": "\\u001b[2J\\n"}')
    photo = tmp_path / "a.png"
    photo.write_bytes(encoded("PNG"))
    out = f"--output={tmp_path / 'scores.csv'}"
    assert main.main(["score", f"--run={tmp_path}", f"--input={photo}", out]) == 1
    error = capsys.readouterr().err
    assert "config.json is not a run's configuration" in error
    assert error.count("\n") == 1
    assert error.strip().isprintable()
