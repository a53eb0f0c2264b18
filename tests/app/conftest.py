"""Sessions that need no training, and the page served on loopback."""

import contextlib
import io
import threading
import time

import numpy as np
import pytest
import requests
from PIL import Image

from memgan_tf.app.address import HOST, bind
from memgan_tf.app.judges import Judge
from memgan_tf.app.server import make_server, running
from memgan_tf.app.session import Session
from memgan_tf.data.image_files import pillow_rules
from memgan_tf.evaluation.calibration import Calibration
from memgan_tf.evaluation.heat_scale import HeatScale
from tests.serving.conftest import address, loaded, ports, protocol, servable  # noqa: F401

TOKEN = "a token that only the tests know"
SECONDS = 60.0


class Brightness(Judge):
    """The score is the mean of the pixels; the map is the pixels."""

    def __init__(self, shape=(16, 16, 3)):
        super().__init__()
        self.title, self.image_shape, self.image_fit, self.bit_depth = "bright", shape, "pad", None
        self.calibration = Calibration.of(np.arange(1.0, 101.0), 0.05)
        self.scale = HeatScale(200.0, 0.999, 100)
        self.threshold = self.calibration.threshold  # 96
        self.batches = []

    def score(self, pixels):
        self.batches.append(len(pixels))
        scores = pixels.mean(axis=(1, 2, 3))
        return scores, self.calibration.p_values(scores)

    def heat(self, pixels):
        return pixels.mean(axis=-1)

    def refresh(self):
        pass

    def close(self):
        pass


def photograph(value, size=(32, 32), kind="PNG", seed=0):
    """A file's content: an image of nearly one brightness; each seed is another file."""
    pixels = np.full((*size, 3), value, np.uint8)
    pixels[seed % size[0], (seed // size[0]) % size[1]] ^= 1
    content = io.BytesIO()
    Image.fromarray(pixels).save(content, kind)
    return content.getvalue()


def wait_until(condition):
    deadline = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.02)


@pytest.fixture
def judge():
    return Brightness()


@pytest.fixture
def make_session(judge, tmp_path):
    """Makes sessions of one folder, as processes side by side or one after the other would."""
    with pillow_rules(), contextlib.ExitStack() as stack:

        def make(watched=None, start=True, judge=judge):
            session = Session(judge, tmp_path / "inspection", watched, "ana")
            if start:
                stack.enter_context(running(session))
            return session

        yield make


@pytest.fixture
def session(make_session):
    return make_session()


class Page:
    """A served page and a browser's cookies.

    Attributes:
        base: Its address.
        http: Has the cookie.
    """

    def __init__(self, port):
        self.base, self.http = f"http://{HOST}:{port}", requests.Session()
        self.http.trust_env = False
        self.http.headers["Origin"] = self.base

    def get(self, path, **options):
        return self.http.get(self.base + path, timeout=SECONDS, **options)

    def post(self, path, body=None, **options):
        return self.http.post(self.base + path, json=body, timeout=SECONDS, **options)

    def drop(self, name, content):
        query = {"name": name}
        return self.http.post(f"{self.base}/drop", data=content, params=query, timeout=SECONDS)


@contextlib.contextmanager
def serving(session):
    """Yields a `Page` that has no cookie yet."""
    with bind(0) as bound:
        server = make_server(session, TOKEN, bound)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [bound]})
        thread.start()
        try:
            yield Page(bound.getsockname()[1])
        finally:
            server.should_exit = True
            thread.join(timeout=SECONDS)


@pytest.fixture
def page(session):
    """The page of a session, opened by its token."""
    with serving(session) as found:
        assert found.get("/", params={"token": TOKEN}).ok
        yield found


def add(session, values, **options):
    """Scores photographs of these brightnesses; returns their ids in order."""
    from memgan_tf.app.photographs import Waiting, id_of

    keys = []
    for value in values:
        content = photograph(value, seed=len(session.images) + len(keys), **options)
        with session.dropped.arriving() as arrival:
            arrival.write(content)
            path = arrival.keep()
        assert session.intake.put(Waiting(path, f"{value}.png", True), SECONDS)
        keys.append(id_of(content))
    wait_until(lambda: all(key in session.images for key in keys))
    return keys


def failures(session):
    return {failure.name: failure.reason for failure in session.intake.failures}
