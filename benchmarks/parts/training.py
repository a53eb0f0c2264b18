"""Complete training of one class: seconds and peak memory of `memgan train`."""

import json
import pathlib
import tempfile

import numpy as np
from measure import run_child

from parts.common import table
from parts.startup import MAIN

CLASSES = {"MNIST, class 2": ("mnist", 2), "CIFAR-10, class 1": ("cifar10", 1)}
DIGITS = "digits, class 0 (the demo's data)"


def run(options):
    rows, seconds = [], {}
    with tempfile.TemporaryDirectory() as folder:
        for name, arguments in _runs(options, folder).items():
            place = pathlib.Path(folder, "runs", str(len(rows)))
            if options.quick:
                arguments = [*arguments, "--epochs=1", "--base_width=4"]
            _, whole, memory = run_child(MAIN, "train", *arguments, f"--model_dir={place}")
            (complete,) = place.rglob("COMPLETE")
            own = json.loads(complete.read_text())["training_seconds"]
            epochs = json.loads((complete.parent / "config.json").read_text())["training"]["epochs"]
            rows.append([name, epochs, f"{own:.0f}", f"{whole:.0f}", f"{memory:.2f}"])
            seconds[name] = {"steps": own, "all": whole}
    columns = ["run", "epochs", "seconds in steps", "seconds in all", "peak memory, GiB"]
    return {"tables": [table(columns, rows)], "seconds": seconds}


def _runs(options, folder):
    """Arguments of `memgan train` by name; without prepared data, noise stands for MNIST."""
    if options.data_dir and not options.quick:
        found = {
            name: [
                f"--dataset={dataset}",
                f"--normal_class={label}",
                f"--data_dir={options.data_dir}",
            ]
            for name, (dataset, label) in CLASSES.items()
        }
        return {**found, DIGITS: ["--dataset=digits", "--normal_class=0"]}
    images = np.random.default_rng(0).integers(0, 256, (60, 28, 28), dtype=np.uint8)
    np.savez(f"{folder}/noise.npz", x_train=images)
    return {"noise of MNIST's shape": [f"--dataset=npz:{folder}/noise.npz"]}
