"""Measures distances of a run's codes to the hull of its memory units."""

from absl import flags

from memgan_tf.evaluation.folder import check_writable, make_evaluation
from memgan_tf.tools.command import Command, import_tensorflow, run_as_script
from memgan_tf.tools.data_flags import define_data_flags
from memgan_tf.training.run_directory import RunDirectory

DESCRIPTION = """Tests the paper's claim that normal codes are inside the hull of the memory units.

memgan hull --run=runs/memgan/mnist/2/seed_0

Measures distances of the codes of training, held-out and test images to the convex hull of the
units, exact to 1e-6. Writes eval/hull.json in the run's folder; docs/hull.md explains it."""


def define_flags(flag_values):
    """Defines this verb's flags."""
    flags.DEFINE_string("run", None, "Folder of the run.", flag_values=flag_values)
    define_data_flags(flag_values)


def run(flag_values):
    """Checks the folder, then measures, writes and prints."""
    directory = RunDirectory(flag_values.run)
    directory.read_config()
    check_writable(directory)
    import_tensorflow()
    from memgan_tf import files
    from memgan_tf.evaluation.hull import measure_hull
    from memgan_tf.evaluation.trained_run import TrainedRun
    from memgan_tf.report.evaluate import describe_run, title_of

    trained = TrainedRun.load(flag_values.run)
    task = trained.load_task(flag_values.data_dir, flag_values.dataset)
    measured = measure_hull(trained, task)
    path = trained.directory.evaluation / "hull.json"
    make_evaluation(trained.directory)
    files.write_json(path, {**describe_run(trained), **measured})
    print(f"{title_of(trained)}\n{_format(measured)}\n{path}")


def _format(measured):
    """A table of the four sets of codes, and the AUROCs × 100."""
    limits = next(iter(measured["distances"].values()))["inside"]
    lines = [
        "Distance to the hull in units of the training codes' spread, and % of codes within",
        f"{'':<10}{'codes':>7}{'median':>9}" + "".join(f"{limit:>8}" for limit in limits),
    ]
    for name, found in measured["distances"].items():
        shares = "".join(f"{100 * share:8.1f}" for share in found["inside"].values())
        lines.append(f"{name:<10}{found['num_codes']:7d}{found['median']:9.3f}{shares}")
    lines.append(
        f"Units to the hull of the training codes: median {measured['units_to_codes']:.2f}"
    )
    lines.append("AUROC of test images by")
    lines += [f"  {name:<16} {100 * value:6.2f}" for name, value in measured["auroc"].items()]
    return "\n".join(lines)


COMMAND = Command("hull", DESCRIPTION, define_flags, run, required=("run",))

if __name__ == "__main__":
    run_as_script(COMMAND)
