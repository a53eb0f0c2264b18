"""The export outside Python: the C library, a graph session, TensorFlow's own command line."""

import importlib.util
import pathlib
import subprocess
import sys

import keras
import numpy as np
import pytest
import tensorflow as tf

import memgan_tf
from memgan_tf.export.graph_session import GraphSession
from tests.c_api.session import CSession
from tests.reliability import processes


@pytest.fixture(scope="module")
def run(exported):
    return memgan_tf.load(exported.run)


@pytest.fixture(scope="module")
def session(exported):
    session = CSession(exported.path)
    yield session
    session.close()


def test_a_process_without_python_tensorflow_gives_the_same_bits(exported, run, pixels, tmp_path):
    images = pixels(7)
    np.save(tmp_path / "images.npy", images)
    code = (
        "import sys; import numpy as np; from tests.c_api.session import CSession;"
        "export, folder = sys.argv[1:]; images = np.load(folder + '/images.npy');"
        "answer = CSession(export).run('serving_default', image=images);"
        "np.save(folder + '/scores.npy', answer['anomaly_score']);"
        "assert not {'tensorflow', 'keras'} & set(sys.modules)"
    )
    command = [sys.executable, "-c", code, str(exported.path), str(tmp_path)]
    subprocess.run(command, check=True, cwd=pathlib.Path(__file__).parents[2])
    np.testing.assert_array_equal(np.load(tmp_path / "scores.npy"), run.score(images))


@pytest.mark.parametrize("size", [1, 7, 64])
def test_a_graph_session_gives_the_same_bits(size, exported, run, pixels):
    images = pixels(size, seed=size)
    scores = run.score(images)
    files = [tf.io.encode_png(image).numpy() for image in images]
    with GraphSession(exported.path) as session:
        answers = (
            session.run("serving_default", image=images.astype(np.float32)),
            session.run("explain", image=images.astype(np.float32)),
            session.run("serve_bytes", image_bytes=files),
        )
    for answer in answers:
        np.testing.assert_array_equal(answer["anomaly_score"], scores)
        np.testing.assert_array_equal(answer["is_anomaly"], scores > run.threshold)


def test_signatures_are_read_without_tensorflow(exported, session):
    loaded = tf.saved_model.load(str(exported.path)).signatures
    assert session.signatures.keys() == loaded.keys()
    for name, signature in session.signatures.items():
        assert signature.outputs.keys() == loaded[name].structured_outputs.keys()


@pytest.mark.parametrize("size", [0, 1, 8, 512])
def test_any_batch_size(size, session, run, pixels):
    images = pixels(size)
    answer = session.run("serving_default", image=images)
    if size:
        np.testing.assert_allclose(answer["anomaly_score"], run.score(images), rtol=1e-5)
    assert {name: value.shape for name, value in answer.items()} == dict.fromkeys(answer, (size,))


@pytest.mark.parametrize(
    ("name", "inputs", "message"),
    [
        ("serving_default", {"image": np.full((2, 8, 8, 1), np.nan)}, "image 0 of the batch"),
        ("serving_default", {"image": np.zeros((2, 7, 7, 1))}, r"\[2,7,7,1\] is not compatible"),
        ("serving_default", {"image": np.zeros((2, 8, 8, 3))}, r"\[2,8,8,3\] is not compatible"),
        ("serving_default", {"image": np.zeros((8, 8, 1))}, r"\[8,8,1\] is not compatible"),
        ("serve_bytes", {"image_bytes": [b"no image"]}, "image 0 of the batch"),
        ("memory", {"slot": [0, 99]}, "slot 1 of the batch"),
    ],
)
def test_a_session_refuses_bad_requests(name, inputs, message, session):
    with pytest.raises(RuntimeError, match=message):
        session.run(name, **inputs)


def test_a_session_knows_its_signatures(session):
    with pytest.raises(ValueError, match="`signature` must be one of explain"):
        session.run("classify", image=np.zeros((1, 8, 8, 1)))
    with pytest.raises(ValueError, match="`inputs` of memory must be slot. Received: image"):
        session.run("memory", image=np.zeros((1, 8, 8, 1)))


def test_no_model(tmp_path):
    with pytest.raises(RuntimeError, match="Could not find SavedModel"):
        CSession(tmp_path)


class Trap(tf.Module):
    """What must not be done: a Keras model as an attribute of the module."""

    def __init__(self, model):
        super().__init__()
        self.model = model

    @tf.function(input_signature=[tf.TensorSpec((None, 8), name="image")])
    def score(self, image):
        return {"anomaly_score": self.model(image)[:, 0]}


def test_both_see_the_trap_that_python_does_not(tmp_path):
    model = keras.Sequential([keras.Input((8,)), keras.layers.Dense(1)])
    trap = Trap(model)
    tf.saved_model.save(trap, str(tmp_path), signatures={"serving_default": trap.score})
    loaded = tf.saved_model.load(str(tmp_path)).signatures["serving_default"]
    image = np.ones((1, 8), np.float32)
    np.testing.assert_allclose(loaded(image=tf.constant(image))["anomaly_score"], model(image)[0])
    session = CSession(tmp_path)
    with pytest.raises(RuntimeError, match="Could not find variable"):
        session.run("serving_default", image=image)
    session.close()
    with (
        GraphSession(tmp_path) as session,
        pytest.raises(RuntimeError, match="a server cannot run the export: "),
    ):
        session.run("serving_default", image=image)


def test_saved_model_cli_runs_it(exported, run, pixels, tmp_path):
    images = pixels(5)
    np.save(tmp_path / "images.npy", images.astype(np.float32))
    flags = ["--dir", exported.path, "--tag_set", "serve", "--signature_def", "serving_default"]
    flags += ["--inputs", f"image={tmp_path / 'images.npy'}", "--outdir", tmp_path]
    program = importlib.util.find_spec("tensorflow.python.tools.saved_model_cli").origin
    ended = processes.run_program(program, ["run", *map(str, flags)], tmp_path)
    assert ended.code == 0, ended.output
    scores = np.load(tmp_path / "anomaly_score.npy")
    np.testing.assert_array_equal(scores, run.score(images))
