"""Throws damaged and hostile content at everything that reads it, and counts what happens.

python -m tests.reliability.fuzz --examples=2000 --output=results/reliability/fuzz.json

A reader accepts an input or refuses it by one line; any other exception, a started program, an
unpickled object, a connection, much memory or much time is a failure.
"""

import argparse
import contextlib
import dataclasses
import os
import pathlib
import re
import resource
import signal
import sys
import tempfile
import time
import warnings

from hypothesis import HealthCheck, Phase, given, seed, settings

from memgan_tf import files
from tests.reliability import fuzz_hostile, fuzz_readers, fuzz_runs, fuzz_servers

READERS = (*fuzz_readers.READERS, *fuzz_runs.READERS, *fuzz_servers.READERS, *fuzz_hostile.READERS)
# An input may take as long, and the peak of the memory may grow as much over a reader's inputs.
MAX_SECONDS, MAX_GROWTH = 20, 1.5 * 2**30
# What no reader does; see Python's table of audit events.
FORBIDDEN = ("pickle.find_class", "os.system", "os.exec", "subprocess.Popen", "socket.connect")
REFUSALS = (ValueError, RuntimeError)
_watch = {"on": False, "seen": []}


class TooSlow(BaseException):
    """An input took longer than `MAX_SECONDS`."""


@dataclasses.dataclass
class Tally:
    """Of one reader.

    Attributes:
        tried: Inputs.
        refused: By one line.
        accepted: As usable.
        slowest: Seconds that an input took at most.
        failures: What else happened, a line each.
    """

    tried: int = 0
    refused: int = 0
    accepted: int = 0
    slowest: float = 0.0
    failures: list[str] = dataclasses.field(default_factory=list)


def try_input(reader, content) -> str:
    """Gives an input to a reader; returns `accepted` or `refused`.

    Raises:
        AssertionError: If anything else happened.
    """
    with tempfile.TemporaryDirectory(prefix="memgan_tf_fuzz_") as folder, _quiet():
        with _watching(), _alarm():
            outcome, reason = _outcome(reader, content, pathlib.Path(folder))
        seen = [event for event in _watch["seen"] if not event.startswith(reader.allowed)]
        assert seen == [], f"did {seen}"
    if outcome == "failed":
        raise AssertionError(f"{type(reason).__name__}: {reason}") from reason
    if outcome == "refused":
        assert re.search(reader.named, str(reason)), f"unnamed: {type(reason).__name__}: {reason}"
    return outcome


def _outcome(reader, content, place):
    try:
        reader.read(content, place)
    except REFUSALS as error:
        return "refused", error
    except (Exception, TooSlow) as error:
        return "failed", error
    return "accepted", None


def fuzz(reader, examples, number=0) -> Tally:
    """Tries many inputs of a reader, the same ones each time."""
    tally = Tally()

    @seed(number)
    @settings(
        max_examples=max(3, examples // reader.cost),
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(reader.make())
    def check(content):
        started = time.monotonic()
        tally.tried += 1
        try:
            outcome = try_input(reader, content)
        except AssertionError as error:
            tally.failures.append(" ".join(str(error).split())[:300])
        else:
            setattr(tally, outcome, getattr(tally, outcome) + 1)
        tally.slowest = round(max(tally.slowest, time.monotonic() - started), 2)

    before = _peak_memory()
    check()
    growth = _peak_memory() - before
    if growth > MAX_GROWTH:
        tally.failures.append(f"the memory grew by {growth / 2**20:.0f} MiB")
    return tally


def _peak_memory():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


@contextlib.contextmanager
def _quiet():
    """Python's warnings and what readers print are not looked at."""
    with open(os.devnull, "w") as nowhere, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with contextlib.redirect_stderr(nowhere), contextlib.redirect_stdout(nowhere):
            yield


def _look(event, arguments):
    # Nothing is left of a module when Python ends.
    if _watch and _watch["on"] and event in FORBIDDEN:
        _watch["seen"].append(f"{event}{arguments!r}"[:100])


@contextlib.contextmanager
def _watching():
    if "hooked" not in _watch:
        sys.addaudithook(_look)
        _watch["hooked"] = True
    _watch.update(on=True, seen=[])
    try:
        yield
    finally:
        _watch["on"] = False


@contextlib.contextmanager
def _alarm():
    def stop(*_):
        raise TooSlow(f"took more than {MAX_SECONDS} s")

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, MAX_SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def main():
    """Parses the flags, fuzzes, writes the record."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--examples", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", default="", help="part of the names of readers")
    parser.add_argument("--output", type=pathlib.Path)
    chosen = parser.parse_args()
    tallies = {}
    for reader in READERS:
        if chosen.only in reader.name:
            tallies[reader.name] = fuzz(reader, chosen.examples, chosen.seed)
            print(reader.name, tallies[reader.name], flush=True)
    if chosen.output:
        readers = {name: dataclasses.asdict(tally) for name, tally in tallies.items()}
        record = {"examples": chosen.examples, "seed": chosen.seed, "readers": readers}
        files.write_json(chosen.output, record)
    return int(any(tally.failures for tally in tallies.values()))


if __name__ == "__main__":
    raise SystemExit(main())
