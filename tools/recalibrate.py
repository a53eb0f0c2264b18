"""Sets a new threshold for a finished run, without training."""

import sys

from absl import flags

from memgan_tf.data.folders.walk import shown
from memgan_tf.data.inputs import check_input
from memgan_tf.evaluation.calibration import (
    Calibration,
    recalibrated,
    replace_calibration,
)
from memgan_tf.evaluation.folder import check_writable
from memgan_tf.tools.command import Command, follow_up, import_tensorflow, run_as_script
from memgan_tf.training.run_directory import RunDirectory
from memgan_tf.validation import check_real

DESCRIPTION = """Sets a new threshold for a finished run, without training.

memgan recalibrate --run=runs/memgan/mnist/2/seed_0 --target_fpr=0.1
memgan recalibrate --run=runs/memgan/mnist/2/seed_0 --input=new_good_parts

Replaces the run's calibration.json; the old one is kept next to it with its date. With --input, new
normal images that were not used for training replace the old scores, also where calibration.json is
damaged. The detector and config.json do not change. Exported models keep their threshold."""


def define_flags(flag_values):
    """Defines this verb's flags."""
    options = {"flag_values": flag_values}
    flags.DEFINE_string("run", None, "Folder of the run.", **options)
    flags.DEFINE_float(
        "target_fpr",
        None,
        "Share of normal images that may be called anomalies. Default: as before.",
        **options,
    )
    flags.DEFINE_string(
        "input",
        None,
        "Image, folder or npz file of new normal images. Default: the old scores.",
        **options,
    )


def run(flag_values):
    """Checks everything, scores new images if given, and writes the calibration."""
    directory = RunDirectory(flag_values.run)
    directory.read_config()
    if not directory.is_complete:
        raise ValueError(f"`run` must be complete; finish {directory.path} with memgan train")
    if flag_values.target_fpr is None and flag_values.input is None:
        raise ValueError("`target_fpr` or `input` must be given")
    if flag_values.target_fpr is not None:
        check_real("target_fpr", flag_values.target_fpr, 1e-6, 0.5)
    check_writable(directory)
    before = _read_calibration(directory, flag_values)
    if flag_values.input is None:
        after = recalibrated(before, flag_values.target_fpr)
        backup = replace_calibration(directory, after)
    else:
        check_input(flag_values.input)
        after, backup = _recalibrate_by_images(directory, flag_values, before is not None)
    old = "the old one was damaged" if backup is None else f"the old one is {backup.name}"
    _report(directory, "unknown" if before is None else before.describe()[0], after, old)


def _read_calibration(directory, flag_values):
    """The calibration to be replaced; None if it is damaged and new images make it needless."""
    try:
        return Calibration.load(directory.calibration_file)
    except ValueError:
        if flag_values.input is None:
            raise
        return None


def _recalibrate_by_images(directory, flag_values, with_calibration):
    import_tensorflow()
    from memgan_tf.data.inputs import read_input
    from memgan_tf.evaluation.trained_run import TrainedRun

    trained = TrainedRun.load(directory.path, with_calibration=with_calibration)
    data, shape = trained.config.data, trained.config.image_shape
    given = read_input(flag_values.input, shape, data.fit, data.bit_depth)
    for name, reason in given.skipped:
        print(f"Left out {shown(name)}: {reason}", file=sys.stderr)
    for note in given.notes:
        print(f"Note: {note}", file=sys.stderr)
    backup = trained.recalibrate(given.images, flag_values.target_fpr)
    return trained.known_calibration(), backup


def _report(directory, before, after, old):
    print(f"Before: {before}")
    print("Now:")
    for line in after.describe():
        print(f"  {line}")
    print(f"Written: {directory.calibration_file}; {old}")
    print(
        "Exported models keep their old threshold: publish again with memgan export.\n"
        "results.json, eval/ and scores.csv files have the old threshold. Next: "
        f"{follow_up('evaluate', f'--run={directory.path}')}"
    )


COMMAND = Command("recalibrate", DESCRIPTION, define_flags, run, required=("run",))

if __name__ == "__main__":
    run_as_script(COMMAND)
