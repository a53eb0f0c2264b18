"""Writes the report of a finished run."""

from absl import flags

from memgan_tf.evaluation.folder import check_writable
from memgan_tf.tools.command import Command, import_tensorflow, run_as_script
from memgan_tf.tools.data_flags import define_data_flags
from memgan_tf.training.run_directory import RunDirectory
from memgan_tf.validation import check_integer

DESCRIPTION = """Describes the quality of a finished run, in words and pictures, in one HTML file.

memgan report --run=runs/memgan/mnist/2/seed_0

Writes eval/report.html, which needs no network and no other file, and eval/model_card.md. A run
with labeled test images is evaluated first, unless that was done at its present threshold. Without
labeled test images, the report shows held-out normal images."""


def define_flags(flag_values):
    """Defines this verb's flags."""
    options = {"flag_values": flag_values}
    flags.DEFINE_string("run", None, "Folder of the run.", **options)
    define_data_flags(flag_values)
    flags.DEFINE_integer(
        "num_images",
        8,
        "Images per kind (false alarms, misses, most and least anomalous).",
        **options,
    )


def run(flag_values):
    """Checks the folder, then writes."""
    count = check_integer("num_images", flag_values.num_images, 1, 100)
    directory = RunDirectory(flag_values.run)
    directory.read_config()
    check_writable(directory)
    import_tensorflow()
    from memgan_tf.evaluation.trained_run import TrainedRun
    from memgan_tf.report.page import write_report
    from memgan_tf.report.verdict import judge

    trained = TrainedRun.load(flag_values.run)
    task = trained.load_task(flag_values.data_dir, flag_values.dataset)
    path, findings = write_report(trained, task, count)
    verdict = judge(findings)
    print(verdict.headline)
    for warning in verdict.warnings:
        print(f"Warning: {warning}")
    print(f"Report: {path}")


COMMAND = Command("report", DESCRIPTION, define_flags, run, required=("run",))

if __name__ == "__main__":
    run_as_script(COMMAND)
