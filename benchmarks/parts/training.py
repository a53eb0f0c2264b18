"""Complete training of one class: seconds and peak memory of `memgan train`."""

import json
import pathlib
import tempfile

import numpy as np
from measure import run_child

from parts.common import table
from parts.startup import MAIN


def run(options):
    with tempfile.TemporaryDirectory() as folder:
        if options.data_dir and not options.quick:
            arguments = ["--dataset=mnist", "--normal_class=2", f"--data_dir={options.data_dir}"]
            name = "MNIST, class 2"
        else:
            images = np.random.default_rng(0).integers(0, 256, (60, 28, 28), dtype=np.uint8)
            np.savez(f"{folder}/noise.npz", x_train=images)
            arguments = [f"--dataset=npz:{folder}/noise.npz"]
            name = "noise of MNIST's shape"
        if options.quick:
            arguments += ["--epochs=1", "--base_width=4"]
        _, seconds, memory = run_child(MAIN, "train", *arguments, f"--model_dir={folder}/runs")
        (complete,) = pathlib.Path(folder, "runs").rglob("COMPLETE")
        own = json.loads(complete.read_text())["training_seconds"]
        config = json.loads((complete.parent / "config.json").read_text())
        epochs = config["training"]["epochs"]
    columns = ["run", "epochs", "seconds in steps", "seconds in all", "peak memory, GiB"]
    rows = [[name, epochs, f"{own:.0f}", f"{seconds:.0f}", f"{memory:.2f}"]]
    return {"tables": [table(columns, rows)], "seconds": {"steps": own, "all": seconds}}
