"""From the command line on real digits: train, evaluate, score."""

import csv
import json
import pathlib

import numpy as np
import pytest
import tensorflow as tf

import memgan_tf
from memgan_tf.tools import main
from memgan_tf.training.run_directory import RunDirectory

TINY = (
    "--dataset=digits",
    "--normal_class=0",
    "--batch_size=16",
    "--base_width=8",
    "--latent_dim=8",
    "--num_units=10",
    "--discriminator_width=16",
    "--steps_per_call=3",
)


def train(model_dir, *flags):
    return main.main(["train", f"--model_dir={model_dir}", *TINY, *flags])


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A finished and evaluated run, good enough to tell a zero."""
    model_dir = tmp_path_factory.mktemp("runs")
    assert train(model_dir, "--epochs=60", "--learning_rate=2e-3") == 0
    path = model_dir / "memgan" / "digits" / "0" / "seed_0"
    assert main.main(["evaluate", f"--run={path}"]) == 0
    return path


def test_a_run_leaves_what_the_conventions_say(run):
    expected = (
        "config.json environment.json metrics.csv results.json calibration.json COMPLETE "
        "checkpoints tensorboard/train tensorboard/validation eval/scores.csv eval/roc.png "
        "eval/histogram.png eval/reconstructions.png eval/memory_units.png"
    )
    for name in expected.split():
        assert (run / name).exists(), name
    assert not [path for path in run.rglob("*") if ".tmp-" in path.name]


def test_it_learned_to_tell_zeros(run):
    results = json.loads((run / "results.json").read_text())
    assert results["metrics"]["auroc"] > 0.97
    assert {"auroc", "average_precision", "fpr_at_95_tpr"} <= results["metrics"].keys()
    assert results["seed"] == 0
    assert results["training_seconds"] > 0
    assert results["environment"]["tensorflow"] == tf.__version__


def test_the_scores_file_is_the_whole_test_split(run):
    with (run / "eval" / "scores.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 450
    calibration = json.loads((run / "calibration.json").read_text())
    for row in rows:
        score = float(row["anomaly_score"])
        assert int(row["is_anomaly"]) == (score > calibration["threshold"])


def test_python_scores_equal_the_files(run):
    trained = memgan_tf.load(run)
    from memgan_tf.data import load_task

    test = load_task(trained.config.data, 0).test
    with (run / "eval" / "scores.csv").open(newline="") as file:
        written = [float(row["anomaly_score"]) for row in csv.DictReader(file)]
    np.testing.assert_allclose(trained.score(test.images), written, rtol=1e-6)
    np.testing.assert_array_equal(trained.score(test.images), trained.score(test.images))
    alone = [trained.score(test.images[i : i + 1])[0] for i in range(20)]
    np.testing.assert_allclose(alone, written[:20], rtol=1e-5)


@pytest.mark.parametrize(
    ("images", "message"),
    [
        (np.zeros((2, 9, 9, 1), np.uint8), "must have the shape that the detector was trained on"),
        (np.zeros((2, 8, 8, 3), np.uint8), "must have the shape that the detector was trained on"),
        (np.full((2, 8, 8, 1), np.nan), "image 0 has nan"),
        (np.zeros((0, 8, 8, 1), np.uint8), "at least one image"),
    ],
)
def test_bad_images_are_refused(images, message, run):
    with pytest.raises(ValueError, match=message):
        memgan_tf.load(run).score(images)


def encode(image, suffix):
    colour = np.repeat(image, 3, axis=-1)
    if suffix == "png":
        return tf.io.encode_png(image).numpy()
    if suffix == "jpg":
        return tf.io.encode_jpeg(colour, quality=100).numpy()
    # A BMP by hand: header, then rows from the bottom, blue first.
    height, width, _ = image.shape
    rows = colour[::-1, :, ::-1].tobytes()
    head = b"BM" + (54 + len(rows)).to_bytes(4, "little") + bytes(4) + (54).to_bytes(4, "little")
    info = (40).to_bytes(4, "little") + width.to_bytes(4, "little") + height.to_bytes(4, "little")
    info += (1).to_bytes(2, "little") + (24).to_bytes(2, "little") + bytes(24)
    return head + info + rows


def test_scoring_a_folder(run, tmp_path, capsys):
    trained = memgan_tf.load(run)
    from memgan_tf.data import load_task

    images = load_task(trained.config.data, 0).test.images[:3]
    folder = tmp_path / "photos" / "inside"
    folder.mkdir(parents=True)
    for image, suffix in zip(images, ("png", "bmp", "jpg"), strict=True):
        (folder / f"a.{suffix}").write_bytes(encode(image, suffix))
    large = np.kron(images[0], np.ones((4, 4, 1), np.uint8))
    (folder / "large.png").write_bytes(tf.io.encode_png(large).numpy())
    (folder / "broken.png").write_bytes(b"no image")
    (folder / "notes.txt").write_text("no image either")
    output = tmp_path / "scores.csv"
    flags = [f"--run={run}", f"--input={tmp_path / 'photos'}", f"--output={output}"]
    assert main.main(["score", *flags]) == 0
    captured = capsys.readouterr()
    assert "4 images scored, 1 left out" in captured.out
    assert "Left out" in captured.err
    assert "broken.png" in captured.err
    with output.open(newline="") as file:
        rows = {pathlib.Path(r["path"]).name: r for r in csv.DictReader(file)}
    expected = trained.score(images)
    assert float(rows["a.png"]["anomaly_score"]) == pytest.approx(expected[0], rel=1e-6)
    assert float(rows["a.bmp"]["anomaly_score"]) == pytest.approx(expected[1], rel=1e-6)
    assert float(rows["a.jpg"]["anomaly_score"]) == pytest.approx(expected[2], rel=0.2)
    assert float(rows["large.png"]["anomaly_score"]) == pytest.approx(expected[0], rel=0.3)
    assert all(row["label"] == "" for row in rows.values())


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda path: None, "is missing"),
        (lambda path: path.mkdir(), "the folder .* has none"),
        (lambda path: path.with_suffix(".txt").write_text("x"), "is missing"),
    ],
)
def test_bad_inputs_of_score(make, message, run, tmp_path, capsys):
    make(tmp_path / "in")
    flags = [f"--run={run}", f"--input={tmp_path / 'in'}", f"--output={tmp_path / 'o.csv'}"]
    assert main.main(["score", *flags]) == 1
    error = capsys.readouterr().err.strip()
    assert len(error.splitlines()) == 1
    import re

    assert re.search(message, error)
    assert not (tmp_path / "o.csv").exists()


def test_the_same_command_again_changes_nothing(run, capsys):
    before = {path: path.stat().st_mtime_ns for path in run.rglob("*") if path.is_file()}
    assert train(run.parents[3], "--epochs=60", "--learning_rate=2e-3") == 0
    assert "is complete already" in capsys.readouterr().out
    assert before == {path: path.stat().st_mtime_ns for path in run.rglob("*") if path.is_file()}


def test_another_configuration_never_overwrites(run, capsys):
    assert train(run.parents[3], "--epochs=60", "--learning_rate=3e-3") == 1
    said = "another configuration's run: learning_rate is 0.002 there and 0.003 here"
    assert said in capsys.readouterr().err


def test_an_unfinished_run_cannot_be_evaluated(tmp_path, capsys, tiny_config):
    run = RunDirectory(tmp_path / "run")
    with run.claimed(tiny_config()):
        pass
    assert main.main(["evaluate", f"--run={run.path}"]) == 1
    assert "is not COMPLETE" in capsys.readouterr().err


def test_a_checkpoint_of_another_run_is_refused(run, tmp_path, capsys):
    other = RunDirectory(tmp_path / "memgan" / "digits" / "0" / "seed_1")
    first = memgan_tf.load(run)
    import dataclasses
    import shutil

    training = dataclasses.replace(first.config.training, seed=1)
    with other.claimed(dataclasses.replace(first.config, training=training)):
        shutil.copytree(run / "checkpoints", other.checkpoints)
    flags = ["--epochs=60", "--learning_rate=2e-3", "--seed=1"]
    assert train(tmp_path, *flags) == 1
    assert "belongs to another configuration" in capsys.readouterr().err


def test_the_demo(tmp_path, capsys):
    flags = [f"--model_dir={tmp_path}", "--epochs=5", "--normal_class=1"]
    assert main.main(["demo", *flags]) == 0
    output = capsys.readouterr().out
    assert "AUROC" in output
    assert "Try next:" in output
    assert (tmp_path / "memgan/digits/1/seed_0/eval/example_scores.csv").exists()


@pytest.mark.real_data
@pytest.mark.slow
def test_real_mnist_for_a_moment(real_data_dir, tmp_path):
    """A few steps on the real thing: the command of the README, cut short."""
    flags = ["--dataset=mnist", "--normal_class=1", f"--data_dir={real_data_dir}", "--epochs=1"]
    flags += [f"--model_dir={tmp_path}", "--learning_rate=1e-3", "--base_width=8"]
    assert main.main(["train", *flags]) == 0
    run = tmp_path / "memgan" / "mnist" / "1" / "seed_0"
    assert main.main(["evaluate", f"--run={run}"]) == 0
    results = json.loads((run / "results.json").read_text())
    assert (results["num_normal"], results["num_anomalies"]) == (1135, 8865)
    assert results["metrics"]["auroc"] > 0.7
