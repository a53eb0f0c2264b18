"""Time from the start of each command to its end, or to the end of the first training step."""

import pathlib
import statistics
import tempfile

import numpy as np
from measure import run_child, spread

from parts.common import table

MAIN = "import sys; from memgan_tf.tools.main import main; sys.exit(main(sys.argv[1:]))"
FIRST_STEP = """
import os, sys, time
from memgan_tf.tools import command
started = float(os.environ["STARTED"])
ready = command.import_tensorflow
def import_tensorflow():
    ready()
    imported = time.time() - started
    from memgan_tf.training.trainer import Trainer
    take = Trainer.run
    def run(self, count):
        before = time.time() - started
        take(self, count)
        self.step.numpy()
        print(imported, before, time.time() - started, flush=True)
        os._exit(0)
    Trainer.run = run
from memgan_tf.tools import train
train.import_tensorflow = import_tensorflow
sys.exit(train.COMMAND.main(sys.argv[2:]))
"""


def run(options):
    rows, seconds = [], {}
    repeats = 1 if options.quick else 3
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        for name, arguments in _first_steps(options, folder).items():
            found = []
            for index in range(repeats):
                place = f"--model_dir={folder / 'first' / str(index)}"
                line, *_ = run_child(FIRST_STEP, "train", *arguments, place)
                found.append([float(word) for word in line.split()])
            columns = list(zip(*found, strict=True))
            seconds[name] = found
            imported, before = (statistics.median(values) for values in columns[:2])
            detail = (
                f"TensorFlow imported at {imported:.1f} s, model and data ready at {before:.1f} s"
            )
            rows.append([f"`memgan train`, {name}: first step", spread(columns[2], 1), detail])
        for name, arguments in _commands(folder).items():
            found = [run_child(MAIN, *arguments)[1] for _ in range(repeats)]
            seconds[name] = found
            rows.append([f"`memgan {name}`", spread(found, 1), ""])
    return {
        "tables": [table(["command", "seconds: median (range)", ""], rows)],
        "seconds": seconds,
    }


def _first_steps(options, folder):
    images = np.random.default_rng(0).integers(0, 256, (200, 28, 28), dtype=np.uint8)
    np.savez(folder / "images.npz", x_train=images)
    small = ["--base_width=4"] if options.quick else []
    one = ["--steps_per_call=1", *small]
    found = {"digits": ["--dataset=digits", "--normal_class=0", *one]}
    if not options.quick:
        found["npz of MNIST's shape"] = [f"--dataset=npz:{folder / 'images.npz'}", *one]
    if options.data_dir:
        mnist = ["--dataset=mnist", "--normal_class=2", f"--data_dir={options.data_dir}", *one]
        found["mnist"] = mnist
    return found


def _commands(folder):
    """Commands that run to their end, for a run that is made first."""
    arguments = ["--dataset=digits", "--normal_class=0", "--epochs=1", "--base_width=4"]
    run_child(MAIN, "train", *arguments, f"--model_dir={folder}")
    made, images = folder / "memgan" / "digits" / "0" / "seed_0", folder / "new.npz"
    np.savez(images, images=np.zeros((10, 8, 8, 1), np.uint8))
    run = f"--run={made}"
    return {
        "--version": ["--version"],
        "train --help": ["train", "--help"],
        "score, ten images": ["score", run, f"--input={images}", f"--output={folder / 's.csv'}"],
        "evaluate, digits": ["evaluate", run],
        "export, digits": ["export", run, "--name=zeros", f"--output_dir={folder / 'saved'}"],
    }
