"""The Kubernetes manifest: its shape, and the TF_CONFIG that its shell line makes."""

import os
import pathlib
import subprocess

import pytest
import yaml

from memgan_tf.tools.train import COMMAND
from memgan_tf.training.cluster import MULTI_WORKER, Cluster, read_cluster

MANIFEST = pathlib.Path(__file__).parents[2] / "tools" / "scale" / "jobset.yaml"
# Prints what the container's command would have been given.
STAND_IN = '#!/bin/sh\nprintf "%s\\n" "$TF_CONFIG" "$@"\n'


@pytest.fixture
def jobset():
    return yaml.safe_load(MANIFEST.read_text(encoding="utf-8"))


def test_the_shell_line_gives_each_pod_its_place(jobset, tmp_path):
    (job,) = jobset["spec"]["replicatedJobs"]
    (container,) = job["template"]["spec"]["template"]["spec"]["containers"]
    stand_in = tmp_path / "memgan"
    stand_in.write_text(STAND_IN)
    stand_in.chmod(0o755)
    name = f"{jobset['metadata']['name']}-{job['name']}-0"
    subdomain = jobset["metadata"]["name"]
    port = container["ports"][0]["containerPort"]
    addresses = tuple(f"{name}-{index}.{subdomain}:{port}" for index in range(2))
    for index in range(job["template"]["spec"]["completions"]):
        environment = {
            "PATH": f"{tmp_path}:{os.environ['PATH']}",
            "JOB_COMPLETION_INDEX": str(index),
        }
        printed = subprocess.run(
            [*container["command"], *container["args"]],
            env=environment,
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        text, verb, *flags = printed.splitlines()
        assert read_cluster(MULTI_WORKER, {"TF_CONFIG": text}) == Cluster(addresses, index)
        assert verb == "train"
        COMMAND.flags.unparse_flags()
        assert COMMAND.flags([verb, *flags])[1:] == []
        assert COMMAND.flags["distribution_strategy"].value == MULTI_WORKER


def test_a_lost_worker_restarts_all(jobset):
    assert jobset["apiVersion"] == "jobset.x-k8s.io/v1alpha2"
    assert jobset["spec"]["failurePolicy"]["maxRestarts"] > 0
    job = jobset["spec"]["replicatedJobs"][0]["template"]["spec"]
    assert (job["backoffLimit"], job["completionMode"]) == (0, "Indexed")
    assert job["completions"] == job["parallelism"] == 2
    assert job["template"]["spec"]["restartPolicy"] == "Never"
