"""Processes of Python's own."""

import os
import signal
import subprocess
import sys
import time

from memgan_tf.programs import ORPHAN, module_command, python_command


def test_modules_of_the_working_directory_stay_out(tmp_path):
    (tmp_path / "json.py").write_text("raise SystemExit(3)")
    command = python_command("import json; print(json.dumps(1))")
    ended = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert ended.stdout == "1\n"


def test_a_module_sees_its_arguments():
    command = module_command("memgan_tf.tools.main", "--version", name="memgan")
    ended = subprocess.run(command, capture_output=True, text=True, check=True)
    assert ended.stdout.startswith("memgan_tf ")


def test_a_child_ends_with_its_parent():
    child = python_command(ORPHAN + "import time; time.sleep(60)")
    code = (
        "import os, subprocess, sys\n"
        f"made = subprocess.Popen({child!r}, stdin=subprocess.PIPE)\n"
        "print(made.pid, flush=True); sys.stdin.read()"
    )
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen([sys.executable, "-c", code], **pipes) as parent:
        number = int(parent.stdout.readline())
        os.kill(parent.pid, signal.SIGKILL)
    while os.path.exists(f"/proc/{number}") and not _has_ended(number):
        time.sleep(0.01)


def _has_ended(number):
    """Whether a process is a zombie, which nobody has asked about yet."""
    try:
        with open(f"/proc/{number}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True
