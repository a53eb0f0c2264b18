"""A real run and a server behind the page."""

import shutil

import numpy as np
import pytest

import memgan_tf
from memgan_tf.app.judges import CONFIRMED, RunJudge, ServerJudge
from memgan_tf.app.neighbors import TrainingNeighbors
from memgan_tf.evaluation.calibration import Calibration, recalibrated, replace_calibration
from memgan_tf.serving.address import ServerAddress
from memgan_tf.serving.connect import make_client
from memgan_tf.serving.retries import RequestRefused, RetryPolicy
from tests.app.conftest import add, wait_until


@pytest.fixture
def run(exported, tmp_path):
    """A copy of the trained run, loaded."""
    return memgan_tf.load(shutil.copytree(exported.run, tmp_path / "seed_0"))


@pytest.fixture
def server(address, servable):
    """A judge that asks the server double."""
    client = make_client(ServerAddress.parse(address), RetryPolicy(attempts=1, timeout=30.0))
    judge = ServerJudge(client, "stretch")
    servable.requests = 0
    yield judge
    judge.close()


def test_a_run_scores_as_it_does_elsewhere(run, pixels):
    judge, images = RunJudge(run), pixels(5)
    scores, p_values = judge.score(images)
    np.testing.assert_array_equal(scores, run.score(images))
    np.testing.assert_array_equal(p_values, run.p_values(scores))
    np.testing.assert_array_equal(judge.heat(images[0]), run.explain(images[:1])["anomaly_map"][0])
    assert judge.threshold == run.threshold
    assert judge.scale is None, "the run was not evaluated"


def test_a_threshold_that_another_process_has_set_is_taken_over(run):
    judge, before = RunJudge(run), run.threshold
    other = Calibration.load(run.directory.calibration_file)
    replace_calibration(run.directory, recalibrated(other, 0.3))
    judge.refresh()
    assert judge.threshold < before
    assert judge.calibration.target_fpr == 0.3


def test_a_threshold_is_the_one_that_was_seen_whatever_another_page_does(run, make_session):
    session = make_session(judge=RunJudge(run))
    seen = [threshold for threshold, _ in session.steps()]
    session.judge.recalibrate(scores=np.append(seen[1:], [1e3] * 6))
    assert session.steps()[1][0] != seen[1], "a place in the list would be another threshold"
    session.set_threshold(seen[-1])
    assert session.threshold == Calibration.load(run.directory.calibration_file).threshold
    assert session.threshold == seen[-1]
    with pytest.raises(ValueError, match="`threshold` must be one of the run's thresholds.*Reload"):
        session.set_threshold(seen[0])
    assert session.threshold == seen[-1]


def test_recalibration_by_confirmed_images(run):
    judge = RunJudge(run)
    scores = np.arange(19.0)
    backup = judge.recalibrate(scores=scores)
    found = Calibration.load(run.directory.calibration_file)
    assert (found.source, found.threshold) == (CONFIRMED, 18.0)
    assert judge.threshold == 18.0
    assert len(Calibration.load(backup).scores) == 27
    with pytest.raises(ValueError, match="`target_fpr` must be at least 1/19"):
        judge.recalibrate(scores=scores[:18])
    assert judge.threshold == 18.0


def test_a_training_image_is_its_own_nearest_neighbor(run):
    judge = RunJudge(run)
    neighbors = TrainingNeighbors(judge)
    neighbors.start()
    wait_until(lambda: neighbors.is_ready)
    train = run.load_task().train
    for position in (0, 7, 50):
        found = neighbors.nearest(np.asarray(train.images[position]))
        assert found[0].name == train.names[position]
        assert len(found) == 4
        assert neighbors.picture(int(found[0].address.rpartition("/")[2])).startswith(b"\x89PNG")
    assert neighbors.picture(-1) is None


def test_training_images_that_may_not_be_opened_are_said(run, monkeypatch):
    def refuse(directory, data):
        raise ValueError("`dataset` must be named")

    monkeypatch.setattr("memgan_tf.app.neighbors.choose_data", refuse)
    neighbors = TrainingNeighbors(RunJudge(run))
    neighbors.start()
    neighbors._thread.join()
    assert not neighbors.is_ready
    assert neighbors.state.endswith("cannot be shown: `dataset` must be named")


def test_a_server_gives_scores_threshold_and_maps(server, exported, pixels):
    run, images = memgan_tf.load(exported.run), pixels(3)
    scores, p_values = server.score(images)
    np.testing.assert_array_equal(scores, run.score(images))
    np.testing.assert_allclose(p_values, run.p_values(scores), rtol=1e-6)
    assert server.threshold == np.float32(run.threshold)
    assert server.has_maps
    expected = run.explain(images[:1])["anomaly_map"][0]
    np.testing.assert_allclose(server.heat(images[0]), expected, rtol=1e-5, atol=1e-7)


def test_a_session_against_a_server(server, tmp_path, make_session):
    session = make_session(judge=server)
    keys = add(session, [10, 200])
    session.decide(keys[0], "good")
    assert session.is_alarm(session.images[1]) == (
        session.images[1].anomaly_score > server.threshold
    )
    assert session.pictures.map(session.images[0], True).startswith(b"\x89PNG")
    scores = {image.anomaly_score for image in session.images}
    assert [step for step, _ in session.steps()] == sorted(scores | {server.threshold})
    assert session.drift().startswith("No drift test: a server")
    for act in (session.recalibrate, lambda: session.set_threshold(0.1)):
        with pytest.raises(ValueError, match="part of the server's export"):
            act()


@pytest.mark.parametrize(
    "answer",
    [np.zeros((1, 3, 3), np.float32), np.zeros((1, 8, 8), int), np.full((1, 8, 8), np.inf)],
)
def test_a_map_that_is_none_is_refused(server, monkeypatch, answer):
    monkeypatch.setattr(server._client, "_explain", lambda image: answer)
    with pytest.raises(RequestRefused, match="returns"):
        server.heat(np.zeros((8, 8, 1), np.uint8))


def test_a_server_without_maps_says_so(server, monkeypatch):
    monkeypatch.setattr(server._client, "_explain", lambda image: None)
    assert ServerJudge(server._client, "pad").has_maps is False
