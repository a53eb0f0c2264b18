"""What a result depends on besides its configuration: versions, settings, the machine."""

import importlib.metadata
import os
import pathlib
import platform
import shlex
import sys
from typing import Any

from memgan_tf.version import __version__

PACKAGES = ("tensorflow", "keras", "numpy", "scikit-learn", "tensorflow-datasets")
# Environment variables that change bits of the result on the same machine.
BIT_CHANGING = ("TF_NUM_INTRAOP_THREADS", "TF_ENABLE_ONEDNN_OPTS", "TF_USE_LEGACY_KERAS")


def describe_environment() -> dict[str, Any]:
    """Versions and settings that a result depends on."""
    return {
        "memgan_tf": __version__,
        "python": platform.python_version(),
        **{package: _version_of(package) for package in PACKAGES},
        **{name: os.environ.get(name) for name in BIT_CHANGING},
        "cpu_count": os.cpu_count(),
        "platform": platform.platform(),
        "command": shlex.join([pathlib.Path(sys.argv[0]).name, *sys.argv[1:]]),
    }


def _version_of(package):
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None
