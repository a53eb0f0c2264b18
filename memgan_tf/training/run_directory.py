"""The folder of a run: who owns it, what it was made with, whether it is complete."""

import contextlib
import fcntl
import os
import pathlib
import stat
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

from memgan_tf import files, outputs, temporaries
from memgan_tf.config import RunConfig
from memgan_tf.data import directory_name
from memgan_tf.nearby import list_nearby
from memgan_tf.source_digest import source_digest
from memgan_tf.text import printable
from memgan_tf.training.environment import describe_environment
from memgan_tf.training.growth import grows
from memgan_tf.validation import check_real

LOCK = ".lock"
FIRST_FILES = {LOCK, "config.json", "environment.json", "origin.json", "data_index.json"}
# Largest number of files and folders of a run; all are checked before any is opened.
MAX_ENTRIES = 100_000


class RunDirectory:
    """`<model_dir>/<detector>/<dataset>/<normal_class>/seed_<s>`.

    Attributes:
        path: The folder.
    """

    def __init__(self, path: str | os.PathLike):
        self.path = pathlib.Path(path)

    @classmethod
    def of(cls, model_dir: str | os.PathLike, config: RunConfig) -> "RunDirectory":
        """The folder of a configuration under `model_dir`."""
        normal_class = "all" if config.data.normal_class is None else config.data.normal_class
        return cls(
            pathlib.Path(model_dir)
            / config.detector
            / directory_name(config.data.dataset)
            / str(normal_class)
            / f"seed_{config.training.seed}"
        )

    @property
    def checkpoints(self) -> pathlib.Path:
        """Folder of the checkpoints."""
        return self.path / "checkpoints"

    @property
    def tensorboard(self) -> pathlib.Path:
        """Folder of TensorBoard's runs."""
        return self.path / "tensorboard"

    @property
    def evaluation(self) -> pathlib.Path:
        """Folder of scores, pictures and reports."""
        return self.path / "eval"

    @property
    def config_file(self) -> pathlib.Path:
        """The configuration, JSON."""
        return self.path / "config.json"

    @property
    def metrics_file(self) -> pathlib.Path:
        """What was measured in each epoch, CSV."""
        return self.path / "metrics.csv"

    @property
    def calibration_file(self) -> pathlib.Path:
        """Scores of held-out normal images and the threshold, JSON."""
        return self.path / "calibration.json"

    @property
    def results_file(self) -> pathlib.Path:
        """The evaluation, JSON."""
        return self.path / "results.json"

    @property
    def completion_file(self) -> pathlib.Path:
        """Exists if training has finished, and says with which configuration; JSON."""
        return self.path / "COMPLETE"

    @property
    def suspicion_file(self) -> pathlib.Path:
        """Exists if the result should not be trusted, with the reasons, one per line."""
        return self.path / "SUSPECT"

    @property
    def is_complete(self) -> bool:
        """Whether training has finished."""
        return self.completion_file.exists()

    @property
    def suspicions(self) -> list[str]:
        """Why the run is SUSPECT; empty if it is not."""
        path = self.suspicion_file
        if not path.exists():
            return []
        text = files.read_bytes(path, files.MAX_TEXT_BYTES).decode("utf-8", "replace")
        return [printable(line) for line in text.splitlines()]

    def check_files(self) -> None:
        """Checks that the folder holds only files and folders, so nothing leads out of it.

        Links could redirect reads and writes to any place, and pipes and devices have no end. The
        folder itself may be a link, because the user named it.

        Raises:
            ValueError: If there is a link, a pipe, a device or a socket.
        """
        if not self.path.is_dir():
            return
        waiting, count = [os.fspath(self.path)], 0
        while waiting:
            with os.scandir(waiting.pop()) as entries:
                for entry in entries:
                    count += 1
                    kind = _kind_of(entry)
                    if kind == "folder":
                        waiting.append(entry.path)
                    elif kind != "file":
                        raise ValueError(
                            f"{entry.path} is a {kind}; a run holds files and folders alone. "
                            f"Replace it by what belongs there, or remove it"
                        )
                    if count > MAX_ENTRIES:
                        raise ValueError(f"{self.path} holds more than {MAX_ENTRIES:,} files")

    def read_config(self) -> RunConfig:
        """The configuration that the run was started with.

        Raises:
            ValueError: If this is not the folder of a run.
        """
        path = self.config_file
        if not path.is_file():
            raise ValueError(
                f"`run` must be a folder that memgan train made; {self.path} has no config.json"
                f"{list_nearby(self.path, folders=True)}"
            )
        self.check_files()
        try:
            return RunConfig.from_dict(files.read_json(path))
        except files.DAMAGE as error:
            reason = files.first_line(error)
            raise ValueError(f"{path} is not a run's configuration: {reason}") from error

    def check_free_for(self, config: RunConfig) -> None:
        """Checks, without writing, that the folder is new or holds this configuration's run.

        The run may have fewer epochs if `growth.grows` allows it.

        Raises:
            ValueError: If it holds anything else, or cannot be created.
        """
        outputs.check_folder(self.path, "model_dir")
        if self.path.exists():
            self.check_files()
        # What the folder holds before config.json, while the chief claims it.
        passing = (LOCK, temporaries.TEMPORARY_PREFIX)
        if not self.path.exists() or all(p.name.startswith(passing) for p in self.path.iterdir()):
            if config.model.trains_in_steps:
                outputs.check_for_tensorflow(self.path, "model_dir")
            return
        if not self.config_file.exists():
            raise ValueError(
                f"{self.path} holds files but no run. Empty it or name another --model_dir"
            )
        before = self.read_config()
        differences = before.differences(config)
        if differences and not grows(before, config):
            empty = {p.name for p in self.path.iterdir()} <= FIRST_FILES and not self.is_locked
            raise ValueError(
                f"{self.path} holds another configuration's run: {'; '.join(differences)}. "
                f"{'Never trained: remove it, or name' if empty else 'Name'} another --model_dir"
            )

    @contextlib.contextmanager
    def claimed(self, config: RunConfig) -> Iterator[None]:
        """Owns the folder for the block and writes config.json and environment.json.

        Raises:
            ValueError: As `check_free_for`.
            RuntimeError: If another process owns it.
        """
        self.check_free_for(config)
        outputs.make_folder(self.path, "model_dir")
        with self._open_lock() as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                raise RuntimeError(
                    f"{self.path} is in use by another process. Wait for it or stop it"
                ) from error
            self.write_config(config)
            temporaries.sweep_temporaries(self.path)
            yield

    @property
    def is_locked(self) -> bool:
        """Whether a process owns the folder."""
        if not (self.path / LOCK).exists():
            return False
        with self._open_lock() as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                return True
        return False

    def wait_until_free(self, is_stopping: Callable[[], bool], pause: float = 1.0) -> None:
        """Returns when no process owns the folder, or when waiting should end."""
        while self.is_locked and not is_stopping():
            time.sleep(pause)

    def _open_lock(self):
        """Opens or creates the lock file, without following a link or truncating a file."""
        flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        return os.fdopen(os.open(self.path / LOCK, flags, 0o666), "rb+", buffering=0)

    def write_config(self, config: RunConfig) -> None:
        """Writes the configuration, or compares it again now that no other process can write."""
        if self.config_file.exists():
            self.check_free_for(config)
            self._grow(config)
        else:
            files.write_json(self.config_file, config.to_dict())
        environment, path = describe_environment(), self.path / "environment.json"
        if not path.exists():
            files.write_json(path, environment)
            return
        with files.naming_damage(path, "Remove it to continue without the comparison"):
            changes = [
                printable(f"{name} was {before!r} and is {environment.get(name)!r}")
                for name, before in files.read_json(path).items()
                if name not in ("platform", "command") and environment.get(name) != before
            ]
        if changes and not self.is_complete:
            print(
                "Warning: the run resumes in another environment, so its result may differ in its "
                f"last bits: {'; '.join(changes)}",
                file=sys.stderr,
            )

    def is_complete_for(self, config: RunConfig) -> bool:
        """Whether training has finished, with no epochs of this configuration left."""
        return self.is_complete and not self.read_config().differences(config)

    def _grow(self, config):
        """Starts the configuration's additional epochs; earlier measurements become invalid."""
        if self.read_config().differences(config):
            for path in (self.completion_file, self.results_file):
                path.unlink(missing_ok=True)
            files.write_json(self.config_file, config.to_dict())

    def mark_suspect(self, reasons: list[str]) -> None:
        """Records why the result should not be trusted; an empty list removes the record."""
        if reasons:
            files.write_text(self.suspicion_file, "\n".join(reasons) + "\n")
        else:
            self.suspicion_file.unlink(missing_ok=True)

    def mark_complete(self, record: dict[str, Any]) -> None:
        """Records that training has finished, with which config.json and by which code."""
        record = {**record, "config_sha256": files.sha256(self.config_file)}
        files.write_json(self.completion_file, {**record, "source": source_digest()})

    def read_completion(self) -> dict[str, Any]:
        """What `mark_complete` recorded.

        Raises:
            ValueError: If it is damaged, or config.json has changed since.
        """
        path = self.completion_file
        record = files.read_json(path)
        with files.naming_damage(path, "Train the run again"):
            check_real("training_seconds", record["training_seconds"], minimum=0.0)
        expected = record.get("config_sha256")
        if expected is not None and expected != files.sha256(self.config_file):
            raise ValueError(
                f"{self.path / 'config.json'} is not the one that the run was trained with, or "
                f"{path} is damaged. Restore them, or train the run again"
            )
        return record


def _kind_of(entry):
    mode = entry.stat(follow_symlinks=False).st_mode
    kinds = {stat.S_IFREG: "file", stat.S_IFDIR: "folder", stat.S_IFLNK: "link"}
    kinds |= {stat.S_IFIFO: "pipe", stat.S_IFSOCK: "socket"}
    return kinds.get(stat.S_IFMT(mode), "device")
