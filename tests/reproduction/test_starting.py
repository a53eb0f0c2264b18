"""Processes of a grid, forked or not: output, exit codes, ends."""

import os
import pathlib
import signal
import sys
import time

import pytest

from memgan_tf.reproduction import starting
from memgan_tf.reproduction.starting import ForkingStarter, PlainStarter

needs_forks = pytest.mark.skipif(sys.platform != "linux", reason="forks")
SECONDS = 30.0


@pytest.fixture(params=[PlainStarter, pytest.param(ForkingStarter, marks=needs_forks)])
def starter(request, tmp_path, monkeypatch):
    # The library that a grid shares takes seconds to import; any stands for it.
    monkeypatch.setattr(starting, "IMPORTED", ("json",))
    folder = [tmp_path / "logs"] if request.param is ForkingStarter else []
    with request.param(*folder) as made:
        yield made


def command_of(process):
    return pathlib.Path(f"/proc/{process}/cmdline").read_bytes()


def children_of(process):
    return list(
        map(int, pathlib.Path(f"/proc/{process}/task/{process}/children").read_text().split())
    )


def wait_until(condition):
    deadline = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_a_command_appends_its_output_and_has_its_own_code(starter, tmp_path):
    log = tmp_path / "log"
    log.write_text("before\n")
    codes = [starter.start([verb], log).wait() for verb in ("--version", "trian")]
    assert codes == [0, 1]
    before, version, error = log.read_text().splitlines()
    assert before == "before"
    assert version.startswith("memgan_tf ")
    assert "did you mean train" in error.lower()


def test_commands_run_at_once_with_one_thread_each(starter, tmp_path):
    processes = [starter.start(["--version"], tmp_path / f"{i}") for i in range(4)]
    assert [process.wait() for process in processes] == [0] * 4
    assert len({(tmp_path / f"{i}").read_text() for i in range(4)}) == 1


@pytest.fixture
def forks(tmp_path, monkeypatch):
    """A starter whose commands sleep until a signal ends them."""
    (tmp_path / "sleeping.py").write_text("import time\ntime.sleep(600)\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setattr(starting, "IMPORTED", ("json",))
    monkeypatch.setattr(starting, "SERVER", "sleeping_server")
    server = (
        "import sys\nfrom memgan_tf.reproduction import fork_server\n"
        "fork_server.COMMAND = 'sleeping'\nfork_server.main(sys.argv[2:])\n"
    )
    (tmp_path / "sleeping_server.py").write_text(server)
    with ForkingStarter(tmp_path / "logs") as made:
        yield made


@needs_forks
def test_one_of_several_is_asked_to_end(forks, tmp_path):
    first, second = (forks.start(["x"], tmp_path / name) for name in "ab")
    first.terminate()
    assert first.wait() == -signal.SIGTERM
    assert len(children_of(forks._server.pid)) == 1
    second.terminate()
    assert second.wait() == -signal.SIGTERM


@needs_forks
def test_commands_end_with_the_process_that_forked_them(forks, tmp_path):
    process = forks.start(["x"], tmp_path / "log")
    server = forks._server.pid
    wait_until(lambda: children_of(server))
    (child,) = children_of(server)
    # So that a list of processes shows whose they are.
    assert str(tmp_path / "logs").encode() in command_of(child)
    os.kill(server, signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    wait_until(lambda: not pathlib.Path(f"/proc/{child}").exists())
    assert "The process that starts commands has ended" in (tmp_path / "log").read_text()
    again = forks.start(["x"], tmp_path / "log")
    again.terminate()
    assert again.wait() == -signal.SIGTERM


@needs_forks
def test_the_server_ends_at_once_and_with_it_the_commands(tmp_path, monkeypatch):
    # TensorFlow takes seconds to be taken down, in which commands would go on to write.
    slow = (
        "import atexit, os, time\n"
        "server = os.getpid()\n"
        "atexit.register(lambda: time.sleep(3600) if os.getpid() == server else None)\n"
    )
    (tmp_path / "slow_to_end.py").write_text(slow)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setattr(starting, "IMPORTED", ("slow_to_end",))
    with ForkingStarter(tmp_path) as starter:
        starter.start(["--help"], tmp_path / "log").wait()
        server = starter._server
        server.stdin.close()
        assert server.wait(timeout=SECONDS) == 0
