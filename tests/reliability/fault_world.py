"""Where faults are made: a finished run to compare with, file systems of any size, tallies."""

import contextlib
import dataclasses
import pathlib
import shutil
import subprocess
import tempfile

import numpy as np

from tests.reliability import kill, processes, runs


class Impossible(RuntimeError):
    """The fault cannot be made on this machine; the text says why."""


@dataclasses.dataclass
class Tally:
    """Of one fault.

    Attributes:
        tried: How often it was made.
        survived: How often all was well.
        sees: The last line that a user saw, of the last try.
        problems: What was wrong, a sentence each.
    """

    tried: int = 0
    survived: int = 0
    sees: str = ""
    problems: list[str] = dataclasses.field(default_factory=list)

    @contextlib.contextmanager
    def one_try(self, name):
        """Counts a try as survived if the block raises no AssertionError."""
        self.tried += 1
        try:
            yield
            self.survived += 1
        except AssertionError as error:
            self.problems.append(f"{name}: {' '.join(str(error).split())[-400:]}")

    def expect_one_line(self, ended, *parts):
        """Checks that a process ended by a user's error of one line with these parts."""
        lines = ended.output.strip().splitlines()
        assert ended.code == 1, f"exit code {ended.code}: {ended.output[-300:]}"
        assert "Traceback" not in ended.output, ended.output
        assert "error: " in lines[-1], lines[-1]
        for part in parts:
            assert part in lines[-1], f"no {part} in: {lines[-1]}"
        self.sees = lines[-1]


class World:
    """What a fault needs.

    Args:
        folder: For everything.
        tries: Of each fault.
        seed: Of the random choices.
        reference: A finished and evaluated run; None makes one.
    """

    def __init__(self, folder: pathlib.Path, tries: int, seed: int, reference=None):
        self.folder, self.tries = folder, tries
        self.generator = np.random.default_rng(seed)
        self.reference = reference or kill.make_reference(folder)[0]

    def places(self, name):
        """A new folder for each try."""
        for index in range(self.tries):
            place = self.folder / f"{name}_{index}"
            place.mkdir()
            yield place
            shutil.rmtree(place)

    def run(self, *arguments):
        """A command; what it prints goes to a file of its own."""
        with tempfile.NamedTemporaryFile(dir=self.folder) as log:
            return processes.run(map(str, arguments), log.name)

    def train(self, place):
        """The reference's own command, below `place`."""
        return self.run(*runs.train_flags(place / "runs"))

    def copy(self, place, *without):
        """A copy of the finished run where `train` expects it, without some of its files."""
        ignore = shutil.ignore_patterns("tensorboard", *without)
        return shutil.copytree(self.reference, place / "runs" / runs.PLACE, ignore=ignore)

    def damage(self, path):
        """Flips a bit of a file or cuts its end off."""
        content = bytearray(path.read_bytes())
        at = int(self.generator.integers(len(content)))
        if self.generator.random() < 0.5:
            content[at] ^= 1 << int(self.generator.integers(8))
        else:
            del content[at:]
        path.write_bytes(content)


@contextlib.contextmanager
def disk(path, kibibytes):
    """A file system of its own, in memory, of a size; yields what sets its options anew."""
    path.mkdir(parents=True, exist_ok=True)
    _mount("mount", "-t", "tmpfs", "-o", f"size={kibibytes}k", "tmpfs", path)
    try:
        yield lambda options: _mount("mount", "-o", f"remount,{options}", path)
    finally:
        subprocess.run(["umount", path], check=True)


def _mount(*words):
    done = subprocess.run(words, capture_output=True, text=True)
    if done.returncode:
        raise Impossible(f"no file system can be mounted: {done.stderr.strip()}")
