import json
import pathlib

import numpy as np
import pytest
import tensorflow as tf

from memgan_tf.evaluation.heat_scale import heat_scale
from memgan_tf.evaluation.views import Views
from memgan_tf.report.heatmap_folder import check_folder
from memgan_tf.report.heatmaps import (
    GAP,
    SIDE,
    HeatmapSource,
    write_heatmaps,
    write_most_anomalous,
)
from memgan_tf.report.overlays import draw_overlay, enlarge


@pytest.fixture
def source(tiny_task, finished):
    test = tiny_task.test
    return HeatmapSource(Views.of(test), test.names, finished.score(test.images))


def read(path):
    return tf.io.decode_png(path.read_bytes()).numpy()


def test_a_file_is_the_image_beside_its_overlay(finished, source, tiny_task, tmp_path):
    scale = heat_scale(finished, lambda: Views.of(tiny_task.validation))
    groups = {"most_anomalous": np.array([3])}
    masks = np.zeros((60, 8, 8), bool)
    masks[3, 2:4, 2:4] = True
    views = Views(source.views.images, masks)
    masked = HeatmapSource(views, source.names, source.scores)
    (path,) = write_heatmaps(finished, masked, groups, tmp_path / "maps", scale)
    assert path.name.startswith("most_anomalous_001_digits_")
    picture = read(path)
    assert picture.shape == (SIDE, 2 * SIDE + GAP, 3)
    np.testing.assert_array_equal(picture[:, :SIDE, :1], enlarge(views.images[3], SIDE))
    heat = finished.explain(views.images[3:4])["anomaly_map"][0]
    expected = draw_overlay(views.images[3], heat, scale, masks[3])
    np.testing.assert_array_equal(picture[:, SIDE + GAP :], enlarge(expected, SIDE))


def test_the_index_says_scale_names_and_scores(finished, source, tiny_task, tmp_path):
    scale = heat_scale(finished, lambda: Views.of(tiny_task.validation))
    groups = {"miss": np.array([5, 2]), "least_anomalous": np.array([2, 7])}
    written = write_heatmaps(finished, source, groups, tmp_path / "maps", scale)
    index = json.loads((tmp_path / "maps" / "index.json").read_text())
    assert index["scale"]["top"] == scale.top
    # An image in two groups is written once, in the first.
    assert [row["path"] for row in index["images"]] == [source.names[i] for i in (5, 2, 7)]
    assert [row["file"] for row in index["images"]] == [path.name for path in written]
    names = [path.name[: len("least_anomalous_002")] for path in written]
    assert names[0].startswith("miss_001")
    assert names[1].startswith("miss_002")
    assert names[2] == "least_anomalous_002"
    np.testing.assert_allclose(
        [row["anomaly_score"] for row in index["images"]], source.scores[[5, 2, 7]]
    )
    assert (tmp_path / "maps" / "scale.png").stat().st_size > 500


def test_names_of_any_kind_become_names_of_files(finished, source, tmp_path):
    names = ["../../etc/pass wd.png", "a/<script>\n.png", "零件/零.png", *source.names[3:]]
    renamed = HeatmapSource(source.views, names, np.arange(60.0)[::-1])
    written = write_most_anomalous(finished, renamed, tmp_path / "maps", 3)
    assert [path.name for path in written] == [
        "rank_001_etc_pass_wd.png",
        "rank_002_a_script.png",
        "rank_003.png",
    ]
    assert {path.parent for path in written} == {tmp_path / "maps"}


def test_old_heatmaps_are_replaced_and_other_files_left_alone(finished, source, tmp_path):
    folder = tmp_path / "maps"
    write_most_anomalous(finished, source, folder, 5)
    (folder / "mine.txt").write_text("mine")
    write_most_anomalous(finished, source, folder, 2)
    assert len(list(folder.glob("rank_*.png"))) == 2
    assert (folder / "mine.txt").read_text() == "mine"
    assert not list(folder.glob(".tmp-*"))


def test_writing_that_was_cut_off_can_begin_anew(finished, source, tmp_path, monkeypatch):
    folder = tmp_path / "maps"
    with monkeypatch.context() as patch:
        patch.setattr("memgan_tf.report.heatmaps._draw_scale", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            write_most_anomalous(finished, source, folder, 5)
    (folder / ".tmp-index-killed.json").touch()
    write_most_anomalous(finished, source, folder, 2)
    assert len(list(folder.glob("rank_*.png"))) == 2
    assert not list(folder.glob(".tmp-*"))


def test_the_most_anomalous_come_first(finished, source, tmp_path):
    write_most_anomalous(finished, source, tmp_path / "maps", 4)
    index = json.loads((tmp_path / "maps" / "index.json").read_text())
    written = [row["anomaly_score"] for row in index["images"]]
    np.testing.assert_allclose(written, np.sort(source.scores)[::-1][:4])


def test_a_folder_of_something_else_is_refused(tmp_path):
    check_folder(tmp_path / "new")
    (tmp_path / ".tmp-index-killed.json").touch()
    check_folder(tmp_path)
    (tmp_path / "photo.png").write_text("mine")
    for path in (tmp_path, tmp_path / "photo.png"):
        with pytest.raises(ValueError, match="`heatmaps` must be a new or empty folder"):
            check_folder(pathlib.Path(path))


def test_a_run_without_its_data_needs_a_scale(finished, source, tmp_path, monkeypatch):
    def no_data(*_, **__):
        raise ValueError("`dataset` digits is gone")

    monkeypatch.setattr("memgan_tf.report.heatmaps.load_task", no_data)
    with pytest.raises(ValueError, match=r"digits is gone. Run memgan report where the data is"):
        write_most_anomalous(finished, source, tmp_path / "maps", 2)
    heat_scale(finished, lambda: source.views)
    assert len(write_most_anomalous(finished, source, tmp_path / "maps", 2)) == 2
