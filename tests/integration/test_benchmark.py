"""The grid on tiny settings: what is missing runs, once; failures are noted; kills are survived."""

import concurrent.futures
import contextlib
import errno
import json
import os
import pathlib
import signal
import socket
import subprocess
import sys
import time

import pytest

from memgan_tf.reproduction import grid as grids
from memgan_tf.reproduction.grid import STALE_SECONDS, Grid
from memgan_tf.reproduction.records import Cell
from memgan_tf.tools import main
from tests.reliability import processes

# MEMGAN in a grid is tried in tests/reliability/test_kill.py.
TINY = ("epochs=2", "widths=4")


def flags(tmp_path, *more):
    return [
        "benchmark",
        "--suite=digits",
        "--detectors=dcae",
        "--seeds=0",
        "--jobs=2",
        f"--model_dir={tmp_path / 'runs'}",
        f"--results_dir={tmp_path / 'results'}",
        *(f"--override={value}" for value in TINY),
        *more,
    ]


def quick_flags(tmp_path, detector, *more):
    """Of a grid whose cells end in a moment, where it does not matter what is trained."""
    replaced = ("--override=", "--detectors=")
    kept = [flag for flag in flags(tmp_path) if not flag.startswith(replaced)]
    return [*kept, f"--detectors={detector}", *more]


class AtOnce(concurrent.futures.Executor):
    """Runs what is submitted before it returns, because threads share standard output."""

    def __init__(self, max_workers):
        del max_workers

    def submit(self, function, /, *args, **kwargs):
        future = concurrent.futures.Future()
        future.set_result(function(*args, **kwargs))
        return future


@pytest.fixture
def in_this_process(monkeypatch):
    """For what does not depend on where a cell runs; tests of stops and kills start processes."""

    def run(grid, words, log):
        with contextlib.ExitStack() as stack:
            output = stack.enter_context(log.open("a"))
            stack.enter_context(contextlib.redirect_stdout(output))
            stack.enter_context(contextlib.redirect_stderr(output))
            return main.main(words)

    monkeypatch.setattr(Grid, "_run_command", run)
    monkeypatch.setattr(concurrent.futures, "ThreadPoolExecutor", AtOnce)


def records(tmp_path):
    return sorted((tmp_path / "results").glob("*/*/*/*/seed_*.json"))


def test_a_grid_runs_what_is_missing_and_makes_tables(tmp_path, capsys, in_this_process):
    assert main.main(flags(tmp_path, "--classes=0")) == 0
    assert "1 cell, 0 with a record" in capsys.readouterr().out
    first = {path: path.stat().st_mtime_ns for path in records(tmp_path)}
    assert len(first) == 1
    record = json.loads(records(tmp_path)[0].read_text())
    assert record["config"]["training"]["epochs"] == 2

    assert main.main(flags(tmp_path, "--classes=0,2")) == 0
    assert "2 cells, 1 with a record" in capsys.readouterr().out
    assert len(records(tmp_path)) == 2
    assert all(path.stat().st_mtime_ns == written for path, written in first.items())
    table = (tmp_path / "results" / "digits.md").read_text()
    assert "| 2 | **" in table
    assert not list((tmp_path / "results").rglob("*.claim"))


def test_a_failed_cell_is_noted_and_the_rest_goes_on(tmp_path, capsys, in_this_process):
    # A file where class 1's run should go.
    folder = tmp_path / "runs" / "default" / "kde" / "digits"
    folder.mkdir(parents=True)
    (folder / "1").write_text("in the way")
    assert main.main(quick_flags(tmp_path, "kde", "--classes=0,1")) == 1
    captured = capsys.readouterr()
    assert "1 cell failed" in captured.err
    assert len(records(tmp_path)) == 1
    (failure,) = (tmp_path / "results").rglob("*.failed")
    assert "`model_dir` must be writable" in failure.read_text()


@pytest.mark.slow
def test_a_stopped_grid_goes_on_where_it_was(tmp_path):
    settings = ("epochs=40", "widths=4", "steps_per_call=1")
    long = quick_flags(tmp_path, "dcae", *(f"--override={value}" for value in settings))
    long.append("--classes=0")
    process = processes.start(long, tmp_path / "first")
    deadline = time.monotonic() + 90
    while not list((tmp_path / "runs").rglob("ckpt-*.index")):
        assert process.is_alive
        assert time.monotonic() < deadline
        time.sleep(0.05)
    os.kill(process.pid, signal.SIGTERM)
    ended = process.wait(60)
    assert ended.code == 128 + signal.SIGTERM
    expected = "memgan benchmark: stopped; the same command continues from there"
    assert ended.output.splitlines()[-1] == expected
    assert not list((tmp_path / "results").rglob("*.claim"))
    assert not list((tmp_path / "results").rglob("*.failed"))
    assert processes.run(long, tmp_path / "second").code == 0
    assert len(records(tmp_path)) == 1
    (log,) = (tmp_path / "runs" / "logs").iterdir()
    assert "Resuming from step" in log.read_text()


@pytest.mark.parametrize(
    "since", [-STALE_SECONDS - 1, STALE_SECONDS + 60], ids=["old", "of a clock that is ahead"]
)
def test_another_machines_claim_is_left_alone_until_it_is_stale(tmp_path, in_this_process, since):
    cell = Cell("digits", "kde", "default", 0, 0)
    claim = cell.record_path(tmp_path / "results").with_suffix(".claim")
    claim.parent.mkdir(parents=True)
    claim.write_text("elsewhere 1\n")
    lines = []
    grid = Grid(tmp_path / "runs", tmp_path / "results", None, 1, lines.append)
    assert grid.run([cell]) == []
    assert "left to another process" in lines[-1]
    assert records(tmp_path) == []
    touched = time.time() + since
    os.utime(claim, (touched, touched))
    assert grid.run([cell]) == []
    assert len(records(tmp_path)) == 1
    assert not pathlib.Path(claim).exists()


def test_a_full_disk_leaves_no_claim(tmp_path, monkeypatch):
    def fill_up():
        raise OSError(errno.ENOSPC, "No space left on device")

    claim = tmp_path / "seed_0.claim"
    monkeypatch.setattr(grids.socket, "gethostname", fill_up)  # as if the write failed
    with pytest.raises(OSError, match=f"{claim}"), grids._claimed(claim):
        pass
    assert not claim.exists()
    monkeypatch.undo()
    with grids._claimed(claim) as mine:
        assert mine
        assert claim.read_text() == f"{socket.gethostname()} {os.getpid()}\n"


def test_where_no_cell_succeeds_the_failure_is_the_message(tmp_path, capsys, in_this_process):
    for place in ("runs/default/kde/digits", "results"):
        (tmp_path / place).mkdir(parents=True)
    (tmp_path / "runs/default/kde/digits/0").write_text("in the way")
    assert main.main(quick_flags(tmp_path, "kde", "--classes=0")) == 1
    (line,) = capsys.readouterr().err.strip().splitlines()
    assert "1 cell failed, kde default digits 0 seed 0 first" in line


def test_a_dead_process_of_this_machine_has_no_claim(tmp_path, in_this_process):
    cell = Cell("digits", "kde", "default", 0, 0)
    claim = cell.record_path(tmp_path / "results").with_suffix(".claim")
    claim.parent.mkdir(parents=True)
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    claim.write_text(f"{socket.gethostname()} {ended.pid}\n")
    assert Grid(tmp_path / "runs", tmp_path / "results", None, 1).run([cell]) == []
    assert len(records(tmp_path)) == 1
