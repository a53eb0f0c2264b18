"""What a result depends on besides its configuration: versions, settings, the machine."""

import importlib.metadata
import os
import pathlib
import platform
import shlex
import sys
from typing import Any

from memgan_tf.source_digest import source_digest
from memgan_tf.version import __version__

PACKAGES = ("tensorflow", "keras", "numpy", "scikit-learn", "tensorflow-datasets")
# Environment variables that change bits of the result on the same machine.
BIT_CHANGING = ("TF_NUM_INTRAOP_THREADS", "TF_ENABLE_ONEDNN_OPTS", "TF_USE_LEGACY_KERAS")


def describe_environment() -> dict[str, Any]:
    """Versions and settings that a result depends on."""
    return {
        "memgan_tf": __version__,
        "source": source_digest(),
        "python": platform.python_version(),
        **{package: _version_of(package) for package in PACKAGES},
        **{name: os.environ.get(name) for name in BIT_CHANGING},
        "cpu_count": os.cpu_count(),
        **_describe_gpus(),
        "platform": platform.platform(),
        "command": shlex.join([pathlib.Path(sys.argv[0]).name, *sys.argv[1:]]),
    }


def _describe_gpus():
    """The GPUs that TensorFlow has found, if it is imported and there are any."""
    tf: Any = sys.modules.get("tensorflow")
    gpus = tf.config.list_physical_devices("GPU") if tf else []
    details = [tf.config.experimental.get_device_details(gpu) for gpu in gpus]
    names = [each.get("device_name", gpu.name) for each, gpu in zip(details, gpus, strict=True)]
    return {"gpus": names} if names else {}


def _version_of(package):
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None
