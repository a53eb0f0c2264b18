"""Readers of what only an attacker makes: right checksums, links and pipes, servers that drip."""

import os
import socket
import tempfile
from unittest import mock

from hypothesis import strategies as st

from memgan_tf.evaluation import card_facts
from memgan_tf.evaluation.trained_run import TrainedRun
from memgan_tf.report.page import write_report
from memgan_tf.training.checkpoint_index import GRAPH
from tests.reliability import fuzz_inputs as inputs
from tests.reliability import (
    fuzz_prepared,
    fuzz_reports,
    fuzz_runs,
    fuzz_slow_servers,
    tensorflow_files,
)
from tests.reliability.fuzz_readers import PIXELS, Reader

STRANGE = (-(2**62), -5, -1, 0, 1, 2, 49, 51, *inputs.HUGE)


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
    length = draw(st.sampled_from((0, 1, *inputs.HUGE, 2**64 - 1)))
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
    names = [
        *fuzz_reports.evaluated_files(),
        ".lock",
        "eval",
        "checkpoints",
        "checkpoints/x_temp",
        "SUSPECT",
    ]
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
    fuzz_runs.write_all(run, fuzz_reports.evaluated_files())
    put(run / given[0], given[1], victim)
    try:
        trained = TrainedRun.load(run)
        assert trained.score(PIXELS).shape == (len(PIXELS),)
        trained.recalibrate(target_fpr=0.2)
        with mock.patch.object(card_facts, "git_revision", return_value=None):
            write_report(trained, fuzz_reports.load_task(), 1)
    except OSError as error:
        # A folder in the place of a file: the system names it.
        raise ValueError(str(error)) from error
    finally:
        assert victim.read_bytes() == VICTIM
        assert {p.name for p in victim.parent.iterdir()} <= {"victim_temp"}


READERS = (
    Reader("report", fuzz_reports.report_inputs, fuzz_reports.read_report, "", 20),
    Reader(
        "prepared data set",
        fuzz_prepared.prepared_inputs,
        fuzz_prepared.read_prepared,
        "odd|features.json|pixels",
        10,
    ),
    Reader("checkpoint, right checksums", forged_checkpoints, fuzz_runs.read_checkpoint, "", 4),
    Reader("checkpoint, strings", forged_strings, fuzz_runs.read_checkpoint, "", 10),
    Reader("run with links, pipes", odd_runs, read_odd_run, "run", 20),
    Reader(
        "slow server",
        fuzz_slow_servers.slow_servers,
        fuzz_slow_servers.read_slow,
        "127.0.0.1",
        20,
        allowed=("socket.connect",),
    ),
)
