"""Scores a great many images: does the memory grow, does a score drift, is an image lost?

python -m tests.reliability.soak --images=1000000 --requests=100000 \
    --output=results/reliability/soak.json
"""

import argparse
import os
import pathlib
import random
import tempfile
import time

import numpy as np
import tensorflow as tf

from memgan_tf import files
from memgan_tf.serving.address import ServerAddress
from memgan_tf.serving.connect import make_client
from memgan_tf.serving.retries import RetryPolicy
from memgan_tf.serving.scoring import score_images
from memgan_tf.tools import main as command_line
from tests.c_api.session import CSession
from tests.reliability import runs
from tests.serving.conftest import Servable, serving_rest

BATCH = 1000
# Samples of the memory; what the first tenth of the work takes is left to warm up.
NUM_SAMPLES = 100
FAILURE_SHARE = 0.05
FAULTS = ("busy", "truncated", "broken off")


def make_export(folder):
    """A tiny trained run's export."""
    flags = runs.train_flags(folder / "runs", epochs=2)
    assert command_line.main(flags) == 0
    run, models = folder / "runs" / runs.PLACE, folder / "models"
    named = [f"--run={run}", "--name=zeros", f"--output_dir={models}", "--version=1"]
    assert command_line.main(["export", *named]) == 0
    return models / "zeros" / "1"


def resident_bytes():
    """Memory of this process that is in use."""
    pages = int(pathlib.Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def soak(score, num_images):
    """Scores `num_images` images by `score`, BATCH at a time; returns what was seen."""
    images = np.random.default_rng(0).integers(0, 256, (BATCH, 8, 8, 1)).astype(np.float32)
    calls = max(1, num_images // BATCH)
    first, samples, started, changed = score(images), [], time.monotonic(), 0
    for call in range(calls):
        changed += int((score(images) != first).sum())
        if call % max(1, calls // NUM_SAMPLES) == 0:
            samples.append(resident_bytes())
    warm = samples[len(samples) // 10 :]
    return {
        "images": calls * BATCH,
        "changed_scores": changed,
        "resident_mib_warm": round(warm[0] / 2**20, 1),
        "resident_mib_end": round(warm[-1] / 2**20, 1),
        "resident_mib_peak": round(max(warm) / 2**20, 1),
        "seconds": round(time.monotonic() - started, 1),
    }


def soak_c_api(export, num_images):
    """Through the exported signature by TensorFlow's C API."""
    session = CSession(export)
    try:
        return soak(lambda x: session.run("serving_default", image=x)["anomaly_score"], num_images)
    finally:
        session.close()


def soak_python(export, num_images):
    """Through the exported signature by Python."""
    signature = tf.saved_model.load(str(export)).signatures["serving_default"]
    return soak(lambda x: signature(image=tf.constant(x))["anomaly_score"].numpy(), num_images)


class Failing(Servable):
    """The export on a server that fails now and then."""

    def __init__(self, path, seed):
        super().__init__(path)
        self._random, self.injected = random.Random(seed), 0

    def next_fault(self):
        self.requests += 1
        if self._random.random() >= FAILURE_SHARE:
            return None
        self.injected += 1
        return self._random.choice(FAULTS)


def soak_client(export, num_requests, seed=0):
    """One image a request, a share of which fail; every image comes back once, in its place."""
    servable, started = Failing(export, seed), time.monotonic()
    images = np.random.default_rng(1).integers(0, 256, (BATCH, 8, 8, 1), dtype=np.uint8)
    single = [servable.predict("serving_default", {"image": i[None].astype("f")}) for i in images]
    expected = np.concatenate([answer["anomaly_score"] for answer in single])
    scored = wrong = 0
    retries = RetryPolicy(attempts=10, timeout=30.0, first_delay=1e-3, longest_delay=1e-2)
    with serving_rest(servable) as port:
        address = ServerAddress.parse(f"rest://127.0.0.1:{port}/zeros")
        with make_client(address, retries) as client:
            while scored < num_requests:
                part = images[: num_requests - scored]
                found = score_images(client, part, batch_size=1)["anomaly_score"]
                wrong += int((found != expected[: len(part)]).sum()) + abs(len(found) - len(part))
                scored += len(part)
    return {
        "images": scored,
        "requests": servable.requests,
        "injected_failures": servable.injected,
        "wrong_or_lost": wrong,
        "seconds": round(time.monotonic() - started, 1),
    }


def main():
    """Parses the flags, measures, writes the record."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, default=1_000_000)
    parser.add_argument("--requests", type=int, default=100_000)
    parser.add_argument("--output", type=pathlib.Path)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="memgan_tf_soak_") as folder:
        export = make_export(pathlib.Path(folder))
        record = {
            "c_api": soak_c_api(export, given.images),
            "python": soak_python(export, given.images),
            "client": soak_client(export, given.requests),
        }
    print(record)
    if given.output:
        files.write_json(given.output, record)


if __name__ == "__main__":
    main()
