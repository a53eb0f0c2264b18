"""Photographs that differ in shape keep theirs, through every command."""

import json
import pathlib

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from memgan_tf.data.fitting import place
from memgan_tf.evaluation.trained_run import TrainedRun
from memgan_tf.export.encoded_images import decode_image
from tests.c_api.session import CSession
from tests.integration.test_photographs import call, photograph, rows_of
from tests.tiny_backbone import write_tiny_backbone

# Height and width of the training photographs: width over height 0.6 to 2.
SHAPES = ((60, 120), (80, 80), (100, 60), (60, 90))
# Of the test photographs, with the top left corner of the defect.
DEFECTS = (((60, 120), (40, 100)), ((110, 70), (12, 50)))
SIDE = 10


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    root = tmp_path_factory.mktemp("kept") / "parts"
    for name in ("train/good", "test/good", "test/spot", "ground_truth/spot"):
        (root / name).mkdir(parents=True)
    for index in range(16):
        shape = SHAPES[index % len(SHAPES)]
        Image.fromarray(photograph(index, shape)).save(root / f"train/good/{index:02d}.png")
    for index, (shape, corner) in enumerate(DEFECTS):
        Image.fromarray(photograph(50 + index, shape)).save(root / f"test/good/{index}.png")
        spot = photograph(60 + index, shape, corner, SIDE)
        Image.fromarray(spot).save(root / f"test/spot/{index}.png")
        mask = np.zeros(shape, np.uint8)
        mask[corner[0] : corner[0] + SIDE, corner[1] : corner[1] + SIDE] = 255
        Image.fromarray(mask).save(root / f"ground_truth/spot/{index}_mask.png")
    write_tiny_backbone(root.parent / "tiny.keras")
    return root


def train(data, model_dir, *flags):
    """The run's folder, and what was printed."""
    printed = call(
        "train", f"--dataset=folder:{data}", f"--backbone=file:{data.parent / 'tiny.keras'}",
        "--image_size=96", "--min_side=64", f"--model_dir={model_dir}", *flags,
    )  # fmt: skip
    (complete,) = model_dir.rglob("COMPLETE")
    return complete.parent, printed


@pytest.fixture(scope="module")
def trained(data, tmp_path_factory):
    run, printed = train(data, tmp_path_factory.mktemp("kept_runs"))
    assert "the photographs differ in shape, width over height 0.60 to 2.00; each keeps" in printed
    call("evaluate", f"--run={run}")
    return run


def scores_by_name(path):
    """Scores by the last two parts of the path."""
    return {
        "/".join(pathlib.PurePath(row["path"]).parts[-2:]): float(row["anomaly_score"])
        for row in rows_of(path)
    }


def test_defects_are_found_where_they_are_in_photographs_of_any_shape(trained):
    config = json.loads((trained / "config.json").read_text())
    assert config["data"]["image_fit"] == "keep"
    metrics = json.loads((trained / "results.json").read_text())["metrics"]
    assert metrics["auroc"] == 1
    assert metrics["pixel_auroc"] > 0.97
    for row in rows_of(trained / "eval" / "scores.csv"):
        if "spot" not in row["path"]:
            continue
        shape, (top, left) = DEFECTS[int(pathlib.PurePath(row["path"]).stem)]
        assert row["is_anomaly"] == "1"
        x0, y0, x1, y1 = map(int, row["region"].split(","))
        assert 0 <= x0 <= left + SIDE / 2 <= x1 <= shape[1]
        assert 0 <= y0 <= top + SIDE / 2 <= y1 <= shape[0]


def test_a_map_is_highest_inside_the_defect_and_0_beside_the_photograph(trained, data):
    run = TrainedRun.load(trained)
    test = run.load_task().test
    explained = run.explain(test.images[np.arange(4)])
    canvas = run.config.image_shape[:2]
    for name, values in zip(test.names, explained["anomaly_map"], strict=True):
        kind, file = pathlib.PurePath(name).parts[-2:]
        shape, corner = DEFECTS[int(file[0])]
        placement = place(shape, canvas, "keep")
        (top, left), (height, width) = placement.offset, placement.scaled
        content = np.zeros(canvas, bool)
        content[top : top + height, left : left + width] = True
        assert (values[~content] == 0).all()
        assert (values[content] > 0).all()
        if kind == "spot":
            peak = np.array(np.unravel_index(values.argmax(), canvas)) + 0.5
            own = (peak - placement.offset) * shape[0] / height
            assert np.abs(own - np.array(corner) - SIDE / 2).max() <= SIDE / 2 + 2


def test_files_and_arrays_are_scored_alike_and_reported(trained, data, tmp_path):
    known = scores_by_name(trained / "eval" / "scores.csv")
    call("score", f"--run={trained}", f"--input={data / 'test'}", f"--output={tmp_path / 's.csv'}")
    assert scores_by_name(tmp_path / "s.csv") == pytest.approx(known, rel=1e-4)
    run = TrainedRun.load(trained)
    test = run.load_task().test
    np.savez(tmp_path / "pixels.npz", images=test.images[np.arange(4)])
    call(
        "score", f"--run={trained}", f"--input={tmp_path / 'pixels.npz'}",
        f"--output={tmp_path / 'a.csv'}", "--heatmaps=" + str(tmp_path / "maps"),
    )  # fmt: skip
    found = [float(row["anomaly_score"]) for row in rows_of(tmp_path / "a.csv")]
    expected = [known["/".join(pathlib.PurePath(name).parts[-2:])] for name in test.names]
    assert found == pytest.approx(expected, rel=1e-4)
    call("report", f"--run={trained}")
    assert (trained / "eval" / "report.html").exists()


def test_an_export_finds_the_content_by_the_pixels_alone(trained, data, tmp_path):
    call("export", f"--run={trained}", "--name=parts", f"--output_dir={tmp_path}", "--version=1")
    run = TrainedRun.load(trained)
    test = run.load_task().test
    images, expected = test.images[np.arange(4)], run.explain(test.images[np.arange(4)])
    session = CSession(tmp_path / "parts" / "1")
    explained = session.run("explain", image=images)
    for name in ("anomaly_score", "anomaly_map"):
        np.testing.assert_allclose(explained[name], expected[name], rtol=1e-3, atol=1e-5)
    session.close()
    served = tf.saved_model.load(str(tmp_path / "parts" / "1")).signatures
    contents = [(data / name).read_bytes() for name in test.names]
    answer = served["serve_bytes"](image_bytes=tf.constant(contents))
    # Scaled in the graph, a few pixels differ from Pillow's by a gray level.
    decoded = np.stack([decode_image(c, run.config.image_shape, "keep") for c in contents])
    assert np.abs(decoded - images).max() <= 1
    expected = run.score(decoded.astype(np.uint8))
    np.testing.assert_allclose(answer["anomaly_score"], expected, rtol=1e-3)


@pytest.mark.filterwarnings("ignore")  # of Beam's own
def test_beam_scores_alike(trained, data, tmp_path):
    pytest.importorskip("apache_beam", reason="Apache Beam, memgan_tf[beam], is absent")
    call(
        "score", "--runner=beam", f"--run={trained}", f"--input={data / 'test'}/**",
        f"--output={tmp_path / 'scores'}", "--beam_options=--runner=DirectRunner",
    )  # fmt: skip
    found = {}
    for path in (tmp_path / "scores").glob("scores-*.csv"):
        found |= scores_by_name(path)
    known = scores_by_name(trained / "eval" / "scores.csv")
    assert found == pytest.approx(known, rel=1e-4)


@pytest.mark.parametrize("detector", ["padim", "patchcore", "features_knn"])
def test_other_detectors_on_features_keep_shapes_too(data, tmp_path, detector):
    run, _ = train(data, tmp_path, f"--detector={detector}")
    again = TrainedRun.load(run)
    test = again.load_task().test
    scores = again.score(test.images[np.arange(4)])
    # Each defect against the good photograph of its shape.
    assert (scores[test.labels == 1] > scores[test.labels == 0]).all()


def test_the_same_seed_has_the_same_scores(data, trained, tmp_path):
    run, _ = train(data, tmp_path)
    images = TrainedRun.load(run).load_task().test.images[np.arange(4)]
    first, second = (TrainedRun.load(path).score(images) for path in (trained, run))
    np.testing.assert_array_equal(first, second)
