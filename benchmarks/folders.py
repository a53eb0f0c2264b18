"""Measures detectors on folders of photographs: makes records and the table of a page.

python benchmarks/folders.py --sets=bottle,tiles --detectors=pca,memgan --model_dir=runs

A set is a folder in MVTec's layout below the current one. Every run is `memgan train` and `memgan
evaluate` with defaults; its results.json becomes <results_dir>/<set>/<detector>/seed_0.json. An
existing record is not made again. With --page, the table between the page's marks is filled.
"""

import os
import pathlib

from absl import app, flags

FLAGS = flags.FLAGS
HEADING = (
    *("set", "detector", "AUROC", "found", "false alarms", "pixel AUROC", "AUPRO", "seconds"),
    "last fall",
)


def define_flags():
    flags.DEFINE_list("sets", [], "Folders to train on, in this order.")
    flags.DEFINE_list("detectors", ["pca"], "Detectors, in this order.")
    flags.DEFINE_string("model_dir", "runs", "Folder for runs.")
    flags.DEFINE_string("results_dir", "results/folders", "Folder of the records.")
    flags.DEFINE_string("backbone", None, "As in memgan train, for detectors on features.")
    flags.DEFINE_string("backbone_layers", None, "The same.")
    flags.DEFINE_string("table", "folders", "The page's marks: <!-- table --> and its end.")
    flags.DEFINE_multi_string("page", [], "Markdown page whose table is filled from all records.")


def measure(name, detector):
    """Trains and evaluates, unless a record exists."""
    from measure import describe_machine

    from memgan_tf import files
    from memgan_tf.config import by_features
    from memgan_tf.tools import main

    record = pathlib.Path(FLAGS.results_dir, pathlib.Path(name).name, detector, "seed_0.json")
    if record.exists():
        return
    flags_of_run = [f"--dataset=folder:{name}", f"--detector={detector}"]
    if FLAGS.backbone is not None and by_features(detector):
        flags_of_run.append(f"--backbone={FLAGS.backbone}")
        if FLAGS.backbone_layers is not None:
            flags_of_run.append(f"--backbone_layers={FLAGS.backbone_layers}")
    if main.main(["train", *flags_of_run, f"--model_dir={FLAGS.model_dir}"]):
        raise app.UsageError(f"{detector} could not be trained on {name}")
    folder = f"folder_{pathlib.Path(name).name}"
    run = pathlib.Path(FLAGS.model_dir, detector, folder, "all", "seed_0")
    main.main(["evaluate", f"--run={run}", "--num_heatmaps=0"])
    record.parent.mkdir(parents=True, exist_ok=True)
    machine = describe_machine(os.environ.get("OMP_NUM_THREADS"))
    files.write_json(record, {**files.read_json(run / "results.json"), "machine": machine})


def make_rows(results_dir):
    """Cells of the table, from every record."""
    from memgan_tf import files

    rows = []
    for path in sorted(pathlib.Path(results_dir).glob("*/*/seed_0.json")):
        record = files.read_json(path)
        metrics, decisions = record["metrics"], record["decisions"]
        rows.append(
            [
                path.parts[-3],
                path.parts[-2] + (" (SUSPECT)" if record["suspect"] else ""),
                f"{100 * metrics['auroc']:.1f}",
                f"{decisions['found']} of {decisions['num_anomalies']}",
                f"{decisions['false_alarms']} of {decisions['num_normal']}",
                *(f"{100 * metrics[n]:.1f}" for n in ("pixel_auroc", "aupro") if n in metrics),
                _seconds(record),
                _fall(record),
            ]
        )
    return rows


def _seconds(record):
    """Seconds of training, with the GPU, if any."""
    cards = record.get("machine", {}).get("GPUs")
    return f"{record['training_seconds']:.0f}" + (f" ({cards})" if cards else "")


def _fall(record):
    """Decrease of the held-out error at the end of training, in percent."""
    from memgan_tf.config import detector_config

    if not getattr(detector_config(record["detector"]), "trains_in_steps", True):
        return ""
    return f"{round(100 * record['remaining_fall'])} %"


def fill_page(text, rows, name="folders"):
    """The page with the table of the rows between its marks."""
    from memgan_tf.reproduction.tables import to_markdown

    table = [list(HEADING), *rows]
    if not any(row[-1] for row in rows):
        # No detector of theirs trains in steps.
        table = [row[:-1] for row in table]
    mark, end = f"<!-- {name} -->", f"<!-- end of {name} -->"
    before, _, rest = text.partition(mark)
    _, _, after = rest.partition(end)
    return f"{before}{mark}\n{to_markdown(table)}\n{end}{after}"


def main(_):
    for name in FLAGS.sets:
        for detector in FLAGS.detectors:
            measure(name, detector)
    for page in map(pathlib.Path, FLAGS.page):
        rows = make_rows(FLAGS.results_dir)
        page.write_text(
            fill_page(page.read_text(encoding="utf-8"), rows, FLAGS.table), encoding="utf-8"
        )


if __name__ == "__main__":
    define_flags()
    app.run(main)
