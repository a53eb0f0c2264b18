import numpy as np
import pytest

from memgan_tf.evaluation import training_images
from memgan_tf.evaluation.left_out import LeftOutCalibration
from memgan_tf.training.run_directory import RunDirectory


@pytest.fixture
def path(tmp_path):
    found = LeftOutCalibration(None, np.array([1.0, 30.5, 2.0]), np.array([1]), [])
    training_images.keep(
        found, ["train/a.png", "=glare.png", "train/b.png"], RunDirectory(tmp_path)
    )
    return tmp_path / training_images.FILE


def test_the_least_like_the_others_come_first(path):
    assert training_images.read(path) == [
        ("./=glare.png", 30.5, True),
        ("train/b.png", 2.0, False),
        ("train/a.png", 1.0, False),
    ]


@pytest.mark.parametrize(("old", "new"), [("30.5", "nan"), ("30.5", "x"), ("set_aside", "other")])
def test_a_damaged_file_is_named(path, old, new):
    path.write_text(path.read_text().replace(old, new))
    with pytest.raises(ValueError, match=r"training_images.csv is damaged"):
        training_images.read(path)
