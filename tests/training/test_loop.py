"""The outer loop with TensorBoard, metrics.csv, the alarm and interruption."""

import csv
import math
import os
import signal

import numpy as np
import pytest
import tensorflow as tf
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from memgan_tf.models.memgan import MEMGAN
from memgan_tf.training import loop
from memgan_tf.training.actions import CollapseAlarm, CsvLogger, TensorBoardLogger
from memgan_tf.training.checkpoints import Checkpoints
from memgan_tf.training.trainer import Trainer
from memgan_tf.training.workers import make_strategy


@pytest.fixture
def make_trainer(tiny_config, pixels):
    def make(**overrides):
        config = tiny_config(**overrides)
        return Trainer(
            lambda: MEMGAN(config.model, config.image_shape, config.training.seed),
            config.training,
            pixels(12),
            make_strategy("none"),
        )

    return make


def checkpoints_of(trainer, path):
    return Checkpoints(path, trainer.variables, "a", keep=2)


def weights(trainer):
    return [v.numpy() for values in trainer.model.players.values() for v in values]


def test_metrics_file_has_a_row_an_epoch(make_trainer, pixels, tmp_path):
    trainer = make_trainer(epochs=3, batch_size=4)
    loop.train(trainer, pixels(4), None, [CsvLogger(tmp_path / "metrics.csv")])
    rows = list(csv.DictReader((tmp_path / "metrics.csv").read_text().splitlines()))
    assert [row["epoch"] for row in rows] == ["1", "2", "3"]
    assert [row["step"] for row in rows] == ["3", "6", "9"]
    assert all(math.isfinite(float(row["loss/cycle"])) for row in rows)


def test_interruption_saves_and_the_rest_is_the_same(make_trainer, pixels, tmp_path):
    options = {"epochs": 3, "batch_size": 4, "steps_per_call": 1}
    whole = make_trainer(**options)
    loop.train(whole, pixels(4), None, [])

    first = make_trainer(**options)
    run, calls = first.run, []

    def run_and_interrupt(count):
        run(count)
        calls.append(count)
        if len(calls) == 5:  # in the middle of the second epoch
            os.kill(os.getpid(), signal.SIGINT)

    first.run = run_and_interrupt
    log = CsvLogger(tmp_path / "metrics.csv")
    with pytest.raises(loop.Interrupted, match="stopped at step 5 of 9; the same command"):
        loop.train(first, pixels(4), checkpoints_of(first, tmp_path / "c"), [log])

    second = make_trainer(**options)
    log = CsvLogger(tmp_path / "metrics.csv")
    loop.train(second, pixels(4), checkpoints_of(second, tmp_path / "c"), [log])
    for expected, value in zip(weights(whole), weights(second), strict=True):
        np.testing.assert_array_equal(value, expected)
    rows = list(csv.DictReader((tmp_path / "metrics.csv").read_text().splitlines()))
    assert [row["epoch"] for row in rows] == ["1", "2", "3"]


def test_divergence_stops_with_the_losss_name_and_the_last_checkpoint(
    make_trainer, pixels, tmp_path
):
    trainer = make_trainer(epochs=3, batch_size=4)
    checkpoints = checkpoints_of(trainer, tmp_path / "c")
    loop_epochs = []

    def poison(epoch):
        loop_epochs.append(epoch.index)
        if epoch.index == 2:
            trainer.model.trained.memory.units.assign_add(tf.fill((5, 6), float("nan")))

    with pytest.raises(FloatingPointError, match="loss/.* became nan by step .*--learning_rate"):
        loop.train(trainer, pixels(4), checkpoints, [poison])
    assert loop_epochs == [1, 2]


def test_a_handler_is_put_back(make_trainer, pixels):
    before = signal.getsignal(signal.SIGINT)
    loop.train(make_trainer(epochs=1), pixels(4), None, [])
    assert signal.getsignal(signal.SIGINT) is before


def test_the_alarm_names_each_sign_once(make_trainer, pixels, capsys):
    trainer, marked = make_trainer(epochs=3, batch_size=12), []
    trainer.model.health = lambda metrics, explained: ["one unit"]
    loop.train(trainer, pixels(4), None, [CollapseAlarm(marked.append)])
    assert marked == [["one unit"]] * 3
    assert capsys.readouterr().err.count("SUSPECT after epoch 1: one unit") == 1


def test_the_alarm_says_when_a_sign_has_passed(make_trainer, pixels, capsys):
    trainer, marked = make_trainer(epochs=3, batch_size=12), []
    found = iter([["one unit"], [], ["one unit"]])
    trainer.model.health = lambda metrics, explained: next(found)
    loop.train(trainer, pixels(4), None, [CollapseAlarm(marked.append)])
    assert marked == [["one unit"], [], ["one unit"]]
    told = [line for line in capsys.readouterr().err.splitlines() if "SUSPECT" in line]
    assert told == [
        "SUSPECT after epoch 1: one unit",
        "No longer SUSPECT after epoch 2: one unit",
        "SUSPECT after epoch 3: one unit",
    ]


def test_tensorboard_has_the_tags_of_the_conventions(make_trainer, tiny_config, pixels, tmp_path):
    trainer = make_trainer(epochs=2)
    logger = TensorBoardLogger(tmp_path, tiny_config(epochs=2))
    loop.train(trainer, pixels(4), None, [logger])

    def tags(name):
        events = EventAccumulator(str(tmp_path / name), size_guidance={"tensors": 0}).Reload()
        return set(events.Tags()["tensors"]), events

    train, events = tags("train")
    losses = "discriminator encoder_adversarial generator_adversarial cycle projection"
    expected = {f"loss/{name}" for name in (*losses.split(), "mutual_information")}
    assert expected | {"gan/real_probability", "gan/fake_probability"} <= train
    assert [event.step for event in events.Tensors("loss/cycle")] == [1, 2]
    assert "_hparams_/session_start_info" in train | set(events.summary_metadata)
    validation, _ = tags("validation")
    assert {
        "loss/cycle",
        "memory/effective_units",
        "memory/unit_usage",
        "memory/hull_distance",
        "score/normal",
        "memory/decoded_units",
        "reconstruction/input_output_error",
    } <= validation
    points = np.loadtxt(tmp_path / "validation" / "codes.tsv", delimiter="\t")
    kinds = (tmp_path / "validation" / "kinds.tsv").read_text().split()
    assert points.shape == (4 + 5, 6)
    assert kinds == ["code"] * 4 + ["unit"] * 5
    assert (tmp_path / "validation" / "projector_config.pbtxt").exists()
