"""Evaluates a finished run on its test split."""

from absl import flags

from memgan_tf.evaluation.folder import check_writable
from memgan_tf.tools.command import Command, follow_up, import_tensorflow, run_as_script
from memgan_tf.tools.data_flags import define_data_flags
from memgan_tf.training.run_directory import RunDirectory
from memgan_tf.validation import check_integer

DESCRIPTION = """Evaluates a finished run on the whole labeled test split of its data set.

memgan evaluate --run=runs/memgan/mnist/2/seed_0

Writes results.json and, in eval/, scores.csv, roc.png, histogram.png, reconstructions.png,
memory_units.png and heatmaps/. Metrics are printed times 100. If the test images have masks of
their defects, they include pixel_auroc and aupro (to a false-positive rate of 0.3)."""


def define_flags(flag_values):
    """Defines this verb's flags."""
    flags.DEFINE_string("run", None, "Folder of the run.", flag_values=flag_values)
    define_data_flags(flag_values)
    flags.DEFINE_integer(
        "num_heatmaps",
        8,
        "Heat-maps per kind (false alarms, misses, most and least anomalous); 0 writes none.",
        flag_values=flag_values,
    )


def run(flag_values):
    """Checks the folder, then evaluates."""
    count = check_integer("num_heatmaps", flag_values.num_heatmaps, 0)
    evaluate_run(flag_values.run, flag_values.data_dir, count, flag_values.dataset)


def evaluate_run(path, data_dir=None, num_heatmaps=8, dataset=None):
    """Evaluates a run, prints its metrics and the places of its files.

    Returns:
        Content of results.json; None, without a file, for a folder with only normal images.
    """
    directory = RunDirectory(path)
    directory.read_config()
    check_writable(directory)
    import_tensorflow()
    from memgan_tf.evaluation.kinds import summarize_decisions
    from memgan_tf.report.baseline_words import compare_with_baseline
    from memgan_tf.report.evaluate import evaluate, format_metrics, title_of
    from memgan_tf.run import Run

    trained = Run.load(path)
    task = trained.load_task(data_dir, dataset)
    if task.test is None and trained.config.data.folder is not None:
        _print_calibration(trained)
        return None
    results = evaluate(trained, task, num_heatmaps)
    print(summarize_decisions(results))
    print(f"{title_of(trained)}, {trained.config.preset} preset")
    print(f"{results['num_normal']} normal and {results['num_anomalies']} anomalous test images:")
    print(format_metrics(results))
    if "obstacle" in results.get("pixels", {}):
        print(f"  No pixel metrics: {results['pixels']['obstacle']}")
    for sentence in [*results["score_notes"], *compare_with_baseline(results)]:
        print(sentence)
    if results["departures"]:
        print(f"Other than the paper preset: {'; '.join(results['departures'])}")
    for line in trained.known_calibration().describe():
        print(f"  {line}")
    for reason in results["suspect"]:
        print(f"SUSPECT: {reason}")
    print(f"Scores and pictures: {trained.directory.evaluation}")
    return results


def _print_calibration(trained):
    dataset, path = trained.config.data.dataset, trained.directory.path
    print(f"{dataset} has no labeled test split, so there are no metrics. Its calibration:")
    for line in trained.known_calibration().describe():
        print(f"  {line}")
    place = f"--run={path}"
    print(f"Next: {follow_up('report', place)}, or {follow_up('score', place)} --input=…")


COMMAND = Command("evaluate", DESCRIPTION, define_flags, run, required=("run",))

if __name__ == "__main__":
    run_as_script(COMMAND)
