"""Reports of tampered runs."""

import functools
import json
import pathlib
import tempfile
from unittest import mock

from hypothesis import strategies as st

from memgan_tf.evaluation import card_facts
from memgan_tf.evaluation.trained_run import TrainedRun
from memgan_tf.report.evaluate import evaluate
from memgan_tf.report.page import write_report
from tests.reliability import fuzz_inputs as inputs
from tests.reliability import fuzz_runs
from tests.reliability.fuzz_readers import METRICS


@functools.cache
def evaluated_files():
    """The files of an evaluated run; metrics.csv is a deep detector's."""
    with tempfile.TemporaryDirectory() as place:
        folder = pathlib.Path(place)
        fuzz_runs.write_all(folder, fuzz_runs.run_files("kde"))
        trained = TrainedRun.load(folder)
        evaluate(trained, load_task(), 0)
        contents = fuzz_runs.content_of(folder)
    kept = {n: c for n, c in contents.items() if not n.startswith(("tensorboard", ".lock"))}
    return {**kept, "metrics.csv": METRICS, "data_index.json": json.dumps(INDEX).encode()}


@functools.cache
def load_task():
    with tempfile.TemporaryDirectory() as place:
        folder = pathlib.Path(place)
        fuzz_runs.write_all(folder, fuzz_runs.run_files("kde"))
        return TrainedRun.load(folder).load_task()


INDEX = {
    "folder": "photos",
    "layout": "mvtec",
    "counts": [{"split": "train", "class": "good", "images": 3}],
    "smallest": [8, 8],
    "largest": [9, 9],
    "image_fit": "pad",
    "image_size": 8,
    "num_masks": 0,
    "left_out": [{"path": "\x1b[2J", "reason": "<b>"}],
    "unusable_masks": [],
    "duplicates": [{"split": "train", "paths": ["a", "b"]}],
    "leaks": [{"train": ["a"], "test": ["b"]}],
    "content": "a",
}


TABLES = (b"", b"epoch", b"a/b,c\n1,2\n", b"epoch,a/b\n1,2,3\n", b"epoch,$a/b$c\n1,\n2,-inf\n")


def report_inputs():
    files = evaluated_files()
    documents = [
        st.tuples(st.just(name), inputs.json_files(json.loads(content)))
        for name, content in files.items()
        if name.endswith(".json") and "config" not in name
    ]
    tables = [
        st.tuples(st.just(name), inputs.damaged(files[name]) | st.sampled_from(TABLES))
        for name in ("metrics.csv", "eval/scores.csv")
    ]
    odd = st.tuples(st.just("SUSPECT"), st.binary(max_size=40))
    return st.lists(st.one_of(*documents, *documents, *tables, odd), min_size=1, max_size=2)


def read_report(given, folder):
    fuzz_runs.write_all(folder, {**evaluated_files(), **dict(given)})
    trained = TrainedRun.load(folder)
    # It starts git, which no input has a say in.
    with mock.patch.object(card_facts, "git_revision", return_value=None):
        path, _ = write_report(trained, load_task(), 1)
    text = path.read_text(encoding="utf-8")
    assert "\x1b" not in text
    assert "</html>" in text
