"""Fixtures that several folders of tests share."""

# ruff: noqa: E402  (what must come before the imports)
import contextlib
import dataclasses
import gc
import io
import os
import pathlib
import signal
import tempfile
import warnings

# Imports make no garbage, only time for the collector; see `pytest_runtestloop`.
gc.disable()
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
if "PYTEST_XDIST_WORKER" in os.environ:
    # Processes side by side are fastest with a thread each.
    os.environ.setdefault("TF_NUM_INTRAOP_THREADS", "1")
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # A shell's job in the background ignores it, and so would the processes that tests start.
    signal.signal(signal.SIGINT, signal.default_int_handler)

import numpy as np
import pytest
import tensorflow as tf
import tensorflow_datasets as tfds
from tensorflow.python.data.ops import multi_device_iterator_ops

from memgan_tf.config import resolve
from memgan_tf.tools import main
from tests import side_by_side, slow_marks
from tests.report.browser import find_browser, open_browser

# Two logical devices stand in for two GPUs; it must come before TensorFlow does anything.
tf.config.set_logical_device_configuration(
    tf.config.list_physical_devices("CPU")[0],
    [tf.config.LogicalDeviceConfiguration(), tf.config.LogicalDeviceConfiguration()],
)


def _without_autotuning(make):
    """The data sets from which TensorFlow's replicas read, without a thread that tunes them.

    Under load that thread misses the end of its iterator and sleeps on, up to a minute, while the
    garbage collector waits for it (TensorFlow 2.21). Nothing public reaches these data sets.
    """

    def wrapped(*args):
        options = tf.data.Options()
        options.autotune.enabled = False
        return make(*args).with_options(options)

    return wrapped


multi_device_iterator_ops._create_device_dataset = _without_autotuning(
    multi_device_iterator_ops._create_device_dataset
)

# Decoded folders of images, of this process and those that it starts.
CACHE = tempfile.TemporaryDirectory(prefix="memgan_tf_cache_")
os.environ["MEMGAN_CACHE_DIR"] = CACHE.name
# The key that seals the runs of these tests is not the user's own.
os.environ["XDG_STATE_HOME"] = CACHE.name

DATA_DIR = pathlib.Path(__file__).parents[2] / "shared" / "datasets"


def pytest_collection_modifyitems(items):
    """Long groups come first."""
    items.sort(key=lambda item: side_by_side.sort_key(item.nodeid))


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop():
    """Modules and tests are here to stay: what collects garbage need not look at them."""
    gc.freeze()
    gc.enable()


def pytest_xdist_make_scheduler(config, log):
    """Tests that share a trained run share a process."""
    return side_by_side.make_scheduler(config, log)


def pytest_terminal_summary(terminalreporter):
    """Marks of slow tests are to be honest."""
    slow_marks.summarize(terminalreporter)


@pytest.fixture(scope="session")
def real_data_dir():
    """Prepared MNIST and CIFAR-10, where they are at hand."""
    if not (DATA_DIR / "mnist").is_dir():
        pytest.skip(f"MNIST and CIFAR-10 prepared for tensorflow-datasets are not in {DATA_DIR}")
    return str(DATA_DIR)


def tiny_overrides(**overrides):
    """A configuration of MEMGAN on the digits that trains in a second."""
    return {
        "dataset": "digits",
        "normal_class": 0,
        "epochs": 2,
        "batch_size": 32,
        "base_width": 4,
        "discriminator_width": 8,
        "latent_dim": 6,
        "num_units": 5,
        "learning_rate": 1e-3,
        "steps_per_call": 2,
        **overrides,
    }


@contextlib.contextmanager
def untraced():
    """A trace takes as long as some twenty steps without one."""
    with warnings.catch_warnings():
        # The data sets are traced all the same, and TensorFlow warns of it.
        warnings.filterwarnings("ignore", "Even though the `tf.config", UserWarning)
        tf.config.run_functions_eagerly(True)
        try:
            yield
        finally:
            tf.config.run_functions_eagerly(False)


@pytest.fixture(scope="session")
def tiny_config():
    """Makes a tiny MEMGAN configuration, with overrides by field name."""
    return lambda **overrides: resolve("memgan", "default", (8, 8, 1), tiny_overrides(**overrides))


@pytest.fixture(scope="session")
def pixels():
    """Makes random raw pixels, `(num_images, *image_shape)` uint8."""

    def make(num_images=8, image_shape=(8, 8, 1), seed=0):
        shape = (num_images, *image_shape)
        return np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)

    return make


@dataclasses.dataclass
class FakeMnist:
    data_dir: str
    train: tuple
    test: tuple


@pytest.fixture(scope="session")
def fake_mnist(tmp_path_factory):
    from tensorflow_datasets.image_classification import mnist

    generator = np.random.default_rng(0)

    def split(count):
        images = generator.integers(0, 256, (count, 28, 28, 1), dtype=np.uint8)
        return images, np.arange(count) % 10

    splits = {"train": split(60), "test": split(20)}
    with tfds.core.registered.skip_registration():

        class Offline(mnist.MNIST):
            name = "mnist"

            def _split_generators(self, dl_manager):
                return {name: self._generate_examples(v) for name, v in splits.items()}

            def _generate_examples(self, given):
                for index, (image, label) in enumerate(zip(*given, strict=True)):
                    yield index, {"image": image, "label": int(label)}

    root = str(tmp_path_factory.mktemp("tfds"))
    builder = Offline(data_dir=root)
    builder.download_and_prepare(
        download_config=tfds.download.DownloadConfig(
            compute_stats=tfds.download.ComputeStatsMode.SKIP, try_download_gcs=False
        )
    )
    return FakeMnist(root, splits["train"], splits["test"])


@dataclasses.dataclass(frozen=True)
class Exported:
    """A trained run and its published export."""

    run: pathlib.Path
    path: pathlib.Path
    output: str  # what memgan export printed


@pytest.fixture(scope="session")
def exported(tmp_path_factory):
    """A tiny run, trained and exported once by the command line: version 1 of the model zeros."""
    root = tmp_path_factory.mktemp("exported")
    overrides = [f"--{name}={value}" for name, value in tiny_overrides().items()]
    assert main.main(["train", f"--model_dir={root / 'runs'}", *overrides]) == 0
    run, models = root / "runs" / "memgan" / "digits" / "0" / "seed_0", root / "saved_models"
    flags = [f"--run={run}", "--name=zeros", f"--output_dir={models}", "--version=1"]
    with contextlib.redirect_stdout(io.StringIO()) as output:
        assert main.main(["export", *flags]) == 0
    return Exported(run, models / "zeros" / "1", output.getvalue())


@pytest.fixture(scope="module")
def browser():
    """One page of a headless Chromium."""
    binary = find_browser()
    if binary is None:
        pytest.skip("no chromium or google-chrome on the path")
    with open_browser(binary) as opened:
        yield opened
