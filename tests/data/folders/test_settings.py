"""What a folder's images settle: size, channels, padding, and which sets have such settings."""

import pytest
from PIL import Image

from memgan_tf.config import FOLDER_FIELDS, DataConfig, RunConfig, resolve
from memgan_tf.data import sources
from tests.data.folder_files import SIDE, config, load, put


@pytest.mark.parametrize(("side", "expected"), [(28, 32), (47, 32), (49, 64), (400, 64)])
def test_the_size_follows_the_median_image(side, expected, tmp_path):
    for number in range(3):
        put(tmp_path / "set" / f"{number}.png", size=(side, 20))
    put(tmp_path / "set" / "huge.png", size=(900, 20))
    settled = sources.settle(DataConfig(dataset=f"folder:{tmp_path / 'set'}"))
    assert (settled.image_size, settled.image_fit, settled.folder_layout) == (
        expected,
        "pad",
        "flat",
    )


def test_channels_follow_the_images_unless_stated(tmp_path):
    root = tmp_path / "set"
    root.mkdir()
    for number in range(2):
        Image.new("RGB", (16, 16), (number,) * 3).save(root / f"{number}.png")
    assert sources.image_shape(config(root)) == (SIDE, SIDE, 1)
    assert load(root, image_channels=3).images.shape == (2, SIDE, SIDE, 3)
    Image.new("RGB", (16, 16), (255, 0, 0)).save(root / "2.png")
    assert sources.image_shape(config(root)) == (SIDE, SIDE, 3)
    assert load(root, image_channels=1).images[2, 0, 0].tolist() == [76]


@pytest.mark.parametrize("name", ["folder_layout", "image_size", "image_fit", "image_channels"])
def test_other_sets_have_no_folder_settings(name):
    value = {"folder_layout": "flat", "image_fit": "pad"}.get(name, 8 if "size" in name else 1)
    with pytest.raises(ValueError, match=f"`{name}` must be left out unless the dataset is folder"):
        DataConfig(dataset="digits", **{name: value})


def test_other_sets_configurations_are_what_they_were_before_folders():
    resolved = resolve("pca", "default", (28, 28, 1), {"dataset": "mnist", "normal_class": "3"})
    data = {"dataset": "mnist", "normal_class": 3, "data_dir": None}
    data |= {"validation_fraction": 0.1, "target_fpr": 0.05}
    assert resolved.to_dict()["data"] == data
    assert not set(FOLDER_FIELDS) & resolved.decisive().keys()
    assert RunConfig.from_dict(resolved.to_dict()) == resolved


def test_names_of_classes_and_numbers():
    assert DataConfig(dataset="mnist", normal_class="2").normal_class == 2
    assert DataConfig(dataset="folder:x", normal_class=2).normal_class == "2"
    assert DataConfig(dataset="folder:x/y/").dataset == "folder:x/y"
    for label in ("two", "-1", -1, 2.0):
        with pytest.raises(ValueError, match="`normal_class` must be"):
            DataConfig(dataset="mnist", normal_class=label)
    with pytest.raises(ValueError, match="`image_channels` must be one of 1, 3"):
        DataConfig(dataset="folder:x", image_channels=2)
    assert DataConfig(dataset="folder:x").fit == "pad"


@pytest.mark.parametrize(
    ("shapes", "given", "expected"),
    [
        ([(32, 32), (16, 16)], {}, None),  # squares: nothing is padded
        ([(32, 32), (32, 16)], {}, True),
        ([(32, 32), (32, 16)], {"leave_out_padding": False}, False),
        ([(32, 32), (32, 16)], {"image_fit": "stretch"}, None),
    ],
)
def test_padding_is_left_out_where_a_training_image_has_some(shapes, given, expected, tmp_path):
    for number, shape in enumerate(shapes):
        put(tmp_path / "set" / "train" / "good" / f"{number}.png", 90 + number, shape)
    put(tmp_path / "set" / "test" / "good" / "0.png", 99, (10, 32))
    put(tmp_path / "set" / "test" / "bad" / "0.png", 99, (32, 32))
    settled = sources.settle(DataConfig(dataset=f"folder:{tmp_path / 'set'}", **given))
    assert settled.leave_out_padding is expected
    # Detectors on features look for it themselves.
    settled = sources.settle(DataConfig(dataset=f"folder:{tmp_path / 'set'}", **given), True)
    assert settled.leave_out_padding is given.get("leave_out_padding")
