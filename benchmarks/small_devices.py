"""Size, time and AUROC of a run's SavedModel and of its LiteRT files.

    python benchmarks/small_devices.py --runs=<run>,<run> --page=docs/litert.md

Every run is converted to float32, float16 and int8. The time is CPU time of one thread for one
image, which does not include other work on the machine. All files score the labeled test split, or
a stratified draw of it. Each run has a record in results/benchmarks/litert; existing records are
not made again. The page's table is filled from all records.
"""

import dataclasses
import os
import pathlib
import statistics
import tempfile
import time

# Each library reads them on import.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ["TF_NUM_INTRAOP_THREADS"] = os.environ["OMP_NUM_THREADS"] = "1"
os.environ["TF_NUM_INTEROP_THREADS"] = "1"

from absl import app, flags

FLAGS = flags.FLAGS
MARK, END = "<!-- litert -->", "<!-- end of litert -->"
HEADING = (
    *("detector, images", "file", "MiB", "CPU ms an image", "AUROC", "found", "false alarms"),
)
flags.DEFINE_list("runs", [], "Folders of finished runs.")
flags.DEFINE_string("data_dir", None, "Folder of the runs' prepared data sets.")
flags.DEFINE_string("results_dir", "results/benchmarks/litert", "Folder of the records.")
flags.DEFINE_string("page", None, "Markdown page whose table is filled.")
flags.DEFINE_integer("calls", 20, "Number of timed images, after two for warm-up.", lower_bound=1)
flags.DEFINE_integer("max_test_images", 2000, "Test images to score, at most.", lower_bound=2)


def measure(path, record):
    """Converts a run, times and scores its files, and writes a record."""
    from measure import describe_machine

    import memgan_tf
    from memgan_tf import files
    from memgan_tf.evaluation.measured_test import stratified_subset
    from memgan_tf.export.exporter import ask_run, servable_model
    from memgan_tf.export.golden import synthetic_images
    from memgan_tf.export.litert.conversion import QUANTIZATIONS
    from memgan_tf.export.litert.exporter import LiteRequest, add_litert

    run = memgan_tf.load(path)
    task = run.load_task(FLAGS.data_dir)
    positions = stratified_subset(task.test.labels, FLAGS.max_test_images)
    images, labels = task.test.images[positions], task.test.labels[positions]
    model = servable_model(run)
    found = {"SavedModel": _saved_model(run, model, images, labels)}
    golden = ask_run(run, run.calibration, synthetic_images(run.config.image_shape))
    for quantization in QUANTIZATIONS:
        with tempfile.TemporaryDirectory() as folder:
            # The test split is scored below.
            request = LiteRequest(quantization, dataclasses.replace(task, test=None))
            place = pathlib.Path(folder)
            made = add_litert(place, run, model, golden, run.calibration, request, {})
            found[f"LiteRT {quantization}"] = _litert(place / "model.tflite", images, labels) | {
                "checks": made.findings
            }
        print(path, quantization, found[f"LiteRT {quantization}"], flush=True)
    files.write_json(
        record,
        {
            "machine": describe_machine(1, ""),
            "detector": run.config.detector,
            "dataset": pathlib.PurePath(run.config.data.dataset).name,
            "normal_class": run.config.data.normal_class,
            "epochs": run.config.training.epochs,
            "image_shape": list(run.config.image_shape),
            "num_test_images": len(labels),
            "files": found,
        },
    )


def _saved_model(run, model, images, labels):
    import tensorflow as tf

    from memgan_tf.export.scorer import Scorer

    shape = run.config.image_shape
    scorer = Scorer(model, shape, run.calibration, run.config.data.fit)
    with tempfile.TemporaryDirectory() as folder:
        tf.saved_model.save(scorer, folder, signatures=scorer.signatures())
        size = sum(p.stat().st_size for p in pathlib.Path(folder).rglob("*") if p.is_file())
        signature = tf.saved_model.load(folder).signatures["serving_default"]

        def call(image):
            signature(image=tf.constant(image, tf.float32))["anomaly_score"].numpy()

        milliseconds = _time(call, images)
    # The export has been checked to have exactly the run's scores.
    scores = run.score(images)
    return _facts(size, milliseconds, labels, scores, scores > run.threshold)


def _litert(path, images, labels):
    from memgan_tf.export.litert.worker import LiteRunner

    runner = LiteRunner(str(path), 1)
    milliseconds = _time(runner, images)
    answers = [runner(images[i : i + 1]) for i in range(len(images))]
    scores, flagged = ([a[name][0] for a in answers] for name in ("anomaly_score", "is_anomaly"))
    return _facts(path.stat().st_size, milliseconds, labels, scores, flagged)


def _time(call, images):
    """CPU milliseconds for each of a few images, one at a time."""
    for index in range(2):
        call(images[index : index + 1])
    found = []
    for index in range(FLAGS.calls):
        image = images[index % len(images)][None]
        started = time.process_time()
        call(image)
        found.append(1e3 * (time.process_time() - started))
    return found


def _facts(size, milliseconds, labels, scores, flagged):
    import numpy as np

    from memgan_tf.evaluation.metrics import ranking_metrics

    flagged = np.asarray(flagged)
    return {
        "bytes": size,
        "milliseconds": milliseconds,
        "auroc": ranking_metrics(labels, np.asarray(scores))["auroc"],
        "found": int(flagged[labels == 1].sum()),
        "num_anomalies": int((labels == 1).sum()),
        "false_alarms": int(flagged[labels == 0].sum()),
        "num_normal": int((labels == 0).sum()),
    }


def make_rows(results_dir):
    """Cells of the table, from every record."""
    from memgan_tf import files

    rows = []
    for path in sorted(pathlib.Path(results_dir).glob("*.json")):
        record = files.read_json(path)
        name = f"{record['detector']}, {record['dataset']}"
        if record["normal_class"] is not None:
            name += f" {record['normal_class']}"
        for kind, facts in record["files"].items():
            rows.append(
                [
                    name,
                    kind,
                    f"{facts['bytes'] / 2**20:.2f}",
                    f"{statistics.median(facts['milliseconds']):.2f}",
                    f"{100 * facts['auroc']:.2f}",
                    f"{facts['found']} of {facts['num_anomalies']}",
                    f"{facts['false_alarms']} of {facts['num_normal']}",
                ]
            )
            name = ""
    return rows


def fill(page, rows):
    """Writes the table between the page's marks."""
    text = page.read_text(encoding="utf-8")
    before, rest = text.split(MARK, 1)
    lines = [f"| {' | '.join(cells)} |" for cells in (HEADING, ["---"] * len(HEADING), *rows)]
    after = rest.split(END, 1)[1]
    page.write_text("\n".join([before + MARK, *lines, END]) + after, encoding="utf-8")


def main(argv):
    del argv
    for path in map(pathlib.Path, FLAGS.runs):
        detector, dataset, normal_class = path.parts[-4:-1]
        record = pathlib.Path(FLAGS.results_dir, f"{detector}_{dataset}_{normal_class}.json")
        record.parent.mkdir(parents=True, exist_ok=True)
        if not record.exists():
            measure(path, record)
    if FLAGS.page:
        fill(pathlib.Path(FLAGS.page), make_rows(FLAGS.results_dir))


if __name__ == "__main__":
    app.run(main)
