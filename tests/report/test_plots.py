import numpy as np
import pytest
from matplotlib import colormaps
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


def place_of(color, picture):
    """Row and column of the middle of what has the color."""
    found = np.argwhere((picture == color).all(axis=-1))
    assert len(found) > 1000, color
    return found.mean(axis=0)


def test_pictures_stand_in_their_columns_and_rows(tmp_path):
    colors = np.array([[255, 0, 0], [0, 255, 0], [0, 0, 255]], np.uint8)
    images = np.tile(colors[:, np.newaxis, np.newaxis], (1, 8, 10, 1))
    darker = np.where(images > 0, 102, 0) / 255
    maps = np.zeros((3, 8, 10))
    maps[1] = 2.0  # the largest of all: the last color of the scale
    found = {"reconstruction": darker, "anomaly_map": maps}
    plots.draw_reconstructions(tmp_path / "a.png", images, found, ["a", "b", "c"], "title")
    picture = (imread(tmp_path / "a.png")[..., :3] * 255).round().astype(np.uint8)
    inputs = [place_of(color, picture) for color in colors]
    under = [place_of(color // 255 * 102, picture) for color in colors]
    largest = place_of((np.array(colormaps["inferno"](1.0)[:3]) * 255).astype(np.uint8), picture)
    assert inputs[0][1] < inputs[1][1] < inputs[2][1]
    for above, below in zip(inputs, under, strict=True):
        assert above[1] == pytest.approx(below[1], abs=1)
        assert below[0] - above[0] == pytest.approx(largest[0] - under[1][0], abs=1)
    assert largest[1] == pytest.approx(inputs[1][1], abs=1)


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
