import io

import numpy as np
import pytest
from PIL import Image

from memgan_tf.app.neighbors import pixel_vectors
from memgan_tf.app.pictures import draw_map, encode, kind_of
from memgan_tf.evaluation.heat_scale import HeatScale
from tests.app.conftest import add


def opened(picture):
    return Image.open(io.BytesIO(picture))


def test_a_map_is_clear_where_nothing_is_and_outlined_where_it_exceeds_the_scale():
    heat = np.zeros((40, 60), np.float32)
    heat[10:20, 30:40] = 3.0
    drawn = np.asarray(opened(draw_map(heat, HeatScale(2.0, 0.999, 10), is_called=True)))
    assert drawn.shape == (40, 60, 4)
    assert drawn[0, 0, 3] == 0
    assert drawn[15, 35, 3] == 255
    assert tuple(drawn[9, 35]) == (51, 255, 51, 255)  # the line around it
    plain = np.asarray(opened(draw_map(heat, HeatScale(2.0, 0.999, 10), is_called=False)))
    assert plain[9, 35, 3] == 0


def test_without_a_scale_a_map_has_its_own():
    heat = np.array([[0.0, 5.0], [10.0, 0.0]], np.float32)
    opacity = np.asarray(opened(draw_map(heat, None, is_called=True)))[..., 3]
    assert opacity.tolist() == [[0, 64], [255, 0]]  # squares of 0, 1/2 and 1


@pytest.mark.parametrize(("size", "kind"), [((8, 8), "image/png"), ((900, 300), "image/jpeg")])
def test_pictures_fit_the_screen(size, kind):
    picture = encode(Image.new("RGB", size), 160)
    assert kind_of(picture) == kind
    assert max(opened(picture).size) <= 160
    assert opened(picture).size[0] * size[1] == pytest.approx(
        opened(picture).size[1] * size[0], rel=0.02
    )


def test_thumbnails_are_made_again_if_they_are_lost(session):
    (key,) = add(session, [70])
    image = session.images.get(key)
    before = session.pictures.thumbnail(image)
    place = session.folder / "thumbnails" / key
    place.unlink()
    assert session.pictures.thumbnail(image) == before
    place.write_bytes(b"")  # as a power cut leaves it
    assert session.pictures.thumbnail(image) == before


def test_confirmed_good_images_are_the_neighbors_where_no_training_images_are(session):
    keys = add(session, [100, 101, 102])
    image = session.images.get(keys[0])
    source, found = session.neighbors(image)
    assert "A server does not give training images." in source
    assert found == []
    session.decide(keys[0], "good")
    session.decide(keys[1], "good")
    session.decide(keys[2], "defect")
    _, found = session.neighbors(image)
    assert [n.name for n in found] == ["101.png"], "not itself, no defect"


def test_nearer_pixels_have_nearer_vectors():
    pixels = np.random.default_rng(0).integers(0, 256, (2, 32, 32, 3), dtype=np.uint8)
    like = np.clip(pixels[0].astype(int) + 3, 0, 255).astype(np.uint8)
    vectors = pixel_vectors(np.stack([*pixels, like]))
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1.0, rtol=1e-5)
    assert vectors[2] @ vectors[0] > 0.99 > vectors[2] @ vectors[1]
