"""What a person sees of training."""

import pytest

from memgan_tf.training.progress import Progress

LOGS = {"loss/cycle": 0.25, "gan/real_probability": 0.5, "validation/score": 1.5}


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


def advance(progress, clock, seconds, step, phase="training"):
    clock.now += seconds
    progress.update(step, phase)


def test_compilation_does_not_count(clock):
    progress = Progress(100, 0, False, clock)
    assert progress.seconds_left is None
    advance(progress, clock, 60.0, 10)  # compiles
    assert progress.seconds_left is None
    advance(progress, clock, 1.0, 20)
    assert progress.seconds_left == pytest.approx(8.0)


def test_what_an_epoch_adds_counts_once_it_is_compiled(clock, capsys):
    progress = Progress(100, 0, False, clock)
    advance(progress, clock, 60.0, 10)
    advance(progress, clock, 1.0, 20)
    clock.now += 30.0  # the first scoring compiles
    progress.end_epoch(1, 5, LOGS)
    assert progress.seconds_left == pytest.approx(8.0)
    advance(progress, clock, 2.0, 40)
    clock.now += 3.0
    progress.end_epoch(2, 5, LOGS)
    assert progress.seconds_left == pytest.approx((1.0 + 2.0 + 3.0) / 30 * 60)


def test_each_phase_compiles(clock):
    progress = Progress(40, 0, False, clock)
    advance(progress, clock, 9.0, 10, "pretraining")
    advance(progress, clock, 1.0, 20, "pretraining")
    advance(progress, clock, 9.0, 30, "training")
    assert progress.seconds_left == pytest.approx(1.0)


def test_a_resumed_run_counts_its_own_steps(clock):
    progress = Progress(100, 50, False, clock)
    advance(progress, clock, 9.0, 60)
    advance(progress, clock, 1.0, 70)
    assert progress.seconds_left == pytest.approx(3.0)


def test_a_line_has_bar_score_and_time_first(clock):
    progress = Progress(40, 0, False, clock)
    advance(progress, clock, 9.0, 10)
    assert progress.line(1, 4, LOGS) == (
        "[#####...............]  held-out score 1.5  epoch 1/4  cycle 0.25"
    )
    advance(progress, clock, 65.0, 20)
    assert progress.line(2, 4, LOGS) == (
        "[##########..........]  held-out score 1.5  2:10 left  epoch 2/4  cycle 0.25"
    )


def test_lines_come_now_and_then_and_at_the_end(clock, capsys):
    progress = Progress(40, 0, False, clock)
    for epoch, seconds in enumerate([5.0, 1.0, 1.5, 0.1], 1):
        advance(progress, clock, seconds, 10 * epoch)
        progress.end_epoch(epoch, 4, LOGS)
    lines = capsys.readouterr().out.splitlines()
    assert [line.split("epoch ")[1][0] for line in lines] == ["1", "3", "4"]
    assert "0:00 left" in lines[-1]
