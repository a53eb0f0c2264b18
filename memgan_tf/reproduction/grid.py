"""Runs the missing cells of a grid, in processes that share the cores."""

import concurrent.futures
import contextlib
import fcntl
import os
import pathlib
import shutil
import socket
import threading
import time
from collections.abc import Callable, Iterable, Iterator

from memgan_tf import files
from memgan_tf.config import by_features
from memgan_tf.reproduction.records import Cell
from memgan_tf.reproduction.starting import Process, make_starter
from memgan_tf.text import counted
from memgan_tf.training.run_directory import RunDirectory

# A claim that has not been touched for this long belongs to a dead machine.
STALE_SECONDS = 600.0
HEARTBEAT_SECONDS = 60.0
# Number of bytes read at the end of a log to find its last line.
LOG_END = 2**16


class Grid:
    """Runs cells and keeps their records.

    Each cell is `memgan train` and `memgan evaluate` in processes with one thread, which resume
    what is on disk; where processes can be forked, they share one import of TensorFlow. A claim
    file next to the record prevents two machines that share the folders from running the same cell.

    Args:
        model_dir: Folder of the runs.
        results_dir: Folder of the records.
        data_dir: As in `DataConfig`.
        jobs: Number of cells that run in parallel. Positive.
        report: Called with a line whenever a cell ends.
        backbone: As in `BackboneConfig`, for detectors on features.
    """

    def __init__(
        self,
        model_dir: pathlib.Path,
        results_dir: pathlib.Path,
        data_dir: str | None,
        jobs: int,
        report: Callable[[str], None] = print,
        backbone: str | None = None,
    ):
        self._model_dir, self._results_dir = model_dir, results_dir
        self._data_dir, self._jobs, self._report = data_dir, jobs, report
        self._backbone = backbone
        self._stopping = threading.Event()
        self._starter = make_starter(model_dir)
        self._processes: set[Process] = set()

    def run(self, cells: Iterable[Cell]) -> list[Cell]:
        """Runs the cells that have no record; returns those that failed.

        It may be stopped at any time; the same call then continues.
        """
        cells = list(cells)
        missing = [cell for cell in cells if not cell.record_path(self._results_dir).exists()]
        self._report(
            f"{counted(len(cells), 'cell', 'cells')}, {len(cells) - len(missing)} with a record"
        )
        for cell in set(cells) - set(missing):
            _remove_if_abandoned(cell.record_path(self._results_dir).with_suffix(".claim"))
        failed, started, done = [], time.monotonic(), 0
        with self._starter, concurrent.futures.ThreadPoolExecutor(self._jobs) as pool:
            futures = {pool.submit(self._run_cell, cell): cell for cell in missing}
            try:
                for future in concurrent.futures.as_completed(futures):
                    done += 1
                    outcome = future.result()
                    if outcome.startswith("failed"):
                        failed.append(futures[future])
                    left = (time.monotonic() - started) / done * (len(missing) - done)
                    position = f"{done}/{len(missing)}, about {left / 60:.0f} min left"
                    self._report(f"{futures[future]}: {outcome} ({position})")
            except BaseException:
                self._stop()
                pool.shutdown(wait=True, cancel_futures=True)
                raise
        return failed

    def _stop(self):
        """Asks the running processes to save a checkpoint and end."""
        self._stopping.set()
        for process in list(self._processes):
            # Processes started in the background by a shell ignore SIGINT.
            process.terminate()

    def _run_cell(self, cell):
        record = cell.record_path(self._results_dir)
        record.parent.mkdir(parents=True, exist_ok=True)
        with _claimed(record.with_suffix(".claim")) as mine:
            if self._stopping.is_set() or not mine or record.exists():
                return "left to another process"
            error = self._train_and_evaluate(cell)
            if self._stopping.is_set():
                return "stopped"
            failure = record.with_suffix(".failed")
            if error:
                files.write_text(failure, error + "\n")
                return f"failed: {error}"
            run = self._model_dir / cell.place.parts[0] / pathlib.PurePath(*cell.place.parts[1:])
            with files.replacing(record) as temporary:
                shutil.copyfile(run / "results.json", temporary)
            failure.unlink(missing_ok=True)
            auroc = files.read_json(record)["metrics"]["auroc"]
            return f"AUROC {100 * auroc:.2f}"

    def _train_and_evaluate(self, cell):
        """Returns the last line of the log if something failed, or an empty string."""
        model_dir = self._model_dir / cell.variant
        train = [
            f"--detector={cell.detector}",
            f"--preset={cell.preset}",
            f"--dataset={cell.suite}",
            f"--normal_class={cell.normal_class}",
            f"--seed={cell.seed}",
            f"--model_dir={model_dir}",
            *(f"--{override}" for override in cell.overrides),
        ]
        if self._data_dir is not None:
            train.append(f"--data_dir={self._data_dir}")
        if self._backbone is not None and by_features(cell.detector):
            train.append(f"--backbone={self._backbone}")
        run = model_dir / pathlib.PurePath(*cell.place.parts[1:])
        log = self._model_dir / "logs" / f"{str(cell).replace(' ', '_')}.log"
        log.parent.mkdir(parents=True, exist_ok=True)
        evaluate = [f"--run={run}"]
        if self._data_dir is not None:
            evaluate.append(f"--data_dir={self._data_dir}")
        if RunDirectory(run).is_locked:
            self._report(f"{cell}: waits for the process that works on {run}")
            RunDirectory(run).wait_until_free(self._stopping.is_set)
        for arguments in (["train", *train], ["evaluate", *evaluate]):
            if self._stopping.is_set():
                break
            code = self._run_command(arguments, log)
            if code:
                return _last_line(log) or f"exit code {code}; {log} is empty, its disk may be full"
        return ""

    def _run_command(self, arguments, log):
        process = self._starter.start(arguments, log)
        self._processes.add(process)
        try:
            return process.wait()
        finally:
            self._processes.discard(process)


def _last_line(log):
    with files.open_regular(log, 2**63) as file:
        file.seek(-min(LOG_END, os.fstat(file.fileno()).st_size), os.SEEK_END)
        lines = file.read(LOG_END).decode("utf-8", "replace").strip().splitlines()
    return lines[-1] if lines else ""


def _is_abandoned(claim: pathlib.Path) -> bool:
    """Whether a claim's process is gone on this machine, or silent for long on another.

    A time far ahead is that of a machine whose clock was wrong: nothing would make it old.
    """
    if abs(time.time() - claim.stat().st_mtime) > STALE_SECONDS:
        return True
    text = files.read_bytes(claim, files.MAX_TEXT_BYTES).decode("utf-8", "replace")
    host, _, process = text.strip().partition(" ")
    if host != socket.gethostname() or not process.isdecimal():
        return False
    try:
        os.kill(int(process), 0)
    except (ProcessLookupError, OverflowError):
        return True
    except PermissionError:
        pass
    # Another process may have the number now, but the lock ends with the process that claimed.
    return not _is_locked(claim)


def _is_locked(claim):
    with claim.open("rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        except OSError:  # a file system without locks: the number must do
            return True
    return False


def _remove_if_abandoned(claim):
    with contextlib.suppress(FileNotFoundError):
        if _is_abandoned(claim):
            claim.unlink()


@contextlib.contextmanager
def _claimed(path: pathlib.Path) -> Iterator[bool]:
    """Whether the block owns the claim, which is kept fresh while it runs and removed after it."""
    _remove_if_abandoned(path)
    try:
        file = path.open("xb", buffering=0)
    except FileExistsError:
        yield False
        return
    with contextlib.suppress(OSError):  # a file system without locks
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    try:
        with files.naming_file(path):
            file.write(f"{socket.gethostname()} {os.getpid()}\n".encode())
    except OSError:
        path.unlink()  # an empty claim would be taken for another machine's
        file.close()
        raise
    ended = threading.Event()

    def keep_fresh():
        while not ended.wait(HEARTBEAT_SECONDS):
            with contextlib.suppress(FileNotFoundError):
                os.utime(path)

    heartbeat = threading.Thread(target=keep_fresh, daemon=True)
    heartbeat.start()
    try:
        yield True
    finally:
        ended.set()
        heartbeat.join()
        path.unlink(missing_ok=True)
        file.close()
