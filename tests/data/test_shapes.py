import pytest
from PIL import Image

from memgan_tf.data.folders import shapes


@pytest.mark.parametrize(("longer", "expected"), [(8, 32), (47, 32), (49, 64), (2000, 64)], ids=str)
def test_pixels_get_a_small_square_that_everything_fits_into(longer, expected):
    assert shapes.square([(longer, 5)] * 3) == shapes.Shape(expected, None, "pad")


def test_nothing_found_is_a_square():
    assert shapes.square([]).image_size == 64
    assert shapes.of_photographs([], None) == shapes.Shape(256, None, "stretch")


def test_photographs_of_one_shape_keep_it():
    found = shapes.of_photographs([(1000, 1500)] * 9 + [(990, 1510)], None)
    assert (found.image_size, found.aspect_ratio, found.image_fit) == (256, 1.5, "stretch")
    assert "have one shape, width over height 1.50" in found.reason
    assert shapes.of_photographs([(1000, 1500)], 512).image_size == 512


def test_different_shapes_are_kept_in_a_canvas_between_them():
    sizes = [(100, 100), (100, 200), (100, 400)]
    found = shapes.of_photographs(sizes, None)
    # 1 fills a half of a canvas of 2, and so does 4.
    assert (found.image_size, found.aspect_ratio, found.image_fit) == (320, 2.0, "keep")
    assert "1.00 to 4.00; each keeps its own" in found.reason
    assert shapes.of_photographs(sizes, 512).image_size == 512


def test_a_fit_that_the_user_names_is_taken():
    sizes = [(100, 100), (100, 300), (100, 400)]
    found = shapes.of_photographs(sizes, None, "stretch")
    assert (found.image_size, found.aspect_ratio, found.image_fit) == (256, 3.0, "stretch")
    assert "1.00 to 4.00; all are stretched to 3.00" in found.reason
    for fit in ("pad", "crop"):
        found = shapes.of_photographs(sizes, None, fit)
        assert (found.image_size, found.aspect_ratio, found.image_fit) == (256, None, fit)
    found = shapes.of_photographs([(100, 150)] * 3, None, "keep")
    assert (found.image_size, found.aspect_ratio, found.image_fit) == (320, 1.5, "keep")


def test_one_odd_photograph_of_many_does_not_count():
    found = shapes.of_photographs([(100, 100)] * 30 + [(100, 900)], None)
    assert "have one shape" in found.reason


def test_long_photographs_have_a_limit():
    assert shapes.of_photographs([(10, 900)], None).aspect_ratio == 4.0
    assert shapes.of_photographs([(900, 10)], None).aspect_ratio == 0.25


@pytest.mark.parametrize(
    ("size", "ratio", "expected"),
    [
        (256, None, (256, 256)),
        (100, None, (100, 100)),
        (256, 1.0, (256, 256)),
        (256, 1.5, (224, 320)),  # 209 × 313.5
        (256, 0.25, (512, 128)),
        (32, 4.0, (32, 64)),  # 16 × 64; what is halved five times has 32 at least
    ],
)
def test_sides_are_multiples_of_32_and_keep_the_area(size, ratio, expected):
    assert shapes.sides(size, ratio) == expected


def test_sizes_are_upright_and_unreadable_files_are_left_out(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by a quarter
    Image.new("RGB", (30, 20)).save(tmp_path / "a.jpg", exif=exif)
    Image.new("L", (30, 20)).save(tmp_path / "b.png")
    (tmp_path / "c.png").write_bytes(b"no image")
    paths = [tmp_path / name for name in ("a.jpg", "b.png", "c.png")]
    assert shapes.sizes_of(paths) == [(30, 20), (20, 30)]
