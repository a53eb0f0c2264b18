"""Serve and watch: export a run, score each day's images with it, notice a new lamp.

python docs/examples/serve_and_watch.py

The exported model is loaded by TensorFlow here; docs/serving.md has the commands of TF-Serving,
which loads the same folder.
"""

import argparse

import numpy as np
import tensorflow as tf
from sklearn.datasets import load_digits

import memgan_tf


def watch(run, scores, day):
    """Compares a day's scores with those of the calibration; returns the finding."""
    drift = run.monitor(scores)
    print(f"{day}: {drift.sentence}")
    return drift


def main(model_dir="runs", output_dir="saved_models", **settings):
    """Exports a run and watches it for two days; returns what was found on each."""
    run = memgan_tf.train("digits", model_dir, normal_class=0, **settings)
    exported = run.export("zeros", output_dir)
    print(f"published: {exported.path}")
    serve = tf.saved_model.load(str(exported.path)).signatures["serving_default"]

    digits = load_digits()
    zeros = np.round(digits.images[digits.target == 0] * 255 / 16).astype(np.float32)
    usual = zeros[..., np.newaxis]  # (num_images, 8, 8, 1), 0 to 255
    new_lamp = np.clip(usual + 60, 0, 255)

    findings = []
    for day, images in (("Monday", usual), ("Tuesday", new_lamp)):
        answer = serve(image=tf.constant(images))
        print(f"{day}: {int(tf.reduce_sum(tf.cast(answer['is_anomaly'], tf.int32)))} alarms")
        findings.append(watch(run, answer["anomaly_score"].numpy(), day))
    if findings[-1].differs:
        # Good parts of the new lamp give a new threshold; the detector stays.
        run.recalibrate(new_lamp)
        print(f"new threshold: {run.threshold:.3f}")
    return findings


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--model_dir", default="runs")
    parser.add_argument("--output_dir", default="saved_models")
    given = parser.parse_args()
    main(given.model_dir, given.output_dir)
