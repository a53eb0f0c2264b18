"""Time from the start of each command to its end, or to the end of the first training step."""

import pathlib
import statistics
import tempfile

import numpy as np
from measure import child_usage, ratios, run_child, spread

from parts.common import table

IMPORT = "import tensorflow"
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
    repeats = 1 if options.quick else min(3, options.rounds)
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
        whole, usage = _measure_commands(options, folder, repeats)
    return {
        "tables": [table(["command", "seconds: median (range)", ""], rows), whole],
        "seconds": seconds,
        "CPU seconds, seconds, GiB": usage,
    }


def _measure_commands(options, folder, repeats):
    """A table of commands that run to their end, in turns with TensorFlow's import alone."""
    commands = {IMPORT: (IMPORT,)}
    for name, arguments in _commands(options, folder).items():
        commands[f"memgan {name}"] = (MAIN, *arguments)
    usage = {name: [] for name in commands}
    for _ in range(repeats):
        for name, command in commands.items():
            usage[name].append(child_usage(*command))
    processor = {name: [found[0] for found in values] for name, values in usage.items()}
    rows = []
    for name, values in usage.items():
        _, seconds, memory = zip(*values, strict=True)
        ratio = spread(ratios(processor, name, IMPORT))
        spent = (spread(processor[name], 1), ratio, spread(seconds, 1))
        rows.append([f"`{name}`", *spent, f"{statistics.median(memory):.2f}"])
    columns = ["command", "CPU s: median (range)", f"CPU time over `{IMPORT}`", "wall s"]
    return table([*columns, "peak memory, GiB"], rows), usage


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


def _commands(options, folder):
    """Commands that run to their end, on runs that are made first."""
    place = f"--model_dir={folder}"
    arguments = ["--dataset=digits", "--normal_class=0", "--epochs=1", "--base_width=4"]
    run_child(MAIN, "train", *arguments, place)
    run = f"--run={folder / 'memgan' / 'digits' / '0' / 'seed_0'}"
    found = {
        "--version": ["--version"],
        "train --help": ["train", "--help"],
        "score, one of digits": _score(folder, run, (8, 8, 1)),
        "evaluate, digits": ["evaluate", run],
        "report, digits": ["report", run],
        "export, digits": ["export", run, "--name=zeros", f"--output_dir={folder / 'saved'}"],
    }
    if not options.quick:
        shaped = ["--epochs=1", f"--dataset=npz:{folder / 'images.npz'}"]
        run_child(MAIN, "train", *shaped, place)
        run = f"--run={folder / 'memgan' / 'npz_images' / 'all' / 'seed_0'}"
        found["score, one of MNIST's shape"] = _score(folder, run, (28, 28, 1))
    if options.backbone and options.photographs:
        photographs = pathlib.Path(options.photographs)
        data = [f"--dataset=folder:{photographs}", f"--backbone={options.backbone}"]
        run_child(MAIN, "train", *data, place)
        run = f"--run={next(folder.glob('patch_memory/*/*/seed_0'))}"
        image = next(path for path in sorted(photographs.rglob("test/*/*")) if path.is_file())
        output = f"--output={folder / 'scores.csv'}"
        found["score, one photograph"] = ["score", run, f"--input={image}", output]
    return found


def _score(folder, run, shape):
    path = folder / f"one_{shape[0]}.npz"
    np.savez(path, images=np.zeros((1, *shape), np.uint8))
    return ["score", run, f"--input={path}", f"--output={folder / 'scores.csv'}"]
