"""memgan doctor, on this installation and on broken ones."""

import collections
import importlib
import importlib.metadata
import os
import sys

import pytest

from memgan_tf.tools import health, main

HEALTHY = {
    "tensorflow": "2.21.0",
    "devices": ["CPU 0", "GPU 0"],
    "keras": "3.15.1",
    "backend": "tensorflow",
    "tensorboard": "2.21.0",
}


def one(findings, name):
    (found,) = [finding for finding in findings if finding.name == name]
    return found


@pytest.fixture
def healthy(monkeypatch, tmp_path):
    """An installation without a flaw and without the seconds of an import."""
    monkeypatch.setattr(health, "probe", lambda: (dict(HEALTHY), ""))
    monkeypatch.setattr(importlib.metadata, "requires", lambda _: ["numpy>=1.26"])
    monkeypatch.chdir(tmp_path)


def test_this_installation_runs():
    states = {finding.name: finding.state for finding in health.check_tensorflow()}
    assert states.keys() == {"tensorflow runs", "devices", "keras runs", "tensorboard runs"}
    assert "RED" not in states.values()


def test_nothing_red(healthy, fake_mnist, capsys):
    assert main.main(["doctor", f"--data_dir={fake_mnist.data_dir}"]) == 0
    output = capsys.readouterr().out
    assert "Nothing is RED" in output
    assert f"{fake_mnist.data_dir} has mnist" in output
    assert "\033" not in output  # no colours in a pipe


def test_something_red(healthy, monkeypatch, capsys):
    monkeypatch.setattr(importlib.metadata, "requires", lambda _: ["numpy>=99", "nosuchthing>=2"])
    assert main.main(["doctor"]) == 1
    captured = capsys.readouterr()
    assert "→ pip install 'numpy>=99'" in captured.out
    assert "RED   nosuchthing: is missing\n      → pip install 'nosuchthing>=2'" in captured.out
    assert captured.err == "memgan doctor: error: 2 RED; each has its fix in the line under it\n"


def test_extras_are_not_asked_for(monkeypatch):
    monkeypatch.setattr(
        importlib.metadata, "requires", lambda _: ['nosuchthing>=2; extra == "test"']
    )
    assert [finding.name for finding in health.check_versions()] == ["python"]


def test_a_python_that_is_not_supported(monkeypatch):
    monkeypatch.setattr(health.platform, "python_version", lambda: "3.8.1")
    finding = one(health.check_versions(), "python")
    assert finding.state == "RED"
    assert "Make an environment with a Python" in finding.fix


def test_a_package_that_is_not_installed(monkeypatch):
    def missing(name):
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(importlib.metadata, "metadata", missing)
    (finding,) = health.check_versions()
    assert (finding.state, finding.name) == ("RED", "memgan_tf")
    assert finding.fix.startswith("pip install .")


def test_a_folder_that_cannot_be_written(tmp_path, monkeypatch):
    def refuse(dir):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(health.tempfile, "TemporaryFile", refuse)
    (finding,) = health.check_model_dir(str(tmp_path / "a" / "b"))
    assert finding.state == "RED"
    assert finding.text == f"{tmp_path} cannot be written: Permission denied"


def test_a_full_disk(tmp_path, monkeypatch):
    usage = collections.namedtuple("usage", "free")
    monkeypatch.setattr(health.shutil, "disk_usage", lambda _: usage(2**29))
    finding = one(health.check_model_dir(str(tmp_path)), "disk")
    assert finding.state == "RED"
    assert finding.text.startswith("0.5 GiB free")
    assert not list(tmp_path.iterdir())


def test_data_sets(tmp_path, fake_mnist):
    assert health.check_data_sets(fake_mnist.data_dir).state == "ok"
    empty = health.check_data_sets(str(tmp_path))
    assert empty.state == "note"
    assert f"tfds.load('mnist', data_dir='{tmp_path}')" in empty.fix
    assert health.check_data_sets(str(tmp_path / "missing")).state == "RED"


def test_data_sets_when_the_library_is_broken(monkeypatch):
    monkeypatch.setitem(sys.modules, "tensorflow_datasets.core", None)
    finding = health.check_data_sets(None)
    assert finding.state == "RED"
    assert finding.fix.startswith("pip install --force-reinstall tensorflow-datasets")


def test_image_files(monkeypatch):
    assert health.check_pillow().state == "ok"
    features = importlib.import_module("PIL.features")
    monkeypatch.setattr(features, "check", lambda name: name != "webp")
    assert health.check_pillow().text == "Pillow cannot read WebP"
    monkeypatch.setitem(sys.modules, "PIL.features", None)
    assert health.check_pillow().state == "RED"


def test_the_extra_is_no_duty(monkeypatch):
    def missing(name):
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(importlib.metadata, "version", missing)
    finding = health.check_serving()
    assert finding.state == "note"
    assert "pip install 'memgan_tf[serving]'" in finding.fix


@pytest.mark.parametrize(
    ("probe", "message"),
    [
        ("import os; os.abort()", "the import crashed with SIGABRT"),
        ("raise ImportError('libcudart is missing')", "ImportError: libcudart is missing"),
        ("import time; time.sleep(60)", "no answer within 1 seconds"),
    ],
)
def test_a_tensorflow_that_does_not_import(probe, message, monkeypatch):
    monkeypatch.setattr(health, "PROBE", probe)
    monkeypatch.setattr(health, "PROBE_SECONDS", 1 if "sleep" in probe else 60)
    (finding,) = health.check_tensorflow()
    assert (finding.name, finding.state, finding.text) == ("tensorflow runs", "RED", message)
    assert finding.fix == "pip install --force-reinstall tensorflow keras"


@pytest.mark.parametrize(
    ("changes", "failure", "name", "fix"),
    [
        ({"backend": "jax"}, "", "keras runs", "unset KERAS_BACKEND"),
        ({"backend": None, "keras": None}, "no jax", "keras runs", "unset KERAS_BACKEND"),
        ({"tensorboard": "2.20.0"}, "", "tensorboard runs", "pip install 'tensorboard>=2.21'"),
        (
            {"tensorboard": None},
            "No module named 'pkg_resources'",
            "tensorboard runs",
            "pip install 'setuptools<82'",
        ),
        (
            {"tensorboard": None},
            "No module named 'tensorboard'",
            "tensorboard runs",
            "pip install --force-reinstall tensorboard",
        ),
    ],
)
def test_what_tensorflow_needs(changes, failure, name, fix, monkeypatch):
    found = {key: value for key, value in {**HEALTHY, **changes}.items() if value is not None}
    monkeypatch.setattr(health, "probe", lambda: (found, failure))
    monkeypatch.setitem(os.environ, "KERAS_BACKEND", "jax")
    finding = one(health.check_tensorflow(), name)
    assert (finding.state, finding.fix) == ("RED", fix)


def test_what_was_found_before_time_ran_out_is_known(monkeypatch):
    lines = ['FOUND {"tensorflow": "2.21.0"}', "a line of something else"]
    code = f"import time; print({lines[0]!r}, flush=True); print({lines[1]!r}); time.sleep(60)"
    monkeypatch.setattr(health, "PROBE", code)
    monkeypatch.setattr(health, "PROBE_SECONDS", 3)
    assert health.probe() == ({"tensorflow": "2.21.0"}, "no answer within 3 seconds")


def test_no_gpu_is_a_note(monkeypatch):
    monkeypatch.setattr(health, "probe", lambda: ({**HEALTHY, "devices": ["CPU 0"]}, ""))
    assert one(health.check_tensorflow(), "devices").state == "note"
