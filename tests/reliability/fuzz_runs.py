"""Readers of what many files make together: runs, estimators, shards."""

import functools
import pathlib
import tempfile

import numpy as np
import tensorflow as tf
from hypothesis import strategies as st

from memgan_tf.beam.reading import Reader as ShardReader
from memgan_tf.data.image_files import pillow_rules
from memgan_tf.detectors.registry import make_detector
from memgan_tf.estimator import make_estimator
from memgan_tf.evaluation.trained_run import TrainedRun
from memgan_tf.fit import fit
from memgan_tf.training.checkpoints import Checkpoints, restore_scoring_variables
from memgan_tf.training.run_directory import RunDirectory
from tests.malformed_files import encoded
from tests.reliability import fuzz_inputs as inputs
from tests.reliability.fuzz_readers import PIXELS, SHAPE, Reader, config

SHALLOW = ("kde", "isolation_forest", "ocsvm", "pca")
FOREST = {"num_trees": 5}


def content_of(folder):
    """Every file of a folder by its relative path."""
    folder = pathlib.Path(folder)
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def write_all(folder, contents):
    for name, content in contents.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)


@functools.cache
def shallow_state(detector):
    """A small detector's configuration and the arrays of what it learned."""
    made = make_detector(config(detector, **FOREST if detector == "isolation_forest" else {}))
    with tempfile.TemporaryDirectory() as folder:
        made.fit(PIXELS, PIXELS, RunDirectory(folder))
        with np.load(pathlib.Path(folder, "detector.npz")) as found:
            return made.config, dict(found)


def shallow_inputs():
    return st.one_of(
        *(st.tuples(st.just(name), inputs.npz_files(shallow_state(name)[1])) for name in SHALLOW)
    )


def read_shallow(given, folder):
    detector, content = given
    (folder / "detector.npz").write_bytes(content)
    made = make_detector(shallow_state(detector)[0])
    made.load(RunDirectory(folder))
    assert made.score(PIXELS).shape == (len(PIXELS),)


def checkpoint_state():
    return {"step": [tf.Variable(7)], "scoring": [tf.Variable(tf.range(50.0))]}


@functools.cache
def checkpoint_files():
    """Two checkpoints; the values of the older one are all -1."""
    with tempfile.TemporaryDirectory() as folder:
        state = checkpoint_state()
        made = Checkpoints(pathlib.Path(folder), state, "a", keep=2)
        state["scoring"][0].assign(-tf.ones(50))
        made.save(3)
        state["scoring"][0].assign(tf.range(50.0))
        made.save(7)
        return content_of(folder)


def one_damaged(contents, damage=inputs.damaged):
    """The files, one of them damaged."""
    return st.one_of(
        *(
            damage(content).map(lambda bad, name=name: {**contents, name: bad})
            for name, content in contents.items()
        )
    )


def read_checkpoint(given, folder):
    write_all(folder / "checkpoints", given)
    restored, state = tf.Variable(tf.zeros(50)), checkpoint_state()
    restore_scoring_variables(folder / "checkpoints", [restored])
    Checkpoints(folder / "checkpoints", state, "a", keep=2).restore()
    for found in (restored.numpy(), state["scoring"][0].numpy()):
        whole = (found == np.arange(50.0)).all() or (found == -1.0).all()
        assert whole, f"damage passed for weights: {found}"


NETWORKS = {
    "epochs": 1,
    "base_width": 1,
    "discriminator_width": 1,
    "latent_dim": 2,
    "num_units": 2,
}


@functools.cache
def run_files(detector, **settings):
    """The files of a finished run."""
    chosen = config(detector, **settings)
    with tempfile.TemporaryDirectory() as folder:
        contents = content_of(fit(chosen, folder).path)
    return {name: c for name, c in contents.items() if not name.startswith("tensorboard")}


def read_run(given, folder):
    run = folder / "seed_0"
    write_all(run, given)
    found = TrainedRun.load(run)
    assert np.isfinite(found.threshold)
    assert found.score(PIXELS).shape == (len(PIXELS),)


@functools.cache
def estimator_files():
    """The files of a fitted estimator."""
    with tempfile.TemporaryDirectory() as folder:
        return content_of(make_estimator("pca").fit(PIXELS).save(pathlib.Path(folder, "saved")))


def estimator_inputs():
    import json

    return inputs.json_files(json.loads(estimator_files()["estimator.json"]))


def read_estimator(content, folder):
    write_all(folder, {**estimator_files(), "estimator.json": content})
    found = type(make_estimator("pca")).load(folder)
    assert found.score_samples(PIXELS).shape == (len(PIXELS),)


@functools.cache
def shard():
    """A TFRecord file of three images, each in a tf.train.Example."""
    with tempfile.TemporaryDirectory() as folder:
        path = f"{folder}/shard.tfrecord"
        with tf.io.TFRecordWriter(path) as writer:
            for kind in ("PNG", "JPEG", "BMP"):
                image = tf.train.BytesList(value=[encoded(kind)])
                features = tf.train.Features(feature={"image": tf.train.Feature(bytes_list=image)})
                writer.write(tf.train.Example(features=features).SerializeToString())
        return pathlib.Path(path).read_bytes()


def read_shard(content, folder):
    path = folder / "shard.tfrecord"
    path.write_bytes(content)
    with pillow_rules():
        found = list(ShardReader(SHAPE, "pad", "image").read([str(path)]))
    for name, image in found:
        assert str(path) in name
        assert "\n" not in image if isinstance(image, str) else image.shape == SHAPE
    if any(isinstance(image, str) for _, image in found):
        raise ValueError(found[-1][1])


READERS = (
    Reader("detector.npz", shallow_inputs, read_shallow, "detector.npz", 2),
    Reader("checkpoint", lambda: one_damaged(checkpoint_files()), read_checkpoint, "", 4),
    Reader("run", lambda: one_damaged(run_files("kde")), read_run, "", 10),
    Reader("run of MEMGAN", lambda: one_damaged(run_files("memgan", **NETWORKS)), read_run, "", 40),
    Reader("estimator.json", estimator_inputs, read_estimator, "estimator.json|must hold a pca", 4),
    Reader("TFRecord shard", lambda: inputs.damaged(shard()), read_shard, "", 2),
)
