"""Digits from Python: train on zeros, find the other digits. Needs no download.

python docs/examples/digits.py
"""

import argparse
import pathlib

import numpy as np
from sklearn.datasets import load_digits
from sklearn.metrics import roc_auc_score

import memgan_tf


def main(model_dir: str | pathlib.Path = "runs", **settings) -> float:
    """Trains on four of five zeros and scores all other digits; returns the AUROC."""
    digits = load_digits()
    images = np.round(digits.images * 255 / 16).astype(np.uint8)  # 8 × 8 pixels, 0 to 255
    zeros, others = images[digits.target == 0], images[digits.target != 0]
    train, unseen_zeros = np.split(zeros, [len(zeros) * 4 // 5])

    run = memgan_tf.train(train, model_dir, detector="memgan", **settings)
    print(run)

    # The highest scores are the most anomalous.
    unseen = np.concatenate([unseen_zeros, others])
    is_other = np.repeat([0, 1], [len(unseen_zeros), len(others)])
    scores = run.score(unseen)
    anomalies = scores > run.threshold  # from zeros that did not train
    auroc = roc_auc_score(is_other, scores)
    print(f"AUROC {auroc:.3f}")
    print(f"other digits found: {anomalies[is_other == 1].sum()} of {len(others)}")
    print(f"false alarms: {anomalies[is_other == 0].sum()} of {len(unseen_zeros)}")
    return auroc


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--model_dir", default="runs")
    main(parser.parse_args().model_dir)
