"""memgan score --runner=beam: complete, each image once, equal to the local scores, restartable."""

import csv
import json
import pathlib
import re
import shlex
import shutil
import warnings

import numpy as np
import pytest
import tensorflow as tf

from memgan_tf.tools import main

pytestmark = pytest.mark.filterwarnings("ignore")  # of Beam's own
with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    pytest.importorskip("apache_beam", reason="Apache Beam, memgan_tf[beam], is absent")

WORKERS = (
    "--beam_options=--runner=DirectRunner --direct_num_workers=2 "
    "--direct_running_mode=multi_threading"
)
PAGE = pathlib.Path(__file__).parents[2] / "docs" / "scale.md"
# Another batch's order of the same sums.
TOLERANCE = 1e-6


def score(*flags):
    return main.main(["score", *map(str, flags)])


def score_by_beam(model, pattern, output, *flags):
    model = f"--run={model}" if (model / "COMPLETE").exists() else f"--saved_model={model}"
    return score(
        "--runner=beam", model, f"--input={pattern}", f"--output={output}", WORKERS, *flags
    )


def rows(folder, kind="scores"):
    found = []
    for path in sorted(folder.glob(f"{kind}-*.csv")):
        with path.open(newline="", encoding="utf-8") as file:
            found += csv.DictReader(file)
    return found


def png(image):
    return tf.io.encode_png(image).numpy()


@pytest.fixture
def photos(pixels, tmp_path):
    """11 images in two folders, one of another size, and two files that are none."""
    folder = tmp_path / "photos"
    for index, image in enumerate(pixels(10)):
        path = folder / "ab"[index % 2] / f"{index}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(png(image))
    (folder / "a" / "large.png").write_bytes(png(pixels(1, (20, 30, 3))[0]))
    (folder / "a" / "empty.png").touch()
    (folder / "b" / "notes.txt").write_text("no image")
    return folder


@pytest.fixture
def local(exported, photos, tmp_path):
    """Rows of `memgan score` without Beam, by path."""
    assert (
        score(f"--run={exported.run}", f"--input={photos}", f"--output={tmp_path / 'l.csv'}") == 0
    )
    with (tmp_path / "l.csv").open(newline="", encoding="utf-8") as file:
        return {row["path"]: row for row in csv.DictReader(file)}


def check_equal(found, local):
    assert [row["path"] for row in found] == sorted(local)
    for row in found:
        expected = local[row["path"]]
        for name in ("anomaly_score", "p_value"):
            assert float(row[name]) == pytest.approx(float(expected[name]), abs=TOLERANCE)
        assert int(row["is_anomaly"]) == int(expected["is_anomaly"])


@pytest.mark.parametrize("model", ["run", "path"])
def test_each_image_once_and_as_locally(model, exported, photos, local, tmp_path, capsys):
    output = tmp_path / "out"
    assert score_by_beam(getattr(exported, model), photos, output, "--images_per_shard=4") == 0
    assert "11 images scored in 4 shards, 2 left out" in capsys.readouterr().out
    check_equal(rows(output), local)
    assert [len(rows(output, f"scores-{i:05d}")) for i in range(4)] == [4, 3, 4, 0]
    assert rows(output, "errors") == [
        {"path": f"{photos}/a/empty.png", "reason": "empty file"},
        {
            "path": f"{photos}/b/notes.txt",
            "reason": "not one of PNG, JPEG, BMP, GIF, WEBP, TIFF by its content",
        },
    ]
    summary = json.loads((output / "summary.json").read_text())
    assert (summary["images"], summary["errors"], summary["shards"]) == (11, 2, 4)
    assert summary["anomalies"] == sum(int(row["is_anomaly"]) for row in local.values())


def test_parquet(exported, photos, local, tmp_path):
    from pyarrow import parquet

    output = tmp_path / "out"
    assert score_by_beam(exported.run, f"{photos}/**", output, "--output_format=parquet") == 0
    (path,) = output.glob("scores-*.parquet")
    check_equal(parquet.read_table(path).to_pylist(), local)


def test_a_job_goes_on_where_it_stopped(exported, photos, tmp_path):
    output = tmp_path / "out"
    job = (exported.run, photos, output, "--images_per_shard=4")
    assert score_by_beam(*job) == 0
    before = {path.name: path.read_bytes() for path in output.iterdir() if path.is_file()}
    # As a kill leaves it: a shard's scores may be there, its counts are not.
    (output / "shards" / "counts-00002-of-00004.json").unlink()
    (output / "summary.json").unlink()
    (output / ".tmp-x").touch()
    kept = {path: path.stat().st_ino for path in output.glob("scores-*")}
    assert score_by_beam(*job) == 0
    after = {path.name: path.read_bytes() for path in output.iterdir() if path.is_file()}
    assert after == before
    redone = [path.name for path, inode in kept.items() if path.stat().st_ino != inode]
    assert redone == ["scores-00002-of-00004.csv"]


def test_npz_and_tfrecord_shards(exported, pixels, tmp_path):
    images, folder = pixels(5), tmp_path / "shards"
    folder.mkdir()
    np.savez(folder / "a.npz", images=images)
    (folder / "b.npz").write_bytes(b"PK no")
    with tf.io.TFRecordWriter(str(folder / "c.tfrecord")) as writer:
        for record in (png(images[0]), b"no image", png(images[1])):
            writer.write(record)
    whole = (folder / "c.tfrecord").read_bytes()
    (folder / "d.tfrecord").write_bytes(whole[: len(whole) - 5])
    output, expected = tmp_path / "out", tmp_path / "local.csv"
    assert (
        score(f"--run={exported.run}", f"--input={folder / 'a.npz'}", f"--output={expected}") == 0
    )
    with expected.open(newline="", encoding="utf-8") as file:
        scores = [float(row["anomaly_score"]) for row in csv.DictReader(file)]
    assert score_by_beam(exported.path, f"{folder}/*", output) == 0
    found = {row["path"].rpartition("/")[2]: float(row["anomaly_score"]) for row in rows(output)}
    assert found == pytest.approx(
        {
            **{f"a.npz#{index:06d}": scores[index] for index in range(5)},
            "c.tfrecord#000000": scores[0],
            "c.tfrecord#000002": scores[1],
            "d.tfrecord#000000": scores[0],
        },
        abs=TOLERANCE,
    )
    errors = {row["path"].rpartition("/")[2]: row["reason"] for row in rows(output, "errors")}
    assert errors.keys() == {
        "b.npz#000000…",
        "c.tfrecord#000001",
        "d.tfrecord#000001",
        "d.tfrecord#000002…",
    }
    assert errors["b.npz#000000…"].startswith("unreadable from here on: no npz file")


def test_examples_with_a_feature(exported, pixels, tmp_path):
    feature = tf.train.Feature(bytes_list=tf.train.BytesList(value=[png(pixels(1)[0])]))
    example = tf.train.Example(features=tf.train.Features(feature={"image/encoded": feature}))
    with tf.io.TFRecordWriter(str(tmp_path / "a.tfrecord")) as writer:
        writer.write(example.SerializeToString())
        writer.write(tf.train.Example().SerializeToString())
    job = (exported.run, tmp_path / "a.tfrecord", tmp_path / "out")
    assert score_by_beam(*job, "--record_feature=image/encoded") == 0
    assert [row["path"][-7:] for row in rows(tmp_path / "out")] == ["#000000"]
    (error,) = rows(tmp_path / "out", "errors")
    assert error["reason"] == "the feature image/encoded holds 0 values of bytes, not 1"


def test_the_model_is_loaded_once_a_process(exported, photos, tmp_path, monkeypatch):
    from memgan_tf.beam import pipeline

    load, loaded = pipeline.load_model, []
    monkeypatch.setattr(pipeline, "load_model", lambda path: loaded.append(path) or load(path))
    assert score_by_beam(exported.run, photos, tmp_path / "out", "--images_per_shard=1") == 0
    assert loaded == [str(exported.run)]


def test_another_job_is_not_mixed_in(exported, photos, tmp_path, capsys):
    output = tmp_path / "out"
    assert score_by_beam(exported.run, photos, output) == 0
    (photos / "new.png").write_bytes((photos / "a" / "0.png").read_bytes())
    assert score_by_beam(exported.path, photos, output) == 1
    error = capsys.readouterr().err
    assert "holds another job: its inputs, model, model_content differ. Name another" in error
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.tex").write_text("years of work")
    assert score_by_beam(exported.run, photos, tmp_path / "mine") == 1
    assert "holds files but no job" in capsys.readouterr().err


def test_nothing_to_score_and_nothing_to_score_with(exported, photos, tmp_path, capsys):
    assert score_by_beam(exported.run, f"{photos}/*.tiff", tmp_path / "out") == 1
    assert "`input` must match files; " in capsys.readouterr().err
    assert score_by_beam(photos, photos, tmp_path / "out") == 1
    assert "must be a finished run" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_the_commands_of_the_page_run(exported, photos, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    shutil.copytree(exported.run, tmp_path / "runs" / "memgan" / "digits" / "0" / "seed_0")
    shutil.copytree(exported.path, tmp_path / "saved_models" / "zeros" / "1")
    blocks = re.findall(r"^```sh\n(.*?)^```", PAGE.read_text(), re.MULTILINE | re.DOTALL)
    lines = "".join(blocks).replace("\\\n", " ").splitlines()
    assert len(lines) == 2
    for line in lines:
        # A process more would import as much again; the tests above have two threads.
        line = line.replace("--direct_num_workers=2", "--direct_num_workers=1")
        assert main.main(shlex.split(line)[1:]) == 0, capsys.readouterr().err
