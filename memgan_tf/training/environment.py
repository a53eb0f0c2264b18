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
# Vector instructions as Linux names them, widest first: kernels that use others round otherwise.
VECTORS = {"avx512f": "AVX-512", "avx2": "AVX2", "avx": "AVX", "sve": "SVE", "asimd": "NEON"}
CPU_FACTS = pathlib.Path("/proc/cpuinfo")


def describe_environment() -> dict[str, Any]:
    """Versions and settings that a result depends on."""
    return {
        "memgan_tf": __version__,
        "source": source_digest(),
        "python": platform.python_version(),
        **{package: _version_of(package) for package in PACKAGES},
        **{name: os.environ.get(name) for name in BIT_CHANGING},
        "processor": describe_processor(),
        "cpu_count": os.cpu_count(),
        **_describe_gpus(),
        "platform": platform.platform(),
        "command": shlex.join([pathlib.Path(sys.argv[0]).name, *sys.argv[1:]]),
    }


def describe_processor() -> str:
    """The processor's model and its widest vector instructions, as far as the system tells."""
    try:
        lines = CPU_FACTS.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        lines = []
    facts: dict[str, str] = {}
    for name, _, value in (line.partition(":") for line in lines):
        facts.setdefault(name.strip().lower(), value.strip())
    model = facts.get("model name") or platform.processor() or platform.machine()
    instructions = (facts.get("flags") or facts.get("features", "")).split()
    widest = next((known for flag, known in VECTORS.items() if flag in instructions), None)
    return f"{model}, {widest}" if widest else model


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
