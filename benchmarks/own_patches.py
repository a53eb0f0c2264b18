"""Tries patch features of memgan_plus's own networks for its score and map on folders.

python benchmarks/own_patches.py --runs=runs/memgan_plus/folder_bottle/all/seed_0

For each run, an own network's maps take the place of ImageNet's in `patch_memory`. What is normal
of them is learned from the run's training images. The variant is chosen by local synthetic
anomalies in the held-out normal images of all runs, without a label. Only then are the test images
scored, by this variant. An existing file of variants is not made again.
"""

import pathlib
import time

import numpy as np
from absl import app, flags

FLAGS = flags.FLAGS


def define_flags(values):
    flags.DEFINE_list("runs", [], "Finished runs of memgan_plus on folders.", values)
    flags.DEFINE_string("results_dir", "results/own_patches", "Folder of the records.", values)
    flags.DEFINE_bool("quick", False, "Try only two variants, for a test.", values)
    flags.DEFINE_multi_string("page", [], "Markdown page to fill.", flag_values=values)
    flags.DEFINE_bool("test", True, "Score test images at the end.", values)


class Chosen:
    """The chosen variant of a run, in the place of its detector."""

    part_names, max_test_images = (), None

    left_out_scores = None

    def __init__(self, run, patches, score, shown):
        self.config = run.config
        self._run, self._patches, self._score, self._map = run.detector, patches, score, shown

    def explain(self, images):
        scores, maps = self._patches.explain(images, self._run.explain(images))
        return {"anomaly_score": scores[self._score], "anomaly_map": maps[self._map]}

    def score(self, images):
        return self.explain(images)["anomaly_score"]


def name_of(run):
    """Name of a run's set."""
    return pathlib.Path(run.config.data.dataset.partition(":")[2]).name


def fit_pca(run, task):
    """The PCA that `memgan evaluate` fits beside a run."""
    from memgan_tf.config import resolve
    from memgan_tf.detectors.registry import make_detector

    settings = {"dataset": run.config.data.dataset, "score_rule": "local"}
    settings["leave_out_padding"] = run.config.data.leave_out_padding
    pca = make_detector(resolve("pca", "default", run.config.image_shape, settings))
    pca.fit(task.train.images[np.arange(len(task.train))], task.validation.images)
    return pca


def try_variants(run):
    """Writes the label-free figures of all variants for one run, unless they exist."""
    from patches.choosing import measure_variants

    from memgan_tf import files
    from memgan_tf.data import load_task

    path = pathlib.Path(FLAGS.results_dir, name_of(run), "variants.json")
    if not path.exists():
        task = load_task(run.config.data, run.config.training.seed, with_test=False)
        started = time.monotonic()
        found = measure_variants(run, task, fit_pca(run, task), FLAGS.quick)
        path.parent.mkdir(parents=True, exist_ok=True)
        files.write_json(path, {"seconds": time.monotonic() - started, "synthetic": found})
    return files.read_json(path)["synthetic"]


def measure_test_images(run, title, score, shown):
    """Figures on test images of a variant with a score and a map, the run, a PCA, and the part."""
    from patches.choosing import all_variants, reserve
    from patches.part import with_part
    from patches.scores import PatchScores

    from memgan_tf.evaluation.trained_run import TrainedRun

    variant = next(v for v in all_variants() if str(v) == title)
    task = run.load_task()
    trained, reserved = reserve(task.train.images[np.arange(len(task.train))])
    started = time.monotonic()
    patches = PatchScores(run, variant, trained, reserved, run.detector.explain(reserved))
    seconds = time.monotonic() - started
    detectors = {"patches": Chosen(run, patches, score, shown), "present": run.detector}
    detectors["pca"] = fit_pca(run, task)
    detectors["part"] = with_part(run, task.train.images[np.arange(len(task.train))])
    found = {
        which: _measure(TrainedRun(run.directory, run.config, detector, None), task)
        for which, detector in detectors.items()
    }
    return {"variant": title, "score": score, "map": shown, "seconds": seconds, **found}


def _measure(run, task):
    """Figures of a run on a task, at the threshold from held-out images."""
    from memgan_tf.evaluation.kinds import count_decisions
    from memgan_tf.evaluation.left_out import calibrate_detector
    from memgan_tf.evaluation.measured_test import measure_test
    from memgan_tf.evaluation.metrics import ranking_metrics

    held_out = task.validation.images[np.arange(len(task.validation))]
    run.calibration, _ = calibrate_detector(run.detector, held_out, run.config.data.target_fpr)
    found = measure_test(run, task.test)
    return {
        "auroc": ranking_metrics(found.labels, found.scores)["auroc"],
        **found.pixel_metrics,
        **count_decisions(found.labels, found.scores, run.threshold),
    }


def main(_):
    from patches.choosing import choose
    from patches.tables import fill

    from memgan_tf import files
    from memgan_tf.evaluation.trained_run import TrainedRun

    runs = [TrainedRun.load(path) for path in FLAGS.runs]
    chosen = choose({name_of(run): try_variants(run) for run in runs})
    print("Chosen by synthetic anomalies (variant, score, map):", *chosen, sep="\n  ")
    for run in runs if FLAGS.test else ():
        path = pathlib.Path(FLAGS.results_dir, name_of(run), "test.json")
        found = measure_test_images(run, *chosen)
        files.write_json(path, found)
        print(name_of(run), found, flush=True)
    for page in map(pathlib.Path, FLAGS.page):
        text = fill(page.read_text(encoding="utf-8"), FLAGS.results_dir)
        page.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    define_flags(FLAGS)
    app.run(main)
