import numpy as np
import pytest
from matplotlib.image import imread

from memgan_tf.report import plots

LABELS = np.array([0] * 20 + [1] * 20)
SCORES = np.concatenate([np.linspace(1, 3, 20), np.linspace(2, 5, 20)])


def explained(count, shape):
    generator = np.random.default_rng(0)
    return {
        "reconstruction": generator.random((count, *shape), dtype=np.float32),
        "anomaly_map": generator.random((count, *shape[:2]), dtype=np.float32),
    }


@pytest.mark.parametrize("shape", [(8, 8, 1), (8, 10, 3)])
def test_pictures_are_drawn(shape, tmp_path, pixels):
    plots.draw_roc(tmp_path / "roc.png", LABELS, SCORES, "title")
    plots.draw_histogram(tmp_path / "histogram.png", LABELS, SCORES, 2.5, "title")
    images = pixels(3, shape)
    path = tmp_path / "reconstructions.png"
    plots.draw_reconstructions(path, images, explained(3, shape), ["a", "b", "c"], "title")
    units = np.random.default_rng(0).random((13, *shape), dtype=np.float32)
    plots.draw_grid(tmp_path / "units.png", units, "title")
    for path in tmp_path.iterdir():
        picture = imread(path)
        assert min(picture.shape[:2]) > 80
        assert picture[..., :3].std() > 0.01, path
    assert len(list(tmp_path.iterdir())) == 4


def test_examples_are_the_ends_of_both_classes():
    labels, scores = np.array([0] * 9 + [1] * 9), np.arange(18.0)
    positions, captions = plots.choose_examples(labels, scores)
    assert positions.tolist() == [0, 1, 2, 3, 5, 6, 7, 8, 9, 10, 11, 12, 14, 15, 16, 17]
    assert captions[0].startswith("lowest\nnormal")
    assert captions[-1].startswith("highest\nanomaly")


@pytest.mark.parametrize("title", ["$a$", "a $ b", "$\\bad$ $", "\x1b[2J\x00"])
def test_a_name_is_no_formula(title, tmp_path, pixels):
    plots.draw_grid(tmp_path / "a.png", pixels(3) / 255, title)
    assert (tmp_path / "a.png").stat().st_size > 0
