"""Trains, evaluates and scores on a data set that needs no download."""

import pathlib
import shlex
from typing import cast

from absl import flags

from memgan_tf import config
from memgan_tf.tools.command import Command, follow_up, program, run_as_script
from memgan_tf.tools.evaluate import evaluate_run
from memgan_tf.tools.score import score_input
from memgan_tf.tools.train import train_run
from memgan_tf.validation import check_integer

DESCRIPTION = """Trains MEMGAN on one class of scikit-learn's 8×8 digits and shows the results.

memgan demo

Trains (about a minute), evaluates with pictures, scores a folder of images, and suggests what to
try next. Running it again shows the same run."""


def define_flags(flag_values):
    """Defines this verb's flags."""
    flags.DEFINE_string("model_dir", "runs", "Folder for runs.", flag_values=flag_values)
    flags.DEFINE_integer("normal_class", 0, "Digit that counts as normal.", flag_values=flag_values)
    flags.DEFINE_integer("seed", 0, "Seed of the run.", flag_values=flag_values)
    flags.DEFINE_integer(
        "epochs", None, "Epochs; fewer make a faster and worse demo.", flag_values=flag_values
    )


def run(flag_values):
    """Trains, evaluates and scores, like the verbs."""
    overrides = {
        "dataset": "digits",
        "normal_class": check_integer("normal_class", flag_values.normal_class, 0, 9),
        "seed": flag_values.seed,
    }
    if flag_values.epochs is not None:
        overrides["epochs"] = flag_values.epochs
    resolved = config.resolve("memgan", "default", (8, 8, 1), overrides)
    directory = train_run(resolved, flag_values.model_dir)
    results = evaluate_run(directory.path)
    folder = directory.path / "eval" / "examples"
    _write_examples(resolved, folder)
    output = directory.path / "eval" / "example_scores.csv"
    score_input(directory.path, str(folder), str(output))
    print(_summary(directory.path, results, output))


def _write_examples(resolved, folder):
    """Writes a few test images as PNG files for the score command."""
    import numpy as np
    import tensorflow as tf

    from memgan_tf.data import LabelledImages, load_task

    test = cast(LabelledImages, load_task(resolved.data, resolved.training.seed).test)
    folder.mkdir(parents=True, exist_ok=True)
    for label, name in ((0, "normal"), (1, "anomaly")):
        for position in (np.asarray(test.labels) == label).nonzero()[0][:5]:
            stem = pathlib.PurePath(test.names[position]).name
            encoded = tf.io.encode_png(test.images[position]).numpy()
            (folder / f"{name}_{stem}.png").write_bytes(encoded)


def _summary(path, results, output):
    place, pictures = f"--run={path}", f"--input={path / 'eval' / 'examples'}"
    auroc, digit = 100 * results["metrics"]["auroc"], results["normal_class"]
    return f"""
AUROC {auroc:.2f}: of a hundred pairs of a {digit} and another digit, in this many the other digit
has the higher score.

  Run              {path}
  Pictures         {path / "eval"}/*.png
  Test scores      {path / "eval" / "scores.csv"}
  Example scores   {output}

Try next:
  {follow_up("score", place, pictures, "--output=scores.csv")}
  {program("tensorboard")} --logdir {shlex.quote(str(path.parents[3]))}
  {program()} demo --normal_class=8
  {program()} train --help"""


COMMAND = Command("demo", DESCRIPTION, define_flags, run)

if __name__ == "__main__":
    run_as_script(COMMAND)
