"""Trains a detector on one class of a data set, or resumes an interrupted run."""

import functools

from absl import flags

from memgan_tf.api import configure
from memgan_tf.config.choices import describe_settings
from memgan_tf.data.folders.look import one_look
from memgan_tf.tools import config_flags, train_help
from memgan_tf.tools.command import Command, follow_up, import_tensorflow, run_as_script
from memgan_tf.training.cluster import read_cluster
from memgan_tf.training.run_directory import RunDirectory

DESCRIPTION = """Trains a detector on normal images, or resumes an interrupted run.

memgan train --dataset=mnist --normal_class=2 --model_dir=runs --seed=0
memgan train --dataset=folder:photos --model_dir=runs

The run's folder is <model_dir>/<detector>/<dataset>/<normal_class>/seed_<seed>. Settings come
from the preset, then --config_file, then flags."""


def define_flags(flag_values):
    """Defines this verb's flags."""
    flags.DEFINE_string("model_dir", "runs", "Folder for runs.", flag_values=flag_values)
    config_flags.define(flag_values)


def run(flag_values):
    """Checks everything that does not need TensorFlow, then trains."""
    with one_look():
        resolved = configure(**config_flags.overrides(flag_values))
        train_run(resolved, flag_values.model_dir)


def train_run(resolved, model_dir):
    """Trains a configuration and prints the folder of the run."""
    directory = RunDirectory.of(model_dir, resolved)
    directory.check_free_for(resolved)
    if directory.is_complete_for(resolved):
        print(f"{directory.path} is complete already.")
    else:
        read_cluster(resolved.training.distribution_strategy)
        for line in describe_settings(resolved):
            print(line)
        import_tensorflow()
        from memgan_tf.fit import fit

        fit(resolved, model_dir)
        print(f"Done: {directory.path}")
    for reason in directory.suspicions:
        print(f"SUSPECT: {reason}")
    print(f"Next: {follow_up('evaluate', f'--run={directory.path}')}")
    return directory


COMMAND = Command(
    "train",
    DESCRIPTION,
    define_flags,
    run,
    describe=functools.partial(train_help.describe, DESCRIPTION),
)

if __name__ == "__main__":
    run_as_script(COMMAND)
