"""Measures how well a finished run finds local synthetic anomalies, to choose settings unlabeled.

python benchmarks/local_trial.py --run=runs/memgan/folder_bottle/all/seed_0

Makes defects of four kinds and three sizes in the held-out normal images. Prints the means of the
AUROC of the scores, and of the pixel AUROC and the AUPRO of the maps; and the information of the
attention about the image, in nats. Test images are not loaded.
"""

import json

import numpy as np
from absl import app, flags

FLAGS = flags.FLAGS


def define_flags():
    flags.DEFINE_string("run", None, "Folder of the run.")
    flags.DEFINE_integer("seed", 1, "Seed of the synthetic anomalies.")


def measure(path, seed):
    """The figures by name."""
    from memgan_tf.data import load_task
    from memgan_tf.data.local_anomalies import make_local_anomalies
    from memgan_tf.evaluation.metrics import ranking_metrics
    from memgan_tf.evaluation.pixel_metrics import PixelMetrics
    from memgan_tf.evaluation.trained_run import TrainedRun
    from memgan_tf.models.collapse import attention_information

    run = TrainedRun.load(path)
    task = load_task(run.config.data, run.config.training.seed, with_test=False)
    images = task.validation.images[np.arange(len(task.validation))]
    normal, aurocs, pixels = run.detector.explain(images), [], []
    labels = np.repeat([0, 1], len(images))
    for damaged, masks in make_local_anomalies(images, seed).values():
        found = run.detector.explain(damaged)
        scores = np.append(normal["anomaly_score"], found["anomaly_score"])
        aurocs.append(ranking_metrics(labels, scores)["auroc"])
        metrics = PixelMetrics()
        metrics.update(found["anomaly_map"], masks)
        metrics.update(normal["anomaly_map"], np.zeros_like(masks))
        result = metrics.result()
        if result is not None:
            pixels.append((result.pixel_auroc, result.aupro))
    named = dict(zip(("pixel_auroc", "aupro"), np.mean(pixels, axis=0).tolist(), strict=True))
    if "attention" in normal:
        named["attention_information"] = attention_information(normal["attention"])
    return {"auroc": float(np.mean(aurocs)), **named}


def main(_):
    print(json.dumps(measure(FLAGS.run, FLAGS.seed)))


if __name__ == "__main__":
    define_flags()
    flags.mark_flag_as_required("run")
    app.run(main)
