"""Both clients against servers that speak the real protocols, in good health and in bad."""

import contextlib
import socket
import sys
import threading
import time

import numpy as np
import pytest

import memgan_tf
from memgan_tf.serving.address import ServerAddress
from memgan_tf.serving.connect import make_client
from memgan_tf.serving.retries import RequestRefused, RetryPolicy, ServerUnavailable
from memgan_tf.serving.scoring import score_images


@pytest.fixture
def connect(quick):
    """Opens clients and closes them at the end."""
    clients = []

    def make(text, retries=quick):
        clients.append(make_client(ServerAddress.parse(text), retries))
        return clients[-1]

    yield make
    for client in clients:
        client.close()


@pytest.mark.parametrize("which", ["", "/1", ":stable"])
def test_scores_are_the_runs_bit_for_bit(which, address, connect, exported, pixels):
    run, images = memgan_tf.load(exported.run), pixels(7)
    answer = connect(address + which).score(images)
    scores = run.score(images)
    np.testing.assert_array_equal(answer["anomaly_score"], scores)
    np.testing.assert_array_equal(answer["p_value"], run.p_values(scores).astype(np.float32))
    np.testing.assert_array_equal(answer["is_anomaly"], scores > run.threshold)
    assert answer["is_anomaly"].dtype == np.bool_
    assert set(answer["threshold"]) == {np.float32(run.threshold)}


def test_what_a_server_says_of_itself(address, connect):
    client = connect(address)
    assert client.image_shape() == (8, 8, 1)
    assert client.versions() == {1: "AVAILABLE"}


def test_batches_join_in_order(address, connect, servable, pixels):
    client, images = connect(address), pixels(10)
    in_parts = score_images(client, images, batch_size=4)
    assert servable.requests == 3
    whole = client.score(images)
    np.testing.assert_allclose(in_parts["anomaly_score"], whole["anomaly_score"], rtol=1e-5)
    with pytest.raises(ValueError, match="`batch_size` must be at least 1"):
        score_images(client, images, batch_size=0)


def test_busy_then_well(address, connect, servable, pixels):
    servable.faults.extend(["busy", "busy"])
    assert connect(address).score(pixels(2))["anomaly_score"].shape == (2,)
    assert servable.requests == 3


def test_busy_to_the_end(address, connect, servable, pixels):
    servable.faults.extend(["busy"] * 3)
    with pytest.raises(ServerUnavailable, match=r"does not answer: Task size .* \(3 tries\)"):
        connect(address).score(pixels(2))
    assert servable.requests == 3


def test_a_slow_answer(address, connect, servable, pixels):
    servable.faults.extend(["slow", "slow"])
    started = time.monotonic()
    with pytest.raises(ServerUnavailable, match=r"no answer within 0.2 s .*\(2 tries\)|\(2 tries"):
        connect(address, RetryPolicy(2, timeout=0.2, first_delay=0.01)).score(pixels(2))
    assert time.monotonic() - started < 3
    assert connect(address).score(pixels(2))["anomaly_score"].shape == (2,)


def test_a_trickle_does_not_extend_the_time(connect):
    """Each byte comes in time, and the answer as a whole does not."""
    sent = []

    def trickle(listener):
        peer, _ = listener.accept()
        with peer, contextlib.suppress(OSError):
            peer.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
            for _ in range(200):
                peer.sendall(b" ")
                sent.append(1)
                time.sleep(0.02)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = threading.Thread(target=trickle, args=[listener])
        server.start()
        address = f"rest://127.0.0.1:{listener.getsockname()[1]}/zeros"
        with pytest.raises(ServerUnavailable, match=r"no answer within 0.2 s"):
            connect(address, RetryPolicy(1, timeout=0.2)).versions()
        server.join()
    assert len(sent) < 200


@pytest.mark.parametrize("fault", ["truncated", "broken off"])
def test_an_answer_that_breaks_off(fault, ports, connect, servable, pixels):
    client = connect(f"rest://127.0.0.1:{ports['rest']}/zeros")
    servable.faults.append(fault)
    assert client.score(pixels(2))["anomaly_score"].shape == (2,)
    assert servable.requests == 2
    servable.faults.extend([fault] * 3)
    with pytest.raises(ServerUnavailable, match=r"does not answer: .*\(3 tries\)"):
        client.score(pixels(2))


def test_a_refused_connection(protocol, closed_port, connect, pixels):
    client = connect(f"{protocol}://127.0.0.1:{closed_port}/zeros")
    with pytest.raises(ServerUnavailable, match=r"does not answer: .*refused.*\(3 tries\)"):
        client.score(pixels(2))


@pytest.mark.parametrize("path", ["ones", "zeros/2", "zeros:canary"])
def test_a_model_that_is_not_there(path, address, connect, servable, pixels):
    client = connect(address.rpartition("/")[0] + "/" + path)
    for ask in (lambda: client.score(pixels(2)), client.image_shape, client.versions):
        with pytest.raises(RequestRefused, match="refuses the request: Servable not found"):
            ask()
    assert servable.requests == 0


@pytest.mark.parametrize("shape", [(2, 9, 9, 1), (2, 8, 8, 3)])
def test_a_wrong_shape_is_refused_at_once(shape, address, connect, servable):
    with pytest.raises(RequestRefused, match="refuses the request: "):
        connect(address).score(np.zeros(shape, np.uint8))
    assert servable.requests == 1


def test_a_bad_pixel_names_its_image_and_its_request(address, connect, pixels):
    images = pixels(9).astype(np.float32)
    images[6, 0, 0] = 300
    message = "image 2 of the batch is not.*; the request held images 4 to 7"
    with pytest.raises(RequestRefused, match=message):
        score_images(connect(address), images, batch_size=4)


def test_another_kind_of_model(address, connect, servable, pixels):
    servable.faults.append("foreign")
    with pytest.raises(RequestRefused, match="serves no export of memgan"):
        connect(address).score(pixels(2))


def test_pauses_grow(monkeypatch):
    pauses, tries = [], []
    monkeypatch.setattr(time, "sleep", pauses.append)

    def fail():
        tries.append(1)
        raise ServerUnavailable("down")

    with pytest.raises(ServerUnavailable, match=r"down \(6 tries\)"):
        RetryPolicy(attempts=6, first_delay=1, longest_delay=5).call(fail)
    assert len(tries) == 6
    assert pauses == [1, 2, 4, 5, 5]
    with pytest.raises(ValueError, match="`attempts` must be at least 1"):
        RetryPolicy(attempts=0)


def test_without_the_serving_extra(monkeypatch, quick):
    monkeypatch.delitem(sys.modules, "memgan_tf.serving.grpc_client", raising=False)
    monkeypatch.setitem(sys.modules, "grpc", None)
    with pytest.raises(ValueError, match=r"pip install 'memgan_tf\[serving\]', or use rest://"):
        make_client(ServerAddress.parse("grpc://host/zeros"), quick)
