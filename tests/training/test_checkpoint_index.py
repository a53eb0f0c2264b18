"""A checkpoint's index is looked through before TensorFlow reads it."""

import pytest
import tensorflow as tf

from memgan_tf.training import checkpoint_index
from memgan_tf.training.checkpoint_index import check_checkpoint, read_index
from tests.reliability import fuzz_runs, tensorflow_files

KEY = b"scoring/0/.ATTRIBUTES/VARIABLE_VALUE"


@pytest.fixture
def written(tmp_path):
    """Writes a checkpoint whose entries a function has edited; returns its path."""

    def write(edit=lambda entries: None, index=None):
        fuzz_runs.write_all(tmp_path, fuzz_runs.checkpoint_files())
        path = tmp_path / "ckpt-7.index"
        entries = tensorflow_files.read_entries(path.read_bytes())
        edit(dict(entries))
        path.write_bytes(tensorflow_files.write_entries(entries) if index is None else index)
        return str(tmp_path / "ckpt-7")

    return write


def scoring():
    return {"scoring": [tf.Variable(tf.zeros(50))]}


def test_the_table_is_that_which_tensorflow_sees(written):
    path = written()
    found = read_index(f"{path}.index", 10**6)
    expected = {name: tuple(shape) for name, shape in tf.train.list_variables(path)}
    assert {name: entry.shape for name, entry in found.items()} == expected
    check_checkpoint(path, scoring())


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (lambda entry: entry.shape.dim.add(size=-5), r"the shape \(50, -5\)"),
        (lambda entry: entry.shape.dim.add(size=2**62), "bytes"),
        (lambda entry: setattr(entry, "size", 2**40), "ends behind the values"),
        (lambda entry: setattr(entry, "offset", -8), "has the shape"),
        (lambda entry: setattr(entry, "dtype", 7), r"a string has the shape \(50,\)"),
        (lambda entry: setattr(entry, "dtype", 3), "instead of"),
        (lambda entry: setattr(entry, "shard_id", 1), "in parts"),
    ],
)
def test_a_forged_entry_is_refused(edit, message, written):
    path = written(lambda entries: edit(entries[KEY]))
    with pytest.raises(ValueError, match=message):
        check_checkpoint(path, scoring())


def test_another_shape_than_the_models_is_named(written):
    with pytest.raises(ValueError, match=r"scoring/0 has the shape \(50,\) instead of \(51,\)"):
        check_checkpoint(written(), {"scoring": [tf.Variable(tf.zeros(51))]})


def test_a_hidden_entry_and_one_twice_are_refused(written, monkeypatch):
    path = written()
    with open(f"{path}.index", "rb") as file:
        entries = tensorflow_files.read_entries(file.read())
    twice = tensorflow_files.write_entries([*entries[:2], entries[1], *entries[2:]])
    with pytest.raises(ValueError, match="not in order"):
        check_checkpoint(written(index=twice), scoring())
    monkeypatch.setattr(checkpoint_index, "MAX_ENTRIES", 2)
    with pytest.raises(ValueError, match="not as it is written"):
        check_checkpoint(written(), scoring())
