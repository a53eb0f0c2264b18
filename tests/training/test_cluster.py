"""TF_CONFIG, read before TensorFlow is."""

import json

import pytest

from memgan_tf.training.cluster import MULTI_WORKER, Cluster, read_cluster

TWO = {"worker": ["a:2222", "b:2222"]}


def read(cluster, kind="worker", index=0):
    text = json.dumps({"cluster": cluster, "task": {"type": kind, "index": index}})
    return read_cluster(MULTI_WORKER, {"TF_CONFIG": text})


def test_the_first_worker_is_the_chief():
    first, second = read(TWO), read(TWO, index=1)
    assert (first.addresses, first.index, first.is_chief) == (("a:2222", "b:2222"), 0, True)
    assert (second.index, second.is_chief) == (1, False)


def test_a_chief_that_is_named_comes_before_the_workers():
    cluster = {"chief": ["c:1"], **TWO}
    assert read(cluster, "chief") == Cluster(("c:1", "a:2222", "b:2222"), 0)
    assert read(cluster, "worker", 1) == Cluster(("c:1", "a:2222", "b:2222"), 2)


@pytest.mark.parametrize("strategy", ["none", "mirrored"])
def test_other_strategies_do_not_read_it(strategy):
    assert read_cluster(strategy, {"TF_CONFIG": "nonsense"}) == Cluster()


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        (None, "must be set"),
        ("", "must be set"),
        ("{", "must be JSON"),
        ("[]", "must hold cluster and task"),
        ('{"cluster": {"worker": ["a:1"]}}', "must hold cluster and task"),
        ('{"cluster": ["a:1"], "task": {"type": "worker", "index": 0}}', "must hold cluster"),
    ],
)
def test_a_wrong_text(text, rule):
    environment = {} if text is None else {"TF_CONFIG": text}
    with pytest.raises(ValueError, match=f"`TF_CONFIG` {rule}") as caught:
        read_cluster(MULTI_WORKER, environment)
    assert "\n" not in str(caught.value)
    assert "docs/scale.md" in str(caught.value)


@pytest.mark.parametrize(
    ("cluster", "kind", "index", "rule"),
    [
        ({"worker": []}, "worker", 0, "name each worker once"),
        ({"worker": ["a:1", "a:1"]}, "worker", 0, "name each worker once"),
        ({"worker": ["a"]}, "worker", 0, "host:port"),
        ({"worker": ["a:x"]}, "worker", 0, "host:port"),
        ({"worker": [":1"]}, "worker", 0, "host:port"),
        ({"worker": ["a:65536"]}, "worker", 0, "host:port"),
        ({"worker": ["a:1"], "ps": ["b:1"]}, "worker", 0, "name workers, and one chief"),
        ({"worker": ["a:1"], "chief": ["b:1", "c:1"]}, "worker", 0, "one chief at most"),
        (TWO, "worker", 2, "task that is in its cluster"),
        (TWO, "worker", -1, "task that is in its cluster"),
        (TWO, "worker", "0", "task that is in its cluster"),
        (TWO, "chief", 0, "task that is in its cluster"),
    ],
)
def test_a_wrong_cluster(cluster, kind, index, rule):
    with pytest.raises(ValueError, match=rule):
        read(cluster, kind, index)
