"""How the score of photographs was chosen: rules on the errors of a PCA, without labels.

python benchmarks/score_rules.py --sets=bottle,tiles --output=results/folders/score_rules.json

For each folder, local synthetic anomalies are made from the held-out normal images. The record has
each rule's mean AUROC of these against the held-out images, with the usual errors from all training
images (each fifth restored by the components of the others) and from 18 of them. Labels are not
read.
"""

import pathlib

import numpy as np
from absl import app, flags

FLAGS = flags.FLAGS
FEW = 18


def define_flags():
    flags.DEFINE_list("sets", [], "Folders, in MVTec's layout.")
    flags.DEFINE_string("output", "results/folders/score_rules.json", "File of the record.")
    flags.DEFINE_integer("seed", 1, "Seed of the synthetic anomalies.")


def rules(windows):
    """Each rule as a function of `(images, windows)` window scores and of `(images,)` distances."""
    combined = {
        "distance, Eq. 8": lambda scores, distances: distances,
        "all windows: the highest": lambda scores, distances: scores.max(axis=1),
        "all windows: the mean": lambda scores, distances: scores.mean(axis=1),
        "all windows: sum of softplus": lambda scores, distances: np.logaddexp(0, scores).sum(1),
        "all windows: sum of squares above 0": lambda scores, distances: (
            np.square(np.maximum(scores, 0)).sum(axis=1) + 1e-3 * scores.mean(axis=1)
        ),
    }
    single = {
        f"one window of {side or 'the whole image'}": lambda scores, distances, i=i: scores[:, i]
        for i, side in enumerate(windows)
    }
    return {**combined, **single}


def measure(name):
    """Mean AUROC by rule, with all training images and with few of them."""
    import tensorflow as tf

    from memgan_tf.config import DataConfig, resolve
    from memgan_tf.data import load_task
    from memgan_tf.data.local_anomalies import make_local_anomalies
    from memgan_tf.data.sources import settle
    from memgan_tf.detectors.pca import held_out_squares
    from memgan_tf.detectors.registry import make_detector
    from memgan_tf.layers.local_score import LocalScore

    data = settle(DataConfig(dataset=f"folder:{name}"))
    task = load_task(data, 0, with_test=False)
    images, normal = (s.images[np.arange(len(s))] for s in (task.train, task.validation))
    given = {"dataset": data.dataset, "score_rule": "local"}
    detector = make_detector(resolve("pca", "default", images.shape[1:], given))
    detector.fit(images, normal)
    made = make_local_anomalies(normal, FLAGS.seed)
    batches = {"": normal, **{kind: damaged for kind, (damaged, _) in made.items()}}
    squares = {k: tf.square(detector.explain(b)["error_map"]) for k, b in batches.items()}
    usual = tf.concat(held_out_squares(detector.config, images), axis=0)
    found = {}
    for title, chosen in (("all", usual), ("few", usual[:: max(1, len(usual) // FEW)][:FEW])):
        score = LocalScore(images.shape[1:3])
        score.fit(lambda chosen=chosen: [chosen])
        windows = {kind: score.window_scores(values).numpy() for kind, values in squares.items()}
        found[title] = {
            rule: mean_auroc(squares, windows, function)
            for rule, function in rules(score.windows).items()
        }
    return found


def mean_auroc(squares, windows, rule):
    """Mean AUROC of one rule over the kinds of anomalies."""
    from memgan_tf.evaluation.metrics import ranking_metrics

    scores = {
        kind: rule(windows[kind], np.sqrt(values.numpy().sum(axis=(1, 2))))
        for kind, values in squares.items()
    }
    normal = scores.pop("")
    labels = np.repeat([0, 1], len(normal))
    aurocs = [ranking_metrics(labels, np.append(normal, s))["auroc"] for s in scores.values()]
    return float(np.mean(aurocs))


def main(_):
    from memgan_tf import files

    record = {pathlib.Path(name).name: measure(name) for name in FLAGS.sets}
    files.write_json(pathlib.Path(FLAGS.output), record)
    shared = set.intersection(*(set(found["all"]) for found in record.values()))
    for rule in [rule for rule in next(iter(record.values()))["all"] if rule in shared]:
        means = [
            100 * np.mean([found[title][rule] for found in record.values()])
            for title in ("all", "few")
        ]
        print(f"| {rule} | {means[0]:.1f} | {means[1]:.1f} |")


if __name__ == "__main__":
    define_flags()
    app.run(main)
