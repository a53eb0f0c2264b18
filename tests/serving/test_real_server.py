"""The same checks against TensorFlow Serving itself, where there is one."""

import contextlib
import os
import pathlib
import shutil
import socket
import subprocess
import time
import uuid

import pytest

from memgan_tf.serving.address import ServerAddress
from memgan_tf.serving.connect import make_client
from memgan_tf.serving.retries import RetryPolicy, ServerUnavailable
from memgan_tf.tools import main

BINARY = "tensorflow_model_server"
IMAGE = os.environ.get("TF_SERVING_IMAGE", "tensorflow/serving:2.21.0")
START_SECONDS = 120


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def docker_answers():
    if shutil.which("docker") is None:
        return False
    try:
        command = ["docker", "image", "inspect", IMAGE]
        return subprocess.run(command, capture_output=True, timeout=20).returncode == 0
    except subprocess.TimeoutExpired:
        return False


@contextlib.contextmanager
def real_server(base_path):
    """Ports of TensorFlow Serving by protocol, from the PATH or from Docker."""
    ports = {"grpc": free_port(), "rest": free_port()}
    if shutil.which(BINARY):
        flags = [f"--port={ports['grpc']}", f"--rest_api_port={ports['rest']}"]
        command = [BINARY, *flags, "--model_name=zeros", f"--model_base_path={base_path}"]
        stop = None
    elif docker_answers():
        name = f"memgan-test-{uuid.uuid4().hex[:8]}"
        publish = [f"-p127.0.0.1:{ports['grpc']}:8500", f"-p127.0.0.1:{ports['rest']}:8501"]
        mount = ["-v", f"{base_path}:/models/zeros:ro", "-e", "MODEL_NAME=zeros"]
        command = ["docker", "run", "--rm", "--name", name, *publish, *mount, IMAGE]
        stop = ["docker", "stop", name]
    else:
        pytest.skip(f"no {BINARY} on the PATH, and no Docker engine that has {IMAGE}")
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield ports
    finally:
        if stop:
            subprocess.run(stop, check=False, capture_output=True, timeout=60)
        process.terminate()
        process.wait(timeout=60)


@pytest.fixture(scope="module")
def addresses(exported):
    with real_server(pathlib.Path(exported.path).parent) as ports:
        found = [f"{protocol}://127.0.0.1:{port}/zeros" for protocol, port in ports.items()]
        for address in found:
            wait_for(address)
        yield found


def wait_for(address):
    deadline = time.monotonic() + START_SECONDS
    with make_client(ServerAddress.parse(address), RetryPolicy(1, 5.0)) as client:
        while True:
            try:
                if "AVAILABLE" in client.versions().values():
                    return
            except (ServerUnavailable, ValueError):
                assert time.monotonic() < deadline
            time.sleep(0.2)


@pytest.mark.slow
def test_serve_check(addresses, exported, capsys):
    for address in addresses:
        flags = [f"--server={address}", f"--export={exported.path}", "--requests=50"]
        assert main.main(["serve-check", *flags]) == 0, capsys.readouterr().err
