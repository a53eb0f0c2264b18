"""Evaluates a finished run on its test split."""

import dataclasses

from absl import flags

from memgan_tf.tools.command import Command, import_tensorflow, run_as_script
from memgan_tf.training.run_directory import RunDirectory

DESCRIPTION = """Evaluates a finished run on the whole labelled test split of its data set.

memgan evaluate --run=runs/memgan/mnist/2/seed_0

Writes results.json and, in eval/, scores.csv, roc.png, histogram.png, reconstructions.png and
memory_units.png. Metrics are printed times 100."""


def define_flags(flag_values):
    """Defines this verb's flags."""
    flags.DEFINE_string("run", None, "Folder of the run.", flag_values=flag_values)
    flags.DEFINE_string(
        "data_dir", None, "As in memgan train, if the data has moved.", flag_values=flag_values
    )


def run(flag_values):
    """Checks the folder, then evaluates."""
    evaluate_run(flag_values.run, flag_values.data_dir)


def evaluate_run(path, data_dir=None):
    """Evaluates a run, prints its metrics and where its files are."""
    RunDirectory(path).read_config()
    import_tensorflow()
    from memgan_tf.data import load_task
    from memgan_tf.evaluation.trained_run import TrainedRun
    from memgan_tf.report.evaluate import evaluate, format_metrics, title_of

    trained = TrainedRun(path)
    data = trained.config.data
    if data_dir is not None:
        data = dataclasses.replace(data, data_dir=data_dir)
    results = evaluate(trained, load_task(data, trained.config.training.seed))
    print(f"{title_of(trained)}, {trained.config.preset} preset")
    print(f"{results['num_normal']} normal and {results['num_anomalies']} anomalous test images:")
    print(format_metrics(results))
    if results["departures"]:
        print(f"Other than the paper preset: {'; '.join(results['departures'])}")
    for line in trained.calibration.describe():
        print(f"  {line}")
    for reason in results["suspect"]:
        print(f"SUSPECT: {reason}")
    print(f"Scores and pictures: {trained.directory.evaluation}")
    return results


COMMAND = Command("evaluate", DESCRIPTION, define_flags, run, required=("run",))

if __name__ == "__main__":
    run_as_script(COMMAND)
