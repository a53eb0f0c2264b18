"""Origin of a run: a seal that only this user can set, and the images it was started with.

The config.json of a run names the data that it was made with. A stranger's may name anything on
this machine, so the name is followed only if the run has the seal of the current user.
"""

import contextlib
import hashlib
import hmac
import json
import os
import pathlib
import secrets
from typing import Any

from memgan_tf import files, temporaries
from memgan_tf.config import DataConfig, RunConfig
from memgan_tf.training.run_directory import RunDirectory

ORIGIN_FILE = "origin.json"
KEY_BYTES = 32


def key_file() -> pathlib.Path:
    """Path of this user's key: below `XDG_STATE_HOME`, or `~/.local/state`."""
    base = os.environ.get("XDG_STATE_HOME") or pathlib.Path.home() / ".local" / "state"
    return pathlib.Path(base) / "memgan_tf" / "key"


def keep(run: RunDirectory, config: RunConfig, content: str | None = None) -> None:
    """Seals a run that this user trains, and records its images.

    Call this while the folder is claimed.

    Args:
        run: Its folder.
        config: As the user gave it; the seal is set only if config.json names the same data.
        content: Identifies the content of the images; None if unknown.

    Raises:
        ValueError: If the run was started with other images, or origin.json is damaged.
    """
    path, before = run.path / ORIGIN_FILE, {}
    if path.exists():
        before = _read(path)
        if content is not None and before.get("content", content) != content:
            raise ValueError(
                f"{run.path} was begun with other images: {config.data.dataset} has changed "
                f"since. Name another --model_dir, or restore it"
            )
    found = dict(before)
    if content is not None:
        found["content"] = content
    kept, key = run.read_config().data, _key(make=True)
    if key is not None and _named(kept) == _named(config.data):
        found["seal"] = _seal(kept, key)
    if found != before:
        files.write_json(path, found)


def is_own(run: RunDirectory, data: DataConfig) -> bool:
    """Whether this user made the run with this data."""
    path, key = run.path / ORIGIN_FILE, _key()
    if key is None or not path.exists():
        return False
    seal = _read(path).get("seal")
    return isinstance(seal, str) and hmac.compare_digest(
        seal.encode("utf-8", "replace"), _seal(data, key).encode()
    )


def _read(path) -> dict[str, Any]:
    found = files.read_json(path)
    if not isinstance(found, dict):
        raise ValueError(f"{path} is damaged: it is not an object. Remove it")
    return found


def _named(data):
    return [data.dataset, data.data_dir]


def _seal(data, key):
    return hmac.new(key, json.dumps(_named(data)).encode(), hashlib.sha256).hexdigest()


def _key(make=False):
    """Key of this user; None if there is none and none can be stored."""
    try:
        path = key_file()
        if make and not path.exists():
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            _write_new(path)
        key = files.read_bytes(path, KEY_BYTES)
    except (OSError, RuntimeError, ValueError):
        return None
    return key if len(key) == KEY_BYTES else None


def _write_new(path):
    """If two processes create it, the first one wins."""
    staging = path.with_name(f"{temporaries.TEMPORARY_PREFIX}{secrets.token_hex(8)}")
    handle = os.open(staging, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(secrets.token_bytes(KEY_BYTES))
        with contextlib.suppress(FileExistsError):
            os.link(staging, path)
    finally:
        staging.unlink()
