"""Measuring in benchmarks: variants take turns in one process; ratios compare neighbors."""

import contextlib
import importlib.metadata
import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import time

SEED = (1, 2)


def take_turns(variants, rounds):
    """Seconds of each call by variant, in turns (A B A B …), so that changes affect all equally.

    Args:
        variants: Functions of no arguments by name. Each is called once before the first round.
        rounds: Number of calls of each.
    """
    for call in variants.values():
        call()
    wait_for_gpus()
    seconds = {name: [] for name in variants}
    for _ in range(rounds):
        for name, call in variants.items():
            started = time.perf_counter()
            call()
            wait_for_gpus()
            seconds[name].append(time.perf_counter() - started)
    return seconds


def wait_for_gpus():
    """Waits for started GPU work of the libraries; does nothing without a GPU."""
    import tensorflow as tf

    if tf.config.list_physical_devices("GPU"):
        tf.test.experimental.sync_devices()
    if torch_device() == "cuda":
        sys.modules["torch"].cuda.synchronize()


def torch_device():
    """Device of PyTorch's variants: a GPU if PyTorch is imported and has one."""
    torch = sys.modules.get("torch")
    return "cuda" if torch and torch.cuda.is_available() else "cpu"


def ratios(seconds, name, base):
    """Seconds of `name` divided by those of `base`, round by round."""
    return [a / b for a, b in zip(seconds[name], seconds[base], strict=True)]


def spread(values, digits=2):
    """Median (lowest to highest)."""
    low, high = min(values), max(values)
    return f"{statistics.median(values):.{digits}f} ({low:.{digits}f} to {high:.{digits}f})"


def per_second(count, seconds):
    """Rate of `count` items per second at the median, with three significant digits."""
    rate = count / statistics.median(seconds)
    return f"{rate:,.0f}" if rate >= 100 else f"{rate:.3g}"


def matrix_product(size=1024, repeats=10):
    """A function that multiplies float32 matrices, and its floating-point operations."""
    import tensorflow as tf

    matrix = tf.random.stateless_normal((size, size), SEED)
    product = tf.function(tf.linalg.matmul)

    def run():
        for _ in range(repeats):
            result = product(matrix, matrix)
        result.numpy()

    return run, 2 * size**3 * repeats


def peak_memory():
    """Largest resident memory of this process so far, GiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


def run_child(code, *arguments):
    """Runs Python code in a separate process.

    Returns:
        Its last line of output, the seconds from before its start to its end, and its peak memory
        in GiB.
    """
    line, seconds, usage = _run_child(code, arguments)
    return line, seconds, usage.ru_maxrss / 2**20


def child_usage(code, *arguments):
    """As `run_child`; CPU seconds, seconds from before it began to its end, and GiB of memory.

    On a machine that other work keeps busy, CPU seconds change least.
    """
    _, seconds, usage = _run_child(code, arguments)
    return usage.ru_utime + usage.ru_stime, seconds, usage.ru_maxrss / 2**20


def _run_child(code, arguments):
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "STARTED": repr(time.time())}
    command = [sys.executable, "-c", code, *map(str, arguments)]
    started = time.perf_counter()
    with tempfile.TemporaryFile("w+") as output, tempfile.TemporaryFile("w+") as errors:
        process = subprocess.Popen(command, stdout=output, stderr=errors, env=environment)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        seconds = time.perf_counter() - started
        output.seek(0)
        errors.seek(0)
        lines = output.read().splitlines()
        if process.returncode:
            raise RuntimeError(f"{arguments} failed: {errors.read()[-2000:]}")
    return (lines or [""])[-1], seconds, usage


def describe_machine(threads, code=""):
    """Facts that a figure depends on, for its record.

    Args:
        threads: Number of threads of every library.
        code: Version of this code; if empty, Git gives it.
    """
    import keras
    import numpy as np
    import tensorflow as tf

    from memgan_tf.training.environment import describe_processor

    found = {
        "processor": describe_processor(),
        "cores": os.cpu_count(),
        "threads": threads,
        "load before": round(os.getloadavg()[0], 1),
        "GPUs": _gpus(),
        "Python": platform.python_version(),
        "TensorFlow": tf.__version__,
        "Keras": keras.__version__,
        "NumPy": np.__version__,
    }
    if torch := optional("torch"):
        found["PyTorch"] = torch.__version__
    if pyod := optional("pyod"):
        found["PyOD"] = pyod.__version__
    with contextlib.suppress(importlib.metadata.PackageNotFoundError):
        found["anomalib"] = importlib.metadata.version("anomalib")
    if found["GPUs"]:
        found["GPUs"] = ", ".join(found["GPUs"])
        found["CUDA and cuDNN"] = _cuda_versions()
    if code or (code := _git_version()):
        found["code"] = code
    return found


def _gpus():
    import tensorflow as tf

    gpus = tf.config.list_physical_devices("GPU")
    return [tf.config.experimental.get_device_details(gpu)["device_name"] for gpu in gpus]


def _cuda_versions():
    """Versions that TensorFlow was built with; the installed ones may be newer."""
    import tensorflow as tf

    built = tf.sysconfig.get_build_info()
    return f"TensorFlow's {built['cuda_version']} and {built['cudnn_version']}"


def _git_version():
    command = ["git", "-C", os.path.dirname(__file__), "describe", "--always", "--dirty"]
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return ""


def optional(name):
    """A package of the extra `benchmark`; None if it is not installed."""
    import importlib

    try:
        return importlib.import_module(name)
    except ImportError:
        return None
