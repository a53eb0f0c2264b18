"""Readers of what only an attacker makes: right checksums, links and pipes, servers that drip."""

import functools
import json
import os
import pathlib
import socket
import sys
import tempfile
import threading
import time
from unittest import mock

import numpy as np
import tensorflow as tf
from hypothesis import strategies as st

from memgan_tf.data import prepared
from memgan_tf.evaluation import card_facts
from memgan_tf.evaluation.trained_run import TrainedRun
from memgan_tf.report.evaluate import evaluate
from memgan_tf.report.page import write_report
from memgan_tf.serving.address import ServerAddress
from memgan_tf.serving.rest_client import RestClient
from memgan_tf.serving.retries import RetryPolicy
from memgan_tf.training.checkpoint_index import GRAPH
from tests.malformed_files import encoded
from tests.reliability import fuzz_inputs as inputs
from tests.reliability import fuzz_runs, tensorflow_files
from tests.reliability.fuzz_readers import METRICS, PIXELS, Reader
from tests.reliability.fuzz_servers import ask_all

# Numbers that a header may state and no memory holds.
HUGE = (2**31, 2**33, 2**45, 2**61, 2**62, 2**63 - 1)
STRANGE = (-(2**62), -5, -1, 0, 1, 2, 49, 51, *HUGE)
SECONDS = 0.2


# Reports of tampered runs.


@functools.cache
def evaluated_files():
    """The files of an evaluated run; metrics.csv is a deep detector's."""
    with tempfile.TemporaryDirectory() as place:
        folder = pathlib.Path(place)
        fuzz_runs.write_all(folder, fuzz_runs.run_files("kde"))
        trained = TrainedRun.load(folder)
        evaluate(trained, _task(), 0)
        contents = fuzz_runs.content_of(folder)
    kept = {n: c for n, c in contents.items() if not n.startswith(("tensorboard", ".lock"))}
    return {**kept, "metrics.csv": METRICS, "data_index.json": json.dumps(INDEX).encode()}


@functools.cache
def _task():
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
        path, _ = write_report(trained, _task(), 1)
    text = path.read_text(encoding="utf-8")
    assert "\x1b" not in text
    assert "</html>" in text


# Prepared data sets.

FEATURE = "tensorflow_datasets.core.features."
CLASSES = (
    "antigravity.Label",
    "this.Label",
    "os.Label",
    "Label",
    "",
    f"{FEATURE}video_feature.Video",
)


def _record(index):
    def value(kind, content):
        return tf.train.Feature(**{kind: {"value": [content]}})

    image = encoded("PNG", mode="L")
    features = {"image": value("bytes_list", image), "label": value("int64_list", index % 10)}
    return tf.train.Example(features=tf.train.Features(feature=features)).SerializeToString()


def _split(name):
    template = "{DATASET}-{SPLIT}.{FILEFORMAT}-{SHARD_X_OF_Y}"
    return {"name": name, "shardLengths": ["3"], "numBytes": "1", "filepathTemplate": template}


@functools.cache
def prepared_files():
    """The files of a small prepared set."""
    image = {"shape": {"dimensions": ["20", "24", "1"]}, "dtype": "uint8", "encodingFormat": "png"}
    label = {"pythonClassName": f"{FEATURE}class_label_feature.ClassLabel"}
    label["classLabel"] = {"numClasses": "10"}
    fields = {"image": {"pythonClassName": f"{FEATURE}image_feature.Image", "image": image}}
    fields["label"] = label
    features = {"pythonClassName": f"{FEATURE}features_dict.FeaturesDict"}
    features["featuresDict"] = {"features": fields}
    info = {"name": "odd", "version": "1.0.0", "fileFormat": "tfrecord"}
    info["splits"] = [_split("train"), _split("test")]
    content = b"".join(tensorflow_files.record(_record(index)) for index in range(3))
    return {
        "features.json": json.dumps(features).encode(),
        "dataset_info.json": json.dumps(info).encode(),
        "label.labels.txt": "".join(f"${n}$\x1b\n" for n in range(10)).encode(),
        **{f"odd-{name}.tfrecord-00000-of-00001": content for name in ("train", "test")},
    }


def prepared_inputs():
    whole = prepared_files()
    features, info = (json.loads(whole[n]) for n in ("features.json", "dataset_info.json"))

    def renamed(name, place):
        changed = json.loads(json.dumps(features))
        holder = changed["featuresDict"]["features"]
        holder = {"top": changed, "image": holder["image"], "label": holder["label"]}[place]
        holder["pythonClassName"] = name
        return json.dumps(changed).encode()

    def templated(template):
        changed = json.loads(json.dumps(info))
        changed["splits"][0]["filepathTemplate"] = template
        return json.dumps(changed).encode()

    templates = ("../{SPLIT}", "/etc/passwd", "{DATASET:>9999999}", "{DATASET.__class__}", "")
    shards = st.tuples(st.integers(0, 3), st.sampled_from((*HUGE, 2**64 - 5, 2**64 - 1, 2**28)))
    record = tensorflow_files.record
    whole_records = [record(_record(index)) for index in range(3)]
    place = st.sampled_from(("top", "image", "label"))
    return st.one_of(
        st.tuples(st.just("features.json"), st.builds(renamed, st.sampled_from(CLASSES), place)),
        st.tuples(st.just("features.json"), inputs.json_files(features)),
        st.tuples(st.just("dataset_info.json"), inputs.json_files(info)),
        st.tuples(st.just("dataset_info.json"), st.sampled_from(templates).map(templated)),
        st.tuples(
            st.just("odd-train.tfrecord-00000-of-00001"),
            shards.map(lambda s: b"".join(whole_records[: s[0]]) + record(b"x" * 104, s[1]))
            | inputs.damaged(b"".join(whole_records)),
        ),
        st.tuples(st.just("label.labels.txt"), st.binary(max_size=40)),
    )


def read_prepared(given, folder):
    name, content = given
    place = folder / "odd" / "1.0.0"
    fuzz_runs.write_all(place, {**prepared_files(), name: content})
    found = prepared.load("odd", prepared.find_directory("odd", str(folder)), "train")
    shape = prepared.image_shape("odd", place)
    assert found.images[np.arange(len(found))].shape == (len(found), *shape)
    assert not {"antigravity", "this"} & {*sys.modules}


# Checkpoints whose index has right checksums.


@st.composite
def forged_checkpoints(draw):
    """Both checkpoints with the same entry changed."""
    files = dict(fuzz_runs.checkpoint_files())
    names = [n for n in files if n.endswith(".index")]
    keys = [key for key, _ in tensorflow_files.read_entries(files[names[0]]) if key]
    key, how = draw(st.sampled_from(keys)), draw(st.sampled_from(("shape", "place", "kind", "key")))
    dims = draw(st.lists(st.sampled_from(STRANGE), min_size=1, max_size=3))
    numbers = [draw(st.sampled_from(STRANGE)) for _ in range(2)]
    kind = draw(st.sampled_from((0, 1, 3, 7, 8, 10, 20, 21, 99)))
    for name in names:
        entries = tensorflow_files.read_entries(files[name])
        forged = dict(entries)[key]
        if how == "key":
            entries = [(k + b"x" if k == key else k, e) for k, e in entries]
        elif how == "shape":
            del forged.shape.dim[:]
            for size in dims:
                forged.shape.dim.add(size=size)
        elif how == "place":
            forged.offset, forged.size = numbers
        else:
            forged.dtype = kind
        files[name] = tensorflow_files.write_entries(sorted(entries, key=lambda row: row[0]))
    return files


@st.composite
def forged_strings(draw):
    """Both checkpoints with another length of a string among the values."""
    files = dict(fuzz_runs.checkpoint_files())
    length = draw(st.sampled_from((0, 1, *HUGE, 2**64 - 1)))
    for name in [n for n in files if n.endswith(".index")]:
        entries = tensorflow_files.read_entries(files[name])
        values = name.replace(".index", ".data-00000-of-00001")
        entry = dict(entries)[GRAPH.encode()]
        begin = tensorflow_files.number(length)
        head = begin + tensorflow_files.checksum(begin).to_bytes(4, "little")
        old = files[values][entry.offset : entry.offset + entry.size]
        new = head + old[len(head) :]
        entry.crc32c = tensorflow_files.checksum(new)
        files[values] = files[values].replace(old, new)
        files[name] = tensorflow_files.write_entries(entries)
    return files


# Runs with what is no file.

KINDS = ("link", "link to a folder", "pipe", "device", "socket", "large", "folder")
VICTIM = b"precious"


def odd_runs():
    names = [*evaluated_files(), ".lock", "eval", "checkpoints", "checkpoints/x_temp", "SUSPECT"]
    return st.tuples(st.sampled_from(names), st.sampled_from(KINDS))


def put(path, kind, victim):
    """Puts something in the place of a file or folder."""
    if path.is_dir():
        path.rename(victim.parent / "moved")
    path.unlink(missing_ok=True)
    path.parent.mkdir(exist_ok=True)
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "socket":
        # Names of sockets are short.
        with socket.socket(socket.AF_UNIX) as made, tempfile.TemporaryDirectory() as place:
            made.bind(f"{place}/s")
            os.rename(f"{place}/s", path)
    elif kind == "large":
        path.touch()
        os.truncate(path, 2**40)
    elif kind == "folder":
        path.mkdir()
    else:
        targets = {"link": victim, "link to a folder": victim.parent, "device": "/dev/zero"}
        path.symlink_to(targets[kind])


def read_odd_run(given, folder):
    run, victim = folder / "run", folder / "other" / "victim_temp"
    victim.parent.mkdir()
    victim.write_bytes(VICTIM)
    fuzz_runs.write_all(run, evaluated_files())
    put(run / given[0], given[1], victim)
    try:
        trained = TrainedRun.load(run)
        assert trained.score(PIXELS).shape == (len(PIXELS),)
        trained.recalibrate(target_fpr=0.2)
        with mock.patch.object(card_facts, "git_revision", return_value=None):
            write_report(trained, _task(), 1)
    except OSError as error:
        # A folder in the place of a file: the system names it.
        raise ValueError(str(error)) from error
    finally:
        assert victim.read_bytes() == VICTIM
        assert {p.name for p in victim.parent.iterdir()} <= {"victim_temp"}


# Servers that answer slowly.

BODY = json.dumps({"outputs": {}}).encode()
BEGINS = (
    b"",
    b"HTTP/1.1 200 OK\r\nX: ",
    b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n10000;",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n{\r\n",
    b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 99999\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + BODY,
    b"HTTP/1.1 503 Busy\r\n",
)
DRIPS = (b" ", b"a", b"\r\n", b"1\r\n \r\n", b"HTTP/1.1 100 Continue\r\n\r\n", b"\0\0\0\xff\xff")


def slow_servers():
    return st.tuples(
        st.sampled_from(BEGINS), st.sampled_from(DRIPS), st.sampled_from((0.0, 0.01, 0.1))
    )


def read_slow(given, folder):
    del folder
    with _slow_server(*given) as port:
        address = ServerAddress.parse(f"rest://127.0.0.1:{port}/zeros")
        started = time.monotonic()
        try:
            with RestClient(address, RetryPolicy(attempts=1, timeout=SECONDS)) as client:
                ask_all(client)
        finally:
            # Three questions, and time for a busy machine.
            assert time.monotonic() - started < 3 * SECONDS + 3


class _slow_server:
    def __init__(self, begin, drip, pause):
        self._given, self._ended = (begin, drip, pause), threading.Event()

    def __enter__(self):
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._socket.settimeout(0.1)
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()
        return self._socket.getsockname()[1]

    def __exit__(self, *exception):
        self._ended.set()
        self._thread.join()
        self._socket.close()

    def _serve(self):
        workers = []
        while not self._ended.is_set():
            try:
                connection = self._socket.accept()[0]
            except TimeoutError:
                continue
            workers.append(threading.Thread(target=self._drip, args=(connection,), daemon=True))
            workers[-1].start()
        for worker in workers:
            worker.join()

    def _drip(self, connection):
        begin, drip, pause = self._given
        with connection:
            try:
                connection.recv(2**16)
                connection.sendall(begin)
                while not self._ended.wait(pause):
                    connection.sendall(drip)
            except OSError:
                return


READERS = (
    Reader("report", report_inputs, read_report, "", 20),
    Reader("prepared data set", prepared_inputs, read_prepared, "odd|features.json|pixels", 10),
    Reader("checkpoint, right checksums", forged_checkpoints, fuzz_runs.read_checkpoint, "", 4),
    Reader("checkpoint, strings", forged_strings, fuzz_runs.read_checkpoint, "", 10),
    Reader("run with links, pipes", odd_runs, read_odd_run, "run", 20),
    Reader("slow server", slow_servers, read_slow, "127.0.0.1", 20, allowed=("socket.connect",)),
)
