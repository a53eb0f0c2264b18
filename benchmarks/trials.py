"""Label-free search: the effect of a setting on held-out normal and synthetic anomalous images.

python benchmarks/trials.py --trial=base --dataset=cifar10 --classes=0,1 --override=epochs=4 \\
    --output=results/trials.jsonl --data_dir=...

Trains MEMGAN's default preset with the overrides, one process per class, and appends a line of JSON
every `every` epochs. The test split is never read. Trials that are in the output are skipped.
"""

import json
import pathlib
import time

from absl import app, flags

FLAGS = flags.FLAGS
# Number of held-out images to score.
NUM_IMAGES = 500


def define_flags():
    flags.DEFINE_string("trial", "base", "Name of the trial in the output.")
    flags.DEFINE_string("detector", "memgan", "Detector.")
    flags.DEFINE_string("preset", "default", "Preset that the overrides change.")
    flags.DEFINE_string("dataset", "cifar10", "As in memgan train.")
    flags.DEFINE_list("classes", ["0", "1"], "Normal classes.")
    flags.DEFINE_integer("seed", 0, "As in memgan train.")
    flags.DEFINE_multi_string("override", [], "setting=value; may be given several times.")
    flags.DEFINE_bool(
        "anomalies", True, "Score synthetic anomalies; AnoGAN searches long for each."
    )
    flags.DEFINE_integer("every", 2, "Number of epochs between measurements.")
    flags.DEFINE_string("output", "results/trials.jsonl", "File to append to.")
    flags.DEFINE_string("data_dir", None, "As in memgan train.")


def configure(normal_class):
    from memgan_tf.config import DataConfig, resolve
    from memgan_tf.data import image_shape

    overrides = {
        name: read_value(value)
        for name, _, value in (text.partition("=") for text in FLAGS.override)
    }
    given = {
        "dataset": FLAGS.dataset,
        "normal_class": normal_class,
        "seed": FLAGS.seed,
        "data_dir": FLAGS.data_dir,
        **overrides,
    }
    shape = image_shape(DataConfig(dataset=FLAGS.dataset, data_dir=FLAGS.data_dir))
    return resolve(FLAGS.detector, FLAGS.preset, shape, given), overrides


def read_value(text):
    """A setting's value: True or False, a number, or the text itself."""
    if text in ("True", "False"):
        return text == "True"
    return json.loads(text) if text[:1] in "-.0123456789" else text


def measure(config, overrides):
    from memgan_tf.data import load_task
    from memgan_tf.detectors.registry import make_detector
    from memgan_tf.source_digest import source_digest
    from memgan_tf.training.loop import train

    task = load_task(config.data, config.training.seed, with_test=False)
    detector = make_detector(config)
    started = time.monotonic()

    def write(epoch):
        if epoch.index % FLAGS.every and not epoch.is_last:
            return
        # Scored in inference mode, with the statistics that the loop has just measured.
        detector.use(epoch.model)
        held_out = task.validation.images[:NUM_IMAGES]
        line = {
            "trial": FLAGS.trial,
            "dataset": FLAGS.dataset,
            "normal_class": config.data.normal_class,
            "seed": FLAGS.seed,
            "overrides": {**overrides, "preset": FLAGS.preset},
            "epoch": epoch.index,
            "seconds": round(time.monotonic() - started),
            **(anomalies_of(detector, held_out) if FLAGS.anomalies else {}),
            **coverage_of(detector, held_out),
            "held_out_score": float(detector.score(held_out).mean()),
            "metrics": {name: round(value, 3) for name, value in epoch.metrics.items()},
            "suspect": epoch.collapse_signs,
            "source": source_digest(),
        }
        with pathlib.Path(FLAGS.output).open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")

    trainer = detector.make_trainer(task.train.images)
    train(trainer, task.validation.images, None, [write])


def anomalies_of(detector, images):
    """AUROC by kind of synthetic anomaly, and its means over the two families of kinds."""
    from memgan_tf.reproduction.photometric import make_photometric_anomalies
    from memgan_tf.reproduction.synthetic import make_synthetic_anomalies, synthetic_auroc

    families = {"": make_synthetic_anomalies, "photometric_": make_photometric_anomalies}
    measured = {}
    for family, make in families.items():
        found = synthetic_auroc(detector.score, images, make=make)
        in_percent = {kind: 100 * value for kind, value in found.items()}
        name = f"synthetic_{family}auroc"
        measured[name] = {kind: round(value, 2) for kind, value in in_percent.items()}
        measured[f"{name}_mean"] = round(sum(in_percent.values()) / len(in_percent), 2)
    return {**measured, **by_parts(detector, images)}


def coverage_of(detector, images):
    """Of a generator that is searched: what it reaches of held-out images."""
    from memgan_tf.reproduction.coverage import coverage

    if not hasattr(detector.model, "generate"):
        return {}
    scaling = detector.model.scoring.scaling
    shown = scaling.display(scaling(images)).numpy()
    nearest = detector.explain(images)["reconstruction"]
    generated = detector.model.generate(len(images), (19, 0)).numpy()
    found = coverage(shown, nearest, generated)
    return {"coverage": {name: round(value, 4) for name, value in found.items()}}


def by_parts(detector, images):
    """Figures of all kinds, in order, for every choice of a combined score's parts."""
    import numpy as np

    from memgan_tf.evaluation.part_choices import auroc_by_parts
    from memgan_tf.reproduction.synthetic import make_synthetic_anomalies

    names = detector.model.part_names
    if not names:
        return {}
    normal, found = detector.explain(images)["parts"], {}
    labels = np.repeat([0, 1], len(images))
    for anomalies in make_synthetic_anomalies(images).values():
        parts = detector.explain(np.ascontiguousarray(anomalies))["parts"]
        figures = auroc_by_parts(labels, np.concatenate([normal, parts]), names)
        for name, figure in figures.items():
            found.setdefault(name, []).append(round(100 * figure, 2))
    return {"parts": found}


def main(_):
    done = set()
    if pathlib.Path(FLAGS.output).exists():
        for text in pathlib.Path(FLAGS.output).read_text(encoding="utf-8").splitlines():
            line = json.loads(text)
            done.add((line["trial"], line["dataset"], line["normal_class"], line["seed"]))
    for normal_class in map(int, FLAGS.classes):
        if (FLAGS.trial, FLAGS.dataset, normal_class, FLAGS.seed) not in done:
            measure(*configure(normal_class))


if __name__ == "__main__":
    define_flags()
    app.run(main)
