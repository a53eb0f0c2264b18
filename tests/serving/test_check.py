"""memgan serve-check and memgan score --server, from the command line."""

import re
import shutil
import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf

from memgan_tf.export.golden import Golden
from memgan_tf.serving.connect import make_client
from memgan_tf.serving.speed import Speed, measure_speed
from memgan_tf.tools import main


def serve_check(address, export, *flags):
    return main.main(["serve-check", f"--server={address}", f"--export={export}", *flags])


def test_serve_check(address, exported, capsys):
    flags = ["--requests=20", "--batch_size=4", "--concurrency=2"]
    assert serve_check(address, exported.path, *flags) == 0
    output = capsys.readouterr().out
    assert f"{address} has version 1 AVAILABLE" in output
    assert "21 golden images: scores bitwise equal" in output
    numbers = r"p50 [\d.]+ ms, p95 [\d.]+ ms, p99 [\d.]+ ms; \d+ images/s"
    assert re.search(f"20 requests of 4 images, 2 at a time: {numbers}", output)


def test_serve_check_finds_another_model(address, exported, tmp_path, capsys):
    export = shutil.copytree(exported.path, tmp_path / "2")
    golden = Golden.load(export)
    golden.outputs["anomaly_score"][4] += 1
    golden.save(export)
    assert serve_check(address, export) == 1
    error = capsys.readouterr().err.strip()
    assert len(error.splitlines()) == 1
    assert "anomaly_score of golden image 4 is" in error
    assert f"{address} runs another model or version" in error


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--server=http://x/y"], "`server` must be rest://"),
        (["--export=nowhere"], "`export` must be a version that memgan export made"),
        (["--requests=0"], "`requests` must be at least 1"),
        (["--attempts=0"], "`attempts` must be at least 1"),
        (["--timeout=0"], "`timeout` must be at least 0.001"),
    ],
)
def test_mistakes(flags, message, address, exported, capsys):
    assert serve_check(address, exported.path, *flags) == 1
    error = capsys.readouterr().err.strip()
    assert len(error.splitlines()) == 1
    assert message in error


def test_serve_check_over_rest_imports_no_tensorflow(ports, exported):
    code = (
        "import sys; from memgan_tf.tools.main import main; assert main(sys.argv[1:]) == 0;"
        "assert not {'tensorflow', 'keras'} & set(sys.modules)"
    )
    flags = [f"--server=rest://127.0.0.1:{ports['rest']}/zeros", f"--export={exported.path}"]
    command = [sys.executable, "-c", code, "serve-check", *flags, "--requests=2"]
    subprocess.run(command, check=True, capture_output=True)


def test_percentiles():
    speed = Speed(np.arange(1, 102) / 1000, 12.3)
    assert str(speed) == "p50 51.00 ms, p95 96.00 ms, p99 100.00 ms; 12 images/s"


def test_every_request_is_measured(servable, ports, quick, pixels):
    from memgan_tf.serving.address import ServerAddress

    address = ServerAddress.parse(f"rest://127.0.0.1:{ports['rest']}/zeros")
    speed = measure_speed(lambda: make_client(address, quick), pixels(3), 10, 5, 3)
    assert servable.requests == 10 + 3  # each client opens its connection by one more
    assert speed.latencies.shape == (10,)
    assert (speed.latencies > 0).all()


def score(output, *flags):
    return main.main(["score", f"--output={output}", *flags])


def test_a_server_writes_the_file_that_local_scoring_writes(
    address, exported, tmp_path, pixels, capsys
):
    folder = tmp_path / "photos"
    folder.mkdir()
    for index, image in enumerate(pixels(5)):
        (folder / f"{index}.png").write_bytes(tf.io.encode_png(image).numpy())
    colour = pixels(1, (40, 30, 3))[0]
    (folder / "large.jpg").write_bytes(tf.io.encode_jpeg(colour).numpy())
    (folder / "broken.png").write_bytes(b"no image")
    local, served = tmp_path / "local.csv", tmp_path / "served.csv"
    assert score(local, f"--run={exported.run}", f"--input={folder}") == 0
    first = capsys.readouterr()
    assert score(served, f"--server={address}", f"--input={folder}") == 0
    second = capsys.readouterr()
    assert served.read_text() == local.read_text()
    assert len(local.read_text().splitlines()) == 1 + 6
    assert second.out.replace("served.csv", "local.csv") == first.out
    assert "Left out" in second.err


def test_an_npz_file_of_another_shape(address, tmp_path, capsys):
    np.savez(tmp_path / "x.npz", images=np.zeros((3, 9, 9, 1), np.uint8))
    output = tmp_path / "scores.csv"
    assert score(output, f"--server={address}", f"--input={tmp_path / 'x.npz'}") == 1
    error = capsys.readouterr().err.strip().splitlines()[-1]
    assert "the request held images 0 to 2" in error
    assert not output.exists()


def test_a_run_or_a_server(tmp_path, exported, capsys):
    for flags in ([], [f"--run={exported.run}", "--server=rest://x/y"]):
        assert score(tmp_path / "o.csv", f"--input={tmp_path}", *flags) == 1
        assert (
            "one of `run`, `model` and `server` must be given, and not two"
            in capsys.readouterr().err
        )
