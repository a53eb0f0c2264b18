"""AUROC of detectors that have not learned, as a reference for the figures of the records.

python benchmarks/unfitted.py --results_dir=results --data_dir=...

For every record <results_dir>/<variant>/<detector>/<dataset>/<class>/seed_<s>.json it writes
unfitted_<s>.json next to it, unless that exists. It has the same configuration, the initial weights
(for a shallow method, those learned from noise) and constants measured on the normal training
images. Test labels are used for the measurement, not for any choice.
"""

import dataclasses
import pathlib

from absl import app, flags

FLAGS = flags.FLAGS


def define_flags():
    flags.DEFINE_string("results_dir", "results", "Folder of the records.")
    flags.DEFINE_string("records", "*/*/*/*/seed_*.json", "Pattern of the records below it.")
    flags.DEFINE_string("data_dir", None, "As in memgan train.")


def measure(config, data_dir):
    from memgan_tf.data import load_task
    from memgan_tf.detectors.registry import make_detector
    from memgan_tf.evaluation.measured_test import stratified_subset
    from memgan_tf.evaluation.metrics import ranking_metrics

    data = dataclasses.replace(config.data, data_dir=data_dir)
    task = load_task(data, config.training.seed)
    detector = make_detector(config)
    detector.initialize(task.train.images)
    chosen = stratified_subset(task.test.labels, detector.max_test_images)
    scores = detector.score(task.test.images[chosen])
    return ranking_metrics(task.test.labels[chosen], scores)


def main(_):
    from memgan_tf import files
    from memgan_tf.config import RunConfig

    for path in sorted(pathlib.Path(FLAGS.results_dir).glob(FLAGS.records)):
        output = path.with_name(path.name.replace("seed", "unfitted"))
        if output.exists():
            continue
        record = files.read_json(path)
        metrics = measure(RunConfig.from_dict(record["config"]), FLAGS.data_dir)
        names = ("detector", "dataset", "normal_class", "seed", "preset", "fingerprint")
        files.write_json(output, {**{name: record[name] for name in names}, "metrics": metrics})
        learned = 100 * record["metrics"]["auroc"]
        print(f"{path.parent}: unfitted {100 * metrics['auroc']:.2f}, fitted {learned:.2f}")


if __name__ == "__main__":
    define_flags()
    app.run(main)
