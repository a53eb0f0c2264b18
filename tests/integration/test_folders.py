"""From folders of image files to scores.csv, by the command line alone."""

import csv
import io
import json
import pathlib
import shlex

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

import memgan_tf
from memgan_tf import config
from memgan_tf.data import load_task, stored_images
from memgan_tf.data.stored_images import StoredImages
from memgan_tf.tools import main
from tests import folder_sets
from tests.malformed_files import make_malformed
from tests.test_readme import ROOT, commands
from tests.tiny_backbone import write_tiny_backbone

# What makes training a matter of seconds.
SHORT = ("--epochs=1", "--base_width=4", "--image_size=8", "--num_units=5", "--latent_dim=6")

# Sizes and formats of files that an export is asked about.
FILES = (((40, 20), "PNG"), ((20, 40), "JPEG"), ((90, 90), "BMP"))


def memgan(verb, *flags):
    return main.main([verb, *flags])


def rows(path):
    with open(path, newline="", encoding="utf-8") as file:
        return {row["path"]: row for row in csv.DictReader(file)}


@pytest.fixture(scope="module")
def parts(tmp_path_factory):
    """An MVTec folder with masks, and 30 files in it that cannot be used."""
    folder = folder_sets.make_mvtec(tmp_path_factory.mktemp("sets") / "parts", 60, 6, 4)
    make_malformed(folder / "train" / "good" / "broken")
    return folder


@pytest.fixture(scope="module")
def run(parts, tmp_path_factory):
    model_dir = tmp_path_factory.mktemp("runs")
    flags = ["--detector=pca", "--image_size=64", "--image_fit=crop", "--validation_fraction=0.2"]
    assert memgan("train", f"--dataset=folder:{parts}", f"--model_dir={model_dir}", *flags) == 0
    path = model_dir / "pca" / "folder_parts" / "all" / "seed_0"
    assert memgan("evaluate", f"--run={path}") == 0
    return path


def test_defects_are_found(run):
    results = json.loads((run / "results.json").read_text())
    assert (results["num_normal"], results["num_anomalies"]) == (6, 8)
    assert results["metrics"]["auroc"] > 0.9
    scores = rows(run / "eval" / "scores.csv")
    assert scores["test/patch/000.png"]["label"] == "1"
    assert scores["test/good/000.png"]["label"] == "0"


def test_the_run_keeps_its_index_and_what_was_decided(run):
    index = json.loads((run / "data_index.json").read_text())
    assert (index["layout"], index["num_images"], index["num_left_out"]) == ("mvtec", 74, 30)
    data = json.loads((run / "config.json").read_text())["data"]
    settled = {"folder_layout": "mvtec", "image_size": 64, "image_fit": "crop", "image_channels": 3}
    assert settled.items() <= data.items()


def test_the_summary_names_ten_files(parts, tmp_path, capsys):
    flags = [f"--model_dir={tmp_path}", "--detector=pca", "--image_size=64", "--image_fit=crop"]
    assert memgan("train", f"--dataset=folder:{parts}", *flags) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == f"Folder {parts}: layout mvtec"
    start = lines.index("30 files left out:")
    assert lines[start + 1] == "  train/good/broken/32 bits 1.tiff: " + (
        "32-bit pixels, whose range is not stated; save 8 or 16 bits, or train with a "
        "--bit_depth below 16, such as 8 for values from 0 to 255"
    )
    assert lines[start + 11] == "  … and 20 more"


def test_files_are_scored_as_the_runs_own_images(run, parts, tmp_path):
    """The same files through the data set and through --input, a crop of another ratio too."""
    assert memgan(
        "score", f"--run={run}", f"--input={parts / 'test'}", f"--output={tmp_path / 'a.csv'}"
    ) in (0, None)
    found = rows(tmp_path / "a.csv")
    for name, row in rows(run / "eval" / "scores.csv").items():
        assert found[f"{parts}/{name}"]["anomaly_score"] == row["anomaly_score"]
    wide = Image.new("RGB", (128, 64))
    wide.paste(Image.open(parts / "test" / "good" / "000.png"), (32, 0))
    wide.save(tmp_path / "wide.webp", lossless=True)
    flags = [f"--run={run}", f"--input={tmp_path / 'wide.webp'}"]
    assert memgan("score", *flags, f"--output={tmp_path / 'b.csv'}") == 0
    (row,) = rows(tmp_path / "b.csv").values()
    expected = found[f"{parts}/test/good/000.png"]
    # The crop is that image; alone and among others a graph's sums differ in their last bits.
    assert float(row["anomaly_score"]) == pytest.approx(float(expected["anomaly_score"]), abs=1e-5)


def test_the_same_command_goes_on_and_other_images_are_refused(tmp_path, capsys):
    photos = folder_sets.make_normals(tmp_path / "photos", 8, side=16)
    flags = [f"--dataset=folder:{photos}", "--folder_layout=flat", "--detector=pca"]
    flags += [f"--model_dir={tmp_path / 'runs'}"]
    assert memgan("train", *flags) == 0
    run = tmp_path / "runs" / "pca" / "folder_photos" / "all" / "seed_0"
    assert "is complete already" not in capsys.readouterr().out
    assert memgan("train", *flags) == 0
    assert "is complete already" in capsys.readouterr().out
    (run / "COMPLETE").unlink()
    Image.new("RGB", (16, 16)).save(photos / "monday" / "new.png")
    assert memgan("train", *flags) == 1
    assert "was begun with other images" in capsys.readouterr().err


def test_a_batch_larger_than_the_set_is_said(tmp_path, capsys):
    photos = folder_sets.make_normals(tmp_path / "photos", 8, side=16)
    flags = [f"--dataset=folder:{photos}", "--folder_layout=flat", f"--model_dir={tmp_path}"]
    flags += ["--detector=memgan", "--batch_size=64"]
    assert memgan("train", *flags, *SHORT) == 0
    said = capsys.readouterr().err
    assert "`batch_size` 64 is larger than the 5 images that train" in said


def test_a_run_is_evaluated_from_anywhere_and_after_a_move(tmp_path, monkeypatch):
    folder_sets.make_mvtec(tmp_path / "parts", 12, 3, 2, side=16)
    monkeypatch.chdir(tmp_path)
    assert memgan("train", "--dataset=folder:parts", "--detector=pca", "--model_dir=runs") == 0
    run = tmp_path / "runs" / "pca" / "folder_parts" / "all" / "seed_0"
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    assert memgan("evaluate", f"--run={run}") == 0
    before = (run / "eval" / "scores.csv").read_text()
    (tmp_path / "parts").rename(tmp_path / "work" / "moved")
    assert memgan("evaluate", f"--run={run}") == 1
    assert memgan("evaluate", f"--run={run}", "--data_dir=moved") == 0
    assert (run / "eval" / "scores.csv").read_text() == before


def test_a_large_set_trains_from_disk(tmp_path, monkeypatch):
    """And scores as one in memory; a network's batches are tested in tests/data."""
    photos = folder_sets.make_normals(tmp_path / "photos", 12, side=16)
    scores = []
    for limit in (2**26, 0):
        monkeypatch.setattr(stored_images, "IN_MEMORY_BYTES", limit)
        model_dir = tmp_path / str(limit)
        flags = [f"--dataset=folder:{photos}", "--folder_layout=flat", f"--model_dir={model_dir}"]
        assert memgan("train", *flags, "--detector=pca") == 0
        trained = memgan_tf.load(model_dir / "pca" / "folder_photos" / "all" / "seed_0")
        task = load_task(trained.config.data, 0)
        assert isinstance(task.train.images, StoredImages) == (limit == 0)
        scores.append(trained.score(task.train.images))
    np.testing.assert_array_equal(*scores)


def test_an_export_fits_files_as_the_run_does(tmp_path, capsys):
    """Padded in the graph and by Pillow: equal to what a grey level in a few pixels makes."""
    photos = folder_sets.make_normals(tmp_path / "photos", 8, side=24)
    flags = [f"--dataset=folder:{photos}", "--folder_layout=flat", "--detector=memgan", *SHORT]
    assert memgan("train", *flags, f"--model_dir={tmp_path / 'runs'}") == 0
    run = tmp_path / "runs" / "memgan" / "folder_photos" / "all" / "seed_0"
    models = tmp_path / "models"
    assert (
        memgan("export", f"--run={run}", "--name=p", f"--output_dir={models}", "--version=1") == 0
    )
    card = json.loads((models / "p" / "1" / "assets.extra" / "model_card.json").read_text())
    assert card["image_fit"] == "pad"
    contents = []
    (tmp_path / "in").mkdir()
    for index, (size, kind) in enumerate(
        (((40, 20), "PNG"), ((20, 40), "JPEG"), ((90, 90), "BMP"))
    ):
        file = io.BytesIO()
        Image.fromarray(folder_sets.photograph(1)).resize(size).save(file, kind)
        contents.append(file.getvalue())
        (tmp_path / "in" / f"{index}.{kind.lower()}").write_bytes(contents[-1])
    signature = tf.saved_model.load(str(models / "p" / "1")).signatures["serve_bytes"]
    served = signature(image_bytes=tf.constant(contents))["anomaly_score"].numpy()
    output = tmp_path / "scores.csv"
    assert memgan("score", f"--run={run}", f"--input={tmp_path / 'in'}", f"--output={output}") == 0
    scored = [float(row["anomaly_score"]) for row in rows(output).values()]
    np.testing.assert_allclose(served, scored, rtol=5e-3)


def test_the_commands_of_the_page_run(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    backbone = write_tiny_backbone(tmp_path / "tiny.keras")
    folder_sets.make_mvtec(pathlib.Path("parts"), 8, 3, 2, side=16)
    photos = folder_sets.make_normals(pathlib.Path("photos"), 8, side=16)
    photos.joinpath("tuesday").rename("new_photos")
    folder_sets.make_normals(pathlib.Path("days"), 8, side=16)
    classes = folder_sets.make_classes(pathlib.Path("fruit"), 4, 2, side=16)
    for split in ("train", "test"):
        (classes / split / "flower").rename(classes / split / "apple")
    lines = [f"photos/monday/{path.name}" for path in pathlib.Path("photos/monday").iterdir()]
    pathlib.Path("parts.csv").write_text("\n".join(["path", *lines]))
    ran = []
    for line in commands(ROOT / "docs" / "folders.md"):
        words = shlex.split(line)[1:]
        # The layouts by what needs no network, and photographs by a backbone without a download.
        by_network = {"--dataset=folder:photos", "--dataset=folder:parts"} & {*words}
        short = ["--detector=pca"] if words[0] == "train" else []
        short = [f"--backbone=file:{backbone}", "--min_side=32"] if by_network else short
        assert main.main([*words, *short]) == 0, capsys.readouterr().err
        ran.append(words[0])
    assert ran == ["train", "evaluate", "score", "train", "evaluate", "train", "train", "train"]
    assert len(rows("scores.csv")) == 4
    assert pathlib.Path("runs/pca/folder_fruit/apple/seed_0/COMPLETE").exists()


def test_few_images_take_as_many_steps_as_many(tmp_path, monkeypatch):
    """Training itself is left out: the configuration that it would start with."""
    from memgan_tf.tools import train

    photos = folder_sets.make_normals(tmp_path / "photos", 70, side=16)
    given = []
    monkeypatch.setattr(train, "train_run", lambda resolved, _: given.append(resolved))
    flags = [f"--dataset=folder:{photos}", "--folder_layout=flat", "--batch_size=21"]
    flags += ["--detector=memgan"]
    for more in ([], ["--epochs=3"], ["--image_size=64", "--batch_size=1"]):
        assert train.COMMAND.main([*flags, *more]) == 0
    # 51 of 70 images train: 3 steps an epoch at 21 a step, 51 at 1. They are 1000 at most.
    assert [resolved.training.epochs for resolved in given] == [334, 3, 40]
    assert all(resolved.training.stop_when_level for resolved in given)


@pytest.mark.parametrize(
    ("num_images", "flags", "held_out"),
    [
        (70, [], 19),  # what a rate of 5 % needs
        (70, ["--target_fpr=0.1"], 9),
        (30, [], 10),  # at most a third
        (300, [], 30),  # the usual tenth is enough
        (70, ["--validation_fraction=0.1"], 7),  # as the user says
    ],
)
def test_few_images_hold_out_what_the_target_needs(num_images, flags, held_out):
    names = ("--target_fpr", "--validation_fraction")
    given = {n[2:]: float(v) for n, v in (flag.split("=") for flag in flags) if n in names}
    resolved = config.resolve("pca", "default", (32, 32, 3), {"dataset": "folder:x", **given})
    suited = config.suited_to_few_images(resolved, num_images, given.keys())
    assert round(suited.data.validation_fraction * num_images) == held_out
