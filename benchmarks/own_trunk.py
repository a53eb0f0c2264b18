"""Trains a small residual network on CIFAR-10, for `--backbone=file:trunk.keras`.

python benchmarks/own_trunk.py --data_dir=../shared/datasets

It learns the ten labels, the number of quarter turns of a view, which two views show the same
image, and the places of small artificial defects. A tenth of the training images is held out; the
accuracy on it is in the record. Test images are not read.
"""

import os
import pathlib
import time

import numpy as np
from absl import app, flags

FLAGS = flags.FLAGS
SHRINK = 2
KEPT_APART = 5000
# Share of the remaining time to use.
MARGIN = 0.85


def define_flags(values):
    flags.DEFINE_string("data_dir", None, "Folder of the prepared CIFAR-10.", values)
    flags.DEFINE_string("output", "trunk.keras", "Weights file.", values)
    flags.DEFINE_string("record", "trunk.json", "File of the record.", values)
    flags.DEFINE_integer("epochs", 44, "Number of passes over the images.", 3, flag_values=values)
    flags.DEFINE_float("max_seconds", None, "Time limit; may reduce epochs.", flag_values=values)
    flags.DEFINE_integer("max_images", None, "Number of images, for a trial.", flag_values=values)
    flags.DEFINE_integer("batch_size", 512, "Images per step.", 1, flag_values=values)
    flags.DEFINE_integer("seed", 0, "Seed of weights, views and the tenth.", flag_values=values)
    flags.DEFINE_bool("deterministic", True, "Train reproducibly, bit for bit.", flag_values=values)


def read_cifar10():
    """Training images `(n, 32, 32, 3)` uint8 and labels `(n,)` int32, in a random order."""
    from memgan_tf.data import prepared

    found = prepared.load("cifar10", prepared.find_directory("cifar10", FLAGS.data_dir), "train")
    order = np.random.default_rng(FLAGS.seed).permutation(len(found))[: FLAGS.max_images]
    return found.images[order], found.labels[order].astype(np.int32)


def has_gpus():
    """Whether TensorFlow sees a GPU."""
    import tensorflow as tf

    return bool(tf.config.list_physical_devices("GPU"))


def is_telling(number, seconds):
    """Whether the number and duration of finished epochs suffice to estimate the remaining ones."""
    from trunk.learning import HELD_EPOCHS

    return number == HELD_EPOCHS or (number > 2 and seconds > FLAGS.max_seconds / 4)


def fitting(number, seconds, left, most):
    """Total epochs, at most `most`, if `number` are done and all but the first took `seconds`."""
    return min(most, number + max(2, int(MARGIN * left * (number - 1) / seconds)))


def train(images, labels):
    """The trained network and its record."""
    import tensorflow as tf
    from trunk.learning import Learner

    kept = min(KEPT_APART, len(images) // 10)
    num_steps, has_gpu = (len(images) - kept) // FLAGS.batch_size, has_gpus()
    learner = Learner(num_steps, FLAGS.batch_size, FLAGS.seed, jit_compile=has_gpu)
    data = tf.constant(images[kept:]), tf.constant(labels[kept:])
    started, num_epochs, history, number = time.monotonic(), FLAGS.epochs, [], 0
    first, is_decided = 0.0, False
    while number < num_epochs:
        before = time.monotonic()
        losses = learner.epoch(*data, tf.constant(number), tf.constant(num_epochs))
        history.append({name: float(value) for name, value in losses.items()})
        number += 1
        seconds = time.monotonic() - started
        if FLAGS.max_seconds and not is_decided and is_telling(number, seconds):
            # The epochs up to here do not depend on the total number.
            num_epochs = fitting(number, seconds - first, FLAGS.max_seconds - seconds, FLAGS.epochs)
            is_decided = True
        if number == 1:
            first = seconds
        text = " ".join(f"{name} {value:.3f}" for name, value in history[-1].items())
        print(f"epoch {number}/{num_epochs} {time.monotonic() - before:.1f} s {text}", flush=True)
    accuracy = learner.accuracy(images[:kept], labels[:kept])
    return learner.trunk, {
        "epochs": num_epochs,
        "kept_apart": kept,
        "accuracy": accuracy,
        "seconds": time.monotonic() - started,
        "losses": history,
    }


def save(trained, path):
    """Writes the folded network with 16-bit weights; returns their digest."""
    import keras
    from trunk.network import fold, make_trunk

    from memgan_tf.backbones.backbone import digest

    folded = fold(trained, SHRINK)
    keras.config.set_dtype_policy("float16")
    half = make_trunk(True, SHRINK)
    half.set_weights(folded.get_weights())
    path.parent.mkdir(parents=True, exist_ok=True)
    half.save(path)
    return digest(folded)


def make():
    """Trains, and writes the weights and the record."""
    import keras
    import tensorflow as tf
    from measure import describe_machine

    from memgan_tf import files

    if FLAGS.deterministic:
        tf.config.experimental.enable_op_determinism()
    if has_gpus():
        keras.config.set_dtype_policy("mixed_bfloat16")
    trained, found = train(*read_cifar10())
    found["sha256"] = save(trained, pathlib.Path(FLAGS.output))
    settings = {name: FLAGS[name].value for name in ("batch_size", "seed", "deterministic")}
    record = {"machine": describe_machine(os.cpu_count()), **settings, **found}
    path = pathlib.Path(FLAGS.record)
    path.parent.mkdir(parents=True, exist_ok=True)
    files.write_json(path, record)
    print(f"accuracy {record['accuracy']:.4f}, {record['epochs']} epochs, {FLAGS.output}")


if __name__ == "__main__":
    define_flags(FLAGS)
    app.run(lambda _: make())
