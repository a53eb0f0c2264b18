"""Photographs from the command line: training, evaluation, scores, report, export."""

import contextlib
import csv
import dataclasses
import io
import json
import pathlib

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from memgan_tf.tools import main
from tests.tiny_backbone import write_tiny_backbone

# Height and width of the training photographs.
SHAPES = ((60, 80), (66, 84), (60, 80), (70, 90))


def call(*arguments):
    """What a command printed; it must succeed."""
    with contextlib.redirect_stdout(io.StringIO()) as output:
        assert main.main([str(argument) for argument in arguments]) == 0
    return output.getvalue()


def photograph(seed, shape, defect=None, side=8):
    """A reddish gradient with noise; a bright blue square is the defect."""
    rows, columns = np.indices(shape) / np.reshape(shape, (2, 1, 1))
    pixels = np.stack([120 + 60 * rows, 60 + 40 * columns, 40 + 30 * rows], axis=-1)
    pixels = pixels + np.random.default_rng(seed).normal(0, 3, pixels.shape)
    if defect is not None:
        top, left = defect
        pixels[top : top + side, left : left + side] = (20, 60, 250)
    return np.clip(np.round(pixels), 0, 255).astype(np.uint8)


@dataclasses.dataclass(frozen=True)
class Photographs:
    """A folder of photographs and what became of it."""

    data: pathlib.Path
    run: pathlib.Path
    printed: str


@pytest.fixture(scope="session")
def trained(tmp_path_factory):
    """Twelve photographs, one of them with glare, two good ones to test and two with a defect."""
    root = tmp_path_factory.mktemp("photographs")
    data = root / "parts"
    for name in ("train/good", "test/good", "test/spot", "ground_truth/spot"):
        (data / name).mkdir(parents=True)
    for index in range(12):
        pixels = photograph(index, SHAPES[index % len(SHAPES)])
        if index == 5:
            pixels[10:40, 20:60] = 255
        Image.fromarray(pixels).save(data / f"train/good/{index:02d}.png")
    for index in range(2):
        Image.fromarray(photograph(50 + index, (60, 80))).save(data / f"test/good/{index}.png")
        Image.fromarray(photograph(60 + index, (60, 80), (30, 48))).save(
            data / f"test/spot/{index}.png"
        )
        mask = np.zeros((60, 80), np.uint8)
        mask[30:38, 48:56] = 255
        Image.fromarray(mask).save(data / f"ground_truth/spot/{index}_mask.png")
    backbone = write_tiny_backbone(root / "tiny.keras")
    printed = call(
        "train", f"--dataset=folder:{data}", f"--backbone=file:{backbone}", "--image_size=64",
        "--min_side=64", f"--model_dir={root / 'runs'}",
    )  # fmt: skip
    backbone.unlink()  # a run carries its own
    (complete,) = (root / "runs").rglob("COMPLETE")
    return Photographs(data, complete.parent, printed)


@pytest.fixture(scope="session")
def evaluated(trained):
    call("evaluate", f"--run={trained.run}")
    return trained


def rows_of(path):
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_the_run_says_what_was_decided(trained):
    assert "Detector: patch_memory" in trained.printed
    config = json.loads((trained.run / "config.json").read_text())
    assert config["detector"] == "patch_memory"
    assert config["data"]["image_fit"] == "stretch"
    assert (trained.run / "backbone" / "backbone.keras").exists()


def test_glare_in_training_comes_first_in_the_list(trained):
    rows = rows_of(trained.run / "training_images.csv")
    assert rows[0]["path"].endswith("05.png") or not any("05.png" in r["path"] for r in rows)
    scores = [float(row["anomaly_score"]) for row in rows]
    assert scores == sorted(scores, reverse=True)


def test_defects_score_highest_and_are_found_where_they_are(evaluated):
    rows = rows_of(evaluated.run / "eval" / "scores.csv")
    by_score = sorted(rows, key=lambda row: -float(row["anomaly_score"]))
    assert [row["label"] for row in by_score] == ["1", "1", "0", "0"]
    metrics = json.loads((evaluated.run / "results.json").read_text())["metrics"]
    assert metrics["auroc"] == 1
    assert metrics["pixel_auroc"] > 0.95
    for row in by_score[:2]:
        if row["is_anomaly"] == "1" and row["region"]:
            x0, y0, x1, y1 = map(int, row["region"].split(","))
            assert x0 <= 52 <= x1
            assert y0 <= 34 <= y1


def test_new_photographs_are_scored_with_heatmaps_in_their_own_pixels(evaluated, tmp_path):
    files = sorted((evaluated.data / "test" / "spot").glob("*.png"))
    call(
        "score", f"--run={evaluated.run}", f"--output={tmp_path / 's.csv'}",
        f"--heatmaps={tmp_path / 'maps'}", f"--input={files[0].parent}",
    )  # fmt: skip
    rows = rows_of(tmp_path / "s.csv")
    known = {
        pathlib.PurePath(row["path"]).name: row["anomaly_score"]
        for row in rows_of(evaluated.run / "eval" / "scores.csv")
        if "spot" in row["path"]
    }
    # In a batch of another size sums differ in their last bits.
    found = [float(row["anomaly_score"]) for row in rows]
    assert found == pytest.approx([float(known[path.name]) for path in files], rel=1e-5)
    pictures = sorted((tmp_path / "maps").glob("rank_*.png"))
    assert len(pictures) == 2
    picture = np.asarray(Image.open(pictures[0]))
    factor = -(-224 // 60)
    assert picture.shape == (60 * factor, 2 * 80 * factor + 8, 3)
    # On the left the photograph's own colors.
    left = picture[::factor, : 80 * factor : factor]
    assert any(np.array_equal(left, np.asarray(Image.open(path))) for path in files)


def test_the_report_shows_unusual_training_images(evaluated):
    call("report", f"--run={evaluated.run}")
    text = (evaluated.run / "eval" / "report.html").read_text()
    assert "patch_memory" in text
    first = rows_of(evaluated.run / "training_images.csv")[0]["path"]
    assert pathlib.PurePath(first).name in text


def test_the_exported_scores_are_pythons(evaluated, tmp_path):
    """Scaled in the graph and by Pillow: equal to what a grey level in a few pixels makes."""
    call(
        "export",
        f"--run={evaluated.run}",
        "--name=parts",
        f"--output_dir={tmp_path}",
        "--version=1",
    )
    served = tf.saved_model.load(str(tmp_path / "parts" / "1")).signatures
    files = sorted((evaluated.data / "test").glob("*/*.png"))
    contents = tf.constant([path.read_bytes() for path in files])
    answer = served["serve_bytes"](image_bytes=contents)
    known = {
        "/".join(pathlib.PurePath(row["path"]).parts[-2:]): float(row["anomaly_score"])
        for row in rows_of(evaluated.run / "eval" / "scores.csv")
    }
    expected = [known[f"{path.parent.name}/{path.name}"] for path in files]
    np.testing.assert_allclose(answer["anomaly_score"], expected, rtol=1e-2)


def test_a_defect_of_eight_pixels_in_a_large_photograph(tmp_path):
    """1500 × 1000 pixels, in tiles; it lies across the edges of two of them."""
    shape, place = (1000, 1500), (444, 446)
    train = tmp_path / "parts"
    train.mkdir()
    for index in range(5):
        Image.fromarray(photograph(index, shape)).save(train / f"{index}.png")
    Image.fromarray(photograph(9, shape, place)).save(tmp_path / "defect.png")
    Image.fromarray(photograph(10, shape)).save(tmp_path / "good.png")
    backbone = write_tiny_backbone(tmp_path / "tiny.keras")
    call(
        "train", f"--dataset=folder:{train}", f"--backbone=file:{backbone}", "--image_size=1216",
        "--detector=patch_memory", "--fine_components=8", "--coarse_components=8",
        f"--model_dir={tmp_path / 'runs'}", "--validation_fraction=0.2",
    )  # fmt: skip
    (complete,) = (tmp_path / "runs").rglob("COMPLETE")
    from memgan_tf.data.fitting import fit_image
    from memgan_tf.evaluation.trained_run import TrainedRun

    run = TrainedRun.load(complete.parent)
    height, width = run.config.image_shape[:2]
    images = np.stack(
        [
            np.asarray(fit_image(Image.open(tmp_path / name), height, width, "stretch"))
            for name in ("defect.png", "good.png")
        ]
    )
    explained = run.explain(images)
    assert explained["anomaly_score"][0] > 1.5 * explained["anomaly_score"][1]
    heat = explained["anomaly_map"][0]
    row, column = np.unravel_index(heat.argmax(), heat.shape)
    assert abs(row * 1000 / height - (place[0] + 4)) <= 8
    assert abs(column * 1500 / width - (place[1] + 4)) <= 8
