"""Serve and watch: export a run, score each day's images with it, notice a brighter lamp.

    python docs/examples/serve_and_watch.py

Here TensorFlow loads the exported model. TensorFlow Serving loads the same folder: docs/serving.md.
"""

import argparse
import pathlib

import numpy as np
import tensorflow as tf
from sklearn.datasets import load_digits

import memgan_tf
from memgan_tf.evaluation.drift import Drift


def main(
    model_dir: str | pathlib.Path = "runs",
    output_dir: str | pathlib.Path = "saved_models",
    **settings,
) -> list[Drift]:
    """Exports a run and watches it for two days; returns what was found on each."""
    digits = load_digits()
    zeros = np.round(digits.images[digits.target == 0] * 255 / 16).astype(np.float32)
    zeros = zeros[..., np.newaxis]  # (num_images, 8, 8, 1), 0 to 255
    usual, unseen = zeros[:120], zeros[120:]

    run = memgan_tf.train(usual, model_dir, detector="vae", **settings)
    exported = run.export("zeros", output_dir)
    print(f"published: {exported.path}")
    serve = tf.saved_model.load(str(exported.path)).signatures["serving_default"]

    brighter = np.clip(unseen + 60, 0, 255)
    findings = []
    for day, images in (("Monday", unseen), ("Tuesday, a brighter lamp", brighter)):
        answer = serve(image=tf.constant(images))
        drift = run.monitor(answer["anomaly_score"].numpy())
        alarms = int(answer["is_anomaly"].numpy().sum())
        print(f"{day}: {alarms} alarms of {len(images)}. {drift.sentence}")
        findings.append(drift)
    if findings[-1].differs:
        # Good parts under the new lamp give a new threshold; the detector stays.
        run.recalibrate(brighter)
        print(f"new threshold: {run.threshold:.3f}")
    return findings


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--model_dir", default="runs")
    parser.add_argument("--output_dir", default="saved_models")
    given = parser.parse_args()
    main(given.model_dir, given.output_dir)
