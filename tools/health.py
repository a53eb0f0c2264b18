"""Checks of an installation, with fixes. TensorFlow is checked last, in a separate process."""

import contextlib
import dataclasses
import importlib
import importlib.metadata
import json
import os
import pathlib
import platform
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from typing import Any

from memgan_tf.programs import python_command

PACKAGE = "memgan_tf"
FREE_GIB = 1.0
SETUPTOOLS = "'setuptools<82'"
PROBE_SECONDS = 180
# Prints a line of JSON after each successful step, to locate a crash.
PROBE = """
import json, os
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
def tell(**found): print("FOUND " + json.dumps(found), flush=True)
import tensorflow as tf
tell(tensorflow=tf.__version__)
devices = tf.config.list_physical_devices()
tell(devices=[f"{d.device_type} {d.name.rpartition(':')[2]}" for d in devices])
import keras
tell(keras=keras.__version__, backend=keras.backend.backend())
from tensorboard import default, program
from tensorboard.plugins.hparams import api
from tensorboard.plugins.projector import visualize_embeddings
import tensorboard
tell(tensorboard=tensorboard.__version__)
"""


@dataclasses.dataclass(frozen=True)
class Finding:
    """One line of the doctor's report.

    Attributes:
        name: What was checked.
        state: `ok`, `note` (works, but good to know) or `RED` (must be fixed).
        text: What was found.
        fix: What to do; empty if nothing.
    """

    name: str
    state: str
    text: str
    fix: str = ""


def examine(model_dir: str, data_dir: str | None) -> Iterator[Finding]:
    """Yields all findings, the quick ones first.

    Args:
        model_dir: Folder for runs.
        data_dir: Folder of tensorflow-datasets; None is its own default.
    """
    yield check_platform()
    yield from check_versions()
    yield from check_model_dir(model_dir)
    yield check_data_sets(data_dir)
    yield check_pillow()
    yield check_serving()
    yield from check_tensorflow()


def check_platform() -> Finding:
    """Checks the system, because file locks and renames are those of Linux and macOS."""
    system = platform.system()
    if system == "Linux":
        return Finding("system", "ok", platform.platform())
    if system == "Darwin":
        return Finding("system", "note", platform.platform(), "macOS: it works, but is not tested")
    fix = "Use the Windows Subsystem for Linux (WSL 2), or a container"
    return Finding("system", "RED", f"{system or 'unknown'} does not have file locks", fix)


def check_versions() -> Iterator[Finding]:
    """Checks Python and every required package against the declared bounds."""
    from packaging.requirements import Requirement
    from packaging.specifiers import SpecifierSet

    try:
        metadata = importlib.metadata.metadata(PACKAGE)
    except importlib.metadata.PackageNotFoundError:
        fix = "pip install . in the folder that has pyproject.toml"
        yield Finding(PACKAGE, "RED", "is not installed in this Python", fix)
        return
    python, supported = platform.python_version(), metadata["Requires-Python"]
    good = SpecifierSet(supported).contains(python, prereleases=True)
    fix = "" if good else f"Make an environment with a Python {supported}, and install there"
    yield Finding("python", "ok" if good else "RED", f"{python} ({sys.executable})", fix)
    for text in importlib.metadata.requires(PACKAGE) or ():
        requirement = Requirement(text)
        if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
            yield _check_package(requirement)


def _check_package(requirement):
    fix = f"pip install '{requirement}'"
    try:
        version = importlib.metadata.version(requirement.name)
    except importlib.metadata.PackageNotFoundError:
        return Finding(requirement.name, "RED", "is missing", fix)
    if not requirement.specifier.contains(version, prereleases=True):
        text = f"{version} is not {requirement.specifier}"
        return Finding(requirement.name, "RED", text, fix)
    return Finding(requirement.name, "ok", version)


def check_model_dir(model_dir: str) -> Iterator[Finding]:
    """Checks whether runs can be written there, and the free space."""
    path = pathlib.Path(model_dir).absolute()
    existing = next(p for p in (path, *path.parents) if p.exists())
    try:
        with tempfile.TemporaryFile(dir=existing):
            pass
    except OSError as error:
        fix = "Name another folder with --model_dir, here and in memgan train"
        yield Finding("model_dir", "RED", f"{existing} cannot be written: {error.strerror}", fix)
        return
    yield Finding("model_dir", "ok", f"{path} can be written")
    free = shutil.disk_usage(existing).free / 2**30
    fix = (
        "" if free >= FREE_GIB else f"Free {FREE_GIB:g} GiB, or name a --model_dir on another disk"
    )
    yield Finding("disk", "RED" if fix else "ok", f"{free:.1f} GiB free at {existing}", fix)


def check_data_sets(data_dir: str | None) -> Finding:
    """Lists prepared sets of tensorflow-datasets; none is fine, because other data need none."""
    name = "data_dir"
    try:
        from tensorflow_datasets.core import constants
    except Exception as error:
        # A broken installation may raise anything.
        fix = "pip install --force-reinstall tensorflow-datasets importlib_resources"
        return Finding(name, "RED", f"tensorflow-datasets fails: {_line(error)}", fix)
    root = pathlib.Path(data_dir or constants.DATA_DIR).expanduser()
    if data_dir is not None and not root.is_dir():
        return Finding(name, "RED", f"{root} is not a folder", "Name the folder of prepared sets")
    found = sorted({p.parents[1].relative_to(root) for p in root.glob("*/*/dataset_info.json")})
    if found:
        return Finding(name, "ok", f"{root} has {', '.join(map(str, found))}")
    fix = f"Only for mnist, cifar10 and tfds:<name>: {_prepare('mnist', root)}"
    return Finding(name, "note", f"no prepared data set in {root}", fix)


def _prepare(name, root):
    code = f"import tensorflow_datasets as tfds; tfds.load('{name}', data_dir='{root}')"
    return f'python -c "{code}"'


def check_pillow() -> Finding:
    """Checks which kinds of image files can be read."""
    fix = "pip install --force-reinstall pillow"
    try:
        features = importlib.import_module("PIL.features")
    except Exception as error:
        return Finding("image files", "RED", f"Pillow fails: {_line(error)}", fix)
    kinds = {"PNG": "zlib", "JPEG": "jpg", "WebP": "webp", "TIFF": "libtiff"}
    missing = [kind for kind, feature in kinds.items() if not features.check(feature)]
    if missing:
        return Finding("image files", "RED", f"Pillow cannot read {', '.join(missing)}", fix)
    return Finding("image files", "ok", f"{', '.join(kinds)}, BMP, GIF")


def check_serving() -> Finding:
    """Checks the extra that gRPC clients and warm-up requests need."""
    try:
        version = importlib.metadata.version("tensorflow-serving-api")
    except importlib.metadata.PackageNotFoundError:
        fix = "For gRPC clients and warm-up requests: pip install 'memgan_tf[serving]'"
        return Finding("serving", "note", "tensorflow-serving-api is not installed", fix)
    return Finding("serving", "ok", f"tensorflow-serving-api {version}")


def check_tensorflow() -> Iterator[Finding]:
    """Imports TensorFlow, Keras and TensorBoard in a separate process, which may crash."""
    found, failure = probe()
    import_fix = "pip install --force-reinstall tensorflow keras"
    if "devices" not in found:
        yield Finding("tensorflow runs", "RED", failure, import_fix)
        return
    yield Finding("tensorflow runs", "ok", found["tensorflow"])
    fix = "" if any(d.startswith("GPU") for d in found["devices"]) else "No GPU: it works, slower"
    yield Finding("devices", "note" if fix else "ok", ", ".join(found["devices"]), fix)
    yield _check_keras(found, failure, import_fix)
    if "keras" not in found:
        return
    if "tensorboard" in found:
        yield _compare_tensorboard(found)
    else:
        # Older TensorBoards import modules that setuptools 82 has dropped.
        dropped = "pkg_resources" in failure
        fix = f"pip install {SETUPTOOLS if dropped else '--force-reinstall tensorboard'}"
        yield Finding("tensorboard runs", "RED", failure, fix)


def _check_keras(found, failure, import_fix):
    """Checks the backend of Keras, which the environment may choose."""
    if found.get("backend") == "tensorflow":
        return Finding("keras runs", "ok", f"{found['keras']} on tensorflow")
    chosen = os.environ.get("KERAS_BACKEND", "tensorflow")
    text = f"{found['keras']} on {found['backend']}" if "keras" in found else failure
    if chosen != "tensorflow":
        return Finding(
            "keras runs", "RED", f"{text} (KERAS_BACKEND={chosen})", "unset KERAS_BACKEND"
        )
    if "keras" in found:
        fix = 'Set "backend": "tensorflow" in ~/.keras/keras.json'
        return Finding("keras runs", "RED", text, fix)
    return Finding("keras runs", "RED", text, import_fix)


def _compare_tensorboard(found):
    """Checks that TensorBoard is not older than TensorFlow, whose files it reads."""
    ours, theirs = (
        tuple(int(part) for part in found[name].split(".")[:2])
        for name in ("tensorboard", "tensorflow")
    )
    text = f"{found['tensorboard']} with TensorFlow {found['tensorflow']}"
    if ours >= theirs:
        return Finding("tensorboard runs", "ok", text)
    bound = ".".join(map(str, theirs))
    return Finding("tensorboard runs", "RED", text, f"pip install 'tensorboard>={bound}'")


def probe() -> tuple[dict[str, Any], str]:
    """The findings of `PROBE`, and why it ended early (empty if it did not)."""
    environment = {**os.environ, "PYTHONWARNINGS": "ignore"}
    try:
        process = subprocess.run(
            python_command(PROBE),
            capture_output=True,
            text=True,
            timeout=PROBE_SECONDS,
            env=environment,
        )
        output, errors = process.stdout, process.stderr
        code: int | None = process.returncode
    except subprocess.TimeoutExpired as error:
        # Bytes, even though text was requested.
        held: bytes | str = error.stdout or ""
        output = held.decode(errors="replace") if isinstance(held, bytes) else held
        code, errors = None, f"no answer within {PROBE_SECONDS} seconds"
    found = {}
    for line in output.splitlines():
        if line.startswith("FOUND "):
            found.update(json.loads(line.removeprefix("FOUND ")))
    return found, _failure(code, errors)


def _failure(code, errors):
    if code == 0:
        return ""
    if code is not None and code < 0:
        with contextlib.suppress(ValueError):
            return f"the import crashed with {signal.Signals(-code).name}"
    return errors.strip().splitlines()[-1] if errors.strip() else f"the import ended with {code}"


def _line(error):
    return f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}"
