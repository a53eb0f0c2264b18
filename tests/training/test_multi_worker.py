"""Two worker processes on this machine: the same weights as one, a kill, and going on."""

import json
import os
import signal
import socket
import time

import numpy as np
import pytest
import tensorflow as tf

from memgan_tf.models.memgan import MEMGAN
from memgan_tf.tools import main
from memgan_tf.training import loop
from memgan_tf.training.checkpoints import Checkpoints
from memgan_tf.training.cluster import Cluster
from memgan_tf.training.run_directory import RunDirectory
from memgan_tf.training.trainer import Trainer
from memgan_tf.training.workers import WorkerLostError, Workers, make_strategy
from tests.conftest import tiny_overrides
from tests.reliability import processes

# The largest difference of a weight that another order of the same sums may make.
TOLERANCE = 1e-6


class TwoHalves(Workers):
    """Says what another worker would."""

    def __init__(self, other):
        super().__init__(Cluster(("a:1", "b:1")))
        self._other = other

    def gather(self, values):
        return np.array([values, self._other], np.int64)


def free_ports():
    sockets = [socket.socket() for _ in range(2)]
    for one in sockets:
        one.bind(("localhost", 0))
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


def start(model_dirs, flags, logs):
    """Both workers, each with its own model_dir; their output goes to files."""
    workers = [f"localhost:{port}" for port in free_ports()]
    for index, model_dir in enumerate(model_dirs):
        cluster = {"cluster": {"worker": workers}, "task": {"type": "worker", "index": index}}
        given = ["train", *flags, f"--model_dir={model_dir}"]
        log = logs / f"worker_{index}"
        yield processes.start(given, log, {"TF_CONFIG": json.dumps(cluster)})


def wait_for(path, seconds=120):
    deadline = time.monotonic() + seconds
    while not path.exists():
        assert time.monotonic() < deadline, f"{path} does not come"
        time.sleep(0.1)


def newest(folder):
    reader = tf.train.load_checkpoint(tf.train.latest_checkpoint(str(folder)))
    names = reader.get_variable_to_shape_map()
    chosen = [name for name in names if name.startswith(("player_", "scoring/", "step/"))]
    return {name: reader.get_tensor(name) for name in chosen}


@pytest.mark.slow
def test_two_workers_equal_one_and_outlive_a_kill(tiny_config, tmp_path):
    overrides = tiny_overrides(epochs=6)
    alone = [f"--{name}={value}" for name, value in overrides.items()]
    flags = [*alone, "--distribution_strategy=multi_worker_mirrored"]
    config = tiny_config(epochs=6, distribution_strategy="multi_worker_mirrored")
    run = RunDirectory.of(tmp_path / "runs", config)

    # The second worker's folder is another, and nothing comes into it.
    chief, second = start([tmp_path / "runs", tmp_path / "other"], flags, tmp_path)
    wait_for(run.checkpoints / "checkpoint")
    os.kill(second.pid, signal.SIGKILL)
    ended = chief.wait(120)
    assert second.wait(120).was_killed
    assert ended.code == 1, ended.output
    last = ended.output.splitlines()[-1]
    assert "memgan train: error: another of the 2 workers was lost: " in last
    assert "Traceback" not in ended.output
    assert not run.is_complete
    assert not (tmp_path / "other").exists()

    both = list(start([tmp_path / "runs"] * 2, flags, tmp_path))
    ends = [process.wait(240) for process in both]
    assert [end.code for end in ends] == [0, 0], ends
    assert "Resuming from step" in ends[0].output
    assert "epoch 6/6" in ends[0].output
    assert "epoch" not in ends[1].output.split("waits for the others")[1]
    assert run.is_complete
    chiefs = {str(chief.pid), str(both[0].pid)}
    events = [path.name.split(".") for path in run.tensorboard.rglob("events.*")]
    assert {parts[-3] for parts in events} == chiefs
    assert len((run.path / "metrics.csv").read_text().splitlines()) == 7

    assert main.main(["train", *alone, f"--model_dir={tmp_path / 'one'}"]) == 0
    one = newest(RunDirectory.of(tmp_path / "one", config).checkpoints)
    two = newest(run.checkpoints)
    assert one.keys() == two.keys()
    for name in one:
        np.testing.assert_allclose(one[name], two[name], rtol=0, atol=TOLERANCE, err_msg=name)


@pytest.fixture
def make_trainer(tiny_config, pixels):
    def make(strategy="none"):
        config = tiny_config(epochs=2, batch_size=4, steps_per_call=2)

        def factory():
            return MEMGAN(config.model, config.image_shape, 0, average_weights=True)

        return Trainer(factory, config.training, pixels(24), make_strategy(strategy))

    return make


def checkpoints_of(trainer, config, folder, writes=True):
    return Checkpoints(folder, trainer.variables, config.fingerprint(), 2, writes)


def test_a_stop_asked_of_another_worker_stops_this_one(make_trainer, tiny_config, pixels, tmp_path):
    trainer = make_trainer()
    workers = TwoHalves([1])
    workers.check_equal = lambda values: None
    saved = checkpoints_of(trainer, tiny_config(), tmp_path)
    with pytest.raises(loop.Interrupted, match="stopped at step 2 of 12"):
        loop.train(trainer, pixels(4), saved, [], workers)
    assert (tmp_path / "ckpt-2.index").exists()


def test_a_worker_that_is_no_chief_writes_nothing(make_trainer, tiny_config, pixels, tmp_path):
    trainer, told = make_trainer(), []
    workers = Workers(Cluster(("a:1", "b:1"), index=1))
    workers.gather = lambda values: np.array([values, values])
    saved = checkpoints_of(trainer, tiny_config(), tmp_path / "checkpoints", writes=False)
    loop.train(trainer, pixels(4), saved, [told.append], workers)
    assert trainer.steps_done == 12
    workers.any = lambda flag: True
    stopped = make_trainer()
    saved = checkpoints_of(stopped, tiny_config(), tmp_path / "checkpoints", writes=False)
    with pytest.raises(loop.Interrupted):
        loop.train(stopped, pixels(4), saved, [], workers)
    assert not (tmp_path / "checkpoints").exists()
    assert told == []


def test_the_loop_trains_mirrored_replicas(make_trainer, pixels):
    trainer = make_trainer("mirrored")
    loop.train(trainer, pixels(4), None, [])
    assert trainer.steps_done == 12


def test_workers_that_differ_say_in_what():
    with pytest.raises(ValueError, match=r"the same step.*by worker: \[4, 0\].*share"):
        TwoHalves([7, 0]).check_equal({"configuration": 7, "step": 4})
    TwoHalves([7, 4]).check_equal({"configuration": 7, "step": 4})


def test_one_line_for_a_lost_worker_and_none_of_ours_for_another_error():
    error = tf.errors.UnavailableError(None, None, "Graph execution error:\n\nSocket closed\nmore")
    with (
        pytest.raises(WorkerLostError, match=r"of the 2 workers was lost: Socket closed\. Start"),
        TwoHalves([0]).losses_told(),
    ):
        raise error
    with pytest.raises(tf.errors.UnavailableError), Workers(Cluster()).losses_told():
        raise error


def test_a_wrong_tf_config_is_one_line_and_no_folder(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("TF_CONFIG", "{")
    flags = ["--dataset=digits", "--normal_class=0", f"--model_dir={tmp_path / 'runs'}"]
    strategy = "--distribution_strategy=multi_worker_mirrored"
    assert main.main(["train", *flags, strategy]) == 1
    error = capsys.readouterr().err
    assert error.startswith("memgan train: error: `TF_CONFIG` must be JSON")
    assert error.count("\n") == 1
    assert not (tmp_path / "runs").exists()
