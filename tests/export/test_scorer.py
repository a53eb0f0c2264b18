"""The exported signatures answer what the run itself answers, and refuse bad requests."""

import io

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

import memgan_tf
from memgan_tf.data.inputs import read_input
from memgan_tf.evaluation.calibration import Calibration
from memgan_tf.export.scorer import decide

NAMES = ("anomaly_score", "p_value", "is_anomaly", "threshold")


@pytest.fixture(scope="module")
def run(exported):
    return memgan_tf.load(exported.run)


@pytest.fixture(scope="module")
def signatures(exported):
    return tf.saved_model.load(str(exported.path)).signatures


def ask(signatures, name, **inputs):
    tensors = {k: tf.constant(v) for k, v in inputs.items()}
    return {k: v.numpy() for k, v in signatures[name](**tensors).items()}


def encode(image, kind, size=None):
    """A file of an image, `(height, width, 1)`, as a colour image for JPEG."""
    picture = Image.fromarray(image[..., 0])
    if size:
        picture = picture.resize(size)
    if kind == "JPEG":
        picture = picture.convert("RGB")
    file = io.BytesIO()
    picture.save(file, kind)
    return file.getvalue()


def test_signatures_and_their_names(signatures):
    assert list(signatures) == ["serving_default", "serve_bytes", "explain", "memory"]
    outputs = {name: set(s.structured_outputs) for name, s in signatures.items()}
    assert outputs == {
        "serving_default": set(NAMES),
        "serve_bytes": set(NAMES),
        "explain": {*NAMES, "reconstruction", "anomaly_map", "attention"},
        "memory": {"unit", "decoded"},
    }


@pytest.mark.parametrize("size", [1, 7, 64])
def test_scores_are_the_runs_bit_for_bit(size, run, signatures, pixels):
    images = pixels(size)
    answer = ask(signatures, "serving_default", image=images.astype(np.float32))
    scores = run.score(images)
    np.testing.assert_array_equal(answer["anomaly_score"], scores)
    np.testing.assert_array_equal(answer["p_value"], run.p_values(scores).astype(np.float32))
    np.testing.assert_array_equal(answer["is_anomaly"], scores > run.threshold)
    np.testing.assert_array_equal(answer["threshold"], np.full(size, run.threshold, np.float32))


def test_a_large_batch_scores_each_image_as_alone(run, signatures, pixels):
    images = pixels(512)
    answer = ask(signatures, "serving_default", image=images.astype(np.float32))
    np.testing.assert_allclose(answer["anomaly_score"][:5], run.score(images[:5]), rtol=1e-5)


def test_no_images_have_no_scores(signatures):
    empty = {
        "serving_default": {"image": np.zeros((0, 8, 8, 1), np.float32)},
        "serve_bytes": {"image_bytes": np.array([], object).astype(bytes)},
        "explain": {"image": np.zeros((0, 8, 8, 1), np.float32)},
        "memory": {"slot": np.zeros(0, np.int32)},
    }
    for name, inputs in empty.items():
        answer = ask(signatures, name, **inputs)
        assert all(len(value) == 0 for value in answer.values()), name


def test_files_score_as_memgan_score_scores_them(run, signatures, pixels, tmp_path):
    image = pixels(1)[0]
    files = {
        "a.png": encode(image, "PNG"),
        "b.bmp": encode(image, "BMP"),
        "c.gif": encode(image, "GIF"),
        "d.jpg": encode(image, "JPEG"),
        "e.png": encode(image, "PNG", size=(31, 17)),
    }
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    given = read_input(str(tmp_path), (8, 8, 1))
    answer = ask(signatures, "serve_bytes", image_bytes=np.array(list(files.values()), object))
    np.testing.assert_array_equal(answer["anomaly_score"], run.score(given.images))
    # PNG, BMP and GIF keep pixels; a JPEG and another size do not, so this could fail.
    assert len(set(answer["anomaly_score"][:3])) == 1
    assert len(set(answer["anomaly_score"])) == 3


def test_explain_is_the_runs(run, signatures, pixels):
    images = pixels(7)
    answer = ask(signatures, "explain", image=images.astype(np.float32))
    explained = run.explain(images)
    assert answer["anomaly_map"].shape == (7, 8, 8)
    for name in ("anomaly_score", "reconstruction", "anomaly_map", "attention"):
        np.testing.assert_allclose(answer[name], explained[name], rtol=1e-5, atol=1e-6)


def test_memory_is_the_runs(run, signatures):
    answer = ask(signatures, "memory", slot=np.array([3, 0, 3], np.int32))
    units = run.detector.model.scoring.memory.units.numpy()
    np.testing.assert_array_equal(answer["unit"], units[[3, 0, 3]])
    decoded = run.detector.decode_units()[[3, 0, 3]]
    np.testing.assert_allclose(answer["decoded"], decoded, atol=1e-5)


def bad_pixel(value):
    images = np.full((4, 8, 8, 1), 100, np.float32)
    images[2, 5, 1] = value
    return images


@pytest.mark.parametrize(
    ("name", "inputs", "message"),
    [
        ("serving_default", {"image": bad_pixel(np.nan)}, "pixels from 0 to 255.*: image 2 of"),
        ("serving_default", {"image": bad_pixel(np.inf)}, "pixels from 0 to 255.*: image 2 of"),
        ("explain", {"image": bad_pixel(-1)}, "pixels from 0 to 255.*: image 2 of"),
        ("explain", {"image": bad_pixel(256)}, "pixels from 0 to 255.*: image 2 of"),
        ("memory", {"slot": np.array([0, 5], np.int32)}, "`slot` must be from 0 to 4.*: slot 1 of"),
        ("memory", {"slot": np.array([-1], np.int32)}, "`slot` must be from 0 to 4.*: slot 0 of"),
    ],
)
def test_a_bad_request_names_the_image(name, inputs, message, signatures):
    with pytest.raises(tf.errors.InvalidArgumentError, match=message):
        ask(signatures, name, **inputs)


@pytest.mark.parametrize(
    "spoil",
    [lambda file: b"", lambda file: b"no image", lambda file: file[:60], lambda file: file[5:]],
)
def test_a_bad_file_names_the_image(spoil, signatures, pixels):
    images = pixels(3)
    files = [encode(image, "PNG") for image in images]
    files[1] = spoil(files[1])
    with pytest.raises(tf.errors.InvalidArgumentError, match="BMP files.*: image 1 of the batch"):
        ask(signatures, "serve_bytes", image_bytes=np.array(files, object))
    with pytest.raises(tf.errors.InvalidArgumentError, match="BMP files.*: image 0 of the batch"):
        ask(signatures, "serve_bytes", image_bytes=np.array(files[1:2], object))


def test_decisions_are_the_calibrations():
    calibration = Calibration.of(np.float32([1, 2, 2, 3.1, 4]), 0.2)
    scores = np.float32([0, 1, 2, np.nextafter(np.float32(2), np.float32(3)), 3.1, 4, 5])
    decided = decide(tf.constant(scores), calibration)
    # The fourth of five scores is the threshold; (1 + how many lie not below) / 6.
    assert calibration.threshold == np.float32(4)
    expected = np.array([6, 6, 5, 3, 3, 2, 1]) / 6
    np.testing.assert_allclose(decided["p_value"], expected, rtol=1e-7)
    np.testing.assert_array_equal(decided["is_anomaly"], [False] * 6 + [True])
    np.testing.assert_array_equal(decided["p_value"], calibration.p_values(scores).astype("f"))


def test_fractions_of_pixels_are_rounded_as_in_python(run, signatures, pixels):
    fractions = pixels(6).astype(np.float32) * np.float32(0.993)
    answer = ask(signatures, "serving_default", image=fractions)
    np.testing.assert_array_equal(answer["anomaly_score"], run.score(fractions))
