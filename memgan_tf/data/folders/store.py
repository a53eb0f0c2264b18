"""Folders of images, decoded once to files of pixels in a cache directory.

An entry is a folder named after its sources: the paths, sizes and times of the files, the image
size and the fit. It is made under another name and renamed when it is complete, so two processes
may make the same one at the same time. It may be removed at any time.
"""

import contextlib
import hashlib
import json
import os
import pathlib
import shutil
import tempfile
from typing import Any, BinaryIO

import numpy as np
from PIL import Image
from PIL import __version__ as pillow_version

from memgan_tf import files, temporaries
from memgan_tf.data.channels import is_gray
from memgan_tf.data.decoding import decode_all
from memgan_tf.data.fitting import fit_image
from memgan_tf.data.folders import copies
from memgan_tf.data.folders.look import once
from memgan_tf.data.folders.mask_files import read_mask
from memgan_tf.data.folders.walk import name_of
from memgan_tf.data.image_files import decode

# Part of an entry's name; it changes when the same files would give other pixels.
FORMAT_VERSION = 4
ENVIRONMENT_VARIABLE = "MEMGAN_CACHE_DIR"
ENTRY_FILE, PIXELS_FILE, MASKS_FILE = "entry.json", "pixels.u8", "masks.u8"
COPIED_BYTES = 2**22


def cache_directory() -> pathlib.Path:
    """The folder for decoded images: `MEMGAN_CACHE_DIR`, or the user's cache directory."""
    chosen = os.environ.get(ENVIRONMENT_VARIABLE)
    if chosen:
        return pathlib.Path(chosen)
    base = os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache"
    return pathlib.Path(base) / "memgan_tf"


def stored(
    folder: pathlib.Path,
    images: list[pathlib.PurePath],
    masks: dict[pathlib.PurePath, tuple[pathlib.PurePath, ...]],
    size: tuple[int, int],
    rule: str,
    bit_depth: int | None = None,
) -> tuple[pathlib.Path, dict[str, Any]]:
    """The entry of a folder, made if it does not exist.

    Args:
        folder: The folder.
        images: Files to decode, relative to the folder.
        masks: Mask files by image file; several masks of one image are joined.
        size: `(height, width)` of the result.
        rule: See `fitting.place`.
        bit_depth: See `image_files.decode`.

    Returns:
        Path of the entry and content of its entry.json: `channels`, `files` (`path`, `height`,
        `width`, `digest`, `group`, `is_grey`, `mask` as a row number or None, `is_marked`),
        `left_out` and `unusable_masks` (`path`, `reason`), `scaled_masks` (paths), `peak` of the
        files with more than 8 bits, None if there are none.

    Raises:
        OSError: If the cache directory cannot be written; the message says what to do.
    """
    cache = cache_directory()
    path = cache / _key(folder, images, masks, (*size, rule, bit_depth))
    with _naming_cache(cache):
        entry = _read(path, size)
        if entry is not None:
            return path, entry
        cache.mkdir(parents=True, exist_ok=True)
        temporaries.sweep_staging(cache)
        staging = pathlib.Path(tempfile.mkdtemp(prefix=temporaries.TEMPORARY_PREFIX, dir=cache))
        try:
            _make(staging, folder, images, masks, size, rule, bit_depth)
            _publish(staging, path)
        finally:
            shutil.rmtree(staging, ignore_errors=True)
        return path, files.read_json(path / ENTRY_FILE)


@contextlib.contextmanager
def _naming_cache(cache):
    """A context whose errors say where decoded images are kept, and how to choose another place."""
    try:
        yield
    except OSError as error:
        raise OSError(
            f"{cache} cannot be written: {error.strerror or error}. Decoded images are kept there; "
            f"name another directory by {ENVIRONMENT_VARIABLE}"
        ) from error


def _key(folder, images, masks, rule):
    place = os.path.abspath(folder)

    def state(path):
        return once(lambda: _state(folder, path), "state", place, path)

    described = {
        "version": [FORMAT_VERSION, pillow_version],
        "folder": os.fsencode(folder.resolve()).hex(),
        "rule": list(rule),
        "images": [state(path) for path in images],
        "masks": [[name_of(image), *map(state, paths)] for image, paths in sorted(masks.items())],
    }
    return hashlib.sha256(json.dumps(described).encode()).hexdigest()[:32]


def _state(folder, path):
    """Names, sizes and times of the files, which change if a file does."""
    try:
        status = os.stat(folder / path)
    except OSError:
        return [name_of(path)]
    # A copy may keep the size and time of what it replaces, but cannot set the other two.
    times = status.st_mtime_ns, status.st_ctime_ns
    return [name_of(path), status.st_size, *times, status.st_ino]


def _read(path, size):
    """The content of an entry; None if it is absent or damaged, and a damaged one is removed."""
    if not path.exists():
        return None
    try:
        entry = files.read_json(path / ENTRY_FILE)
        for name, channels, rows in (
            (PIXELS_FILE, entry["channels"], len(entry["files"])),
            (MASKS_FILE, 1, sum(file["mask"] is not None for file in entry["files"])),
        ):
            if (path / name).stat().st_size != rows * size[0] * size[1] * channels:
                raise ValueError(f"{name} is cut short")
        return entry
    except (ValueError, KeyError, TypeError, OSError):
        shutil.rmtree(path, ignore_errors=True)
        return None


def _make(staging, folder, images, masks, size, rule, bit_depth):
    def look(path):
        decoded = decode(folder / path, bit_depth)
        facts = decoded.size, decoded.digest(), decoded.peak
        height, width = size
        return decoded.fit(height, width, rule), *facts

    records, left_out, signatures, peaks = [], [], [], []
    with (staging / PIXELS_FILE).open("wb") as pixels:
        for path, result in zip(images, decode_all(images, look, "reading"), strict=True):
            if isinstance(result, ValueError):
                left_out.append({"path": name_of(path), "reason": str(result)})
                continue
            fitted, (height, width), digest, peak = result
            peaks += [] if peak is None else [peak]
            fitted = np.ascontiguousarray(fitted)
            pixels.write(fitted.data)
            signatures.append(copies.signature(fitted))
            place = {"path": name_of(path), "height": height, "width": width}
            facts = {"digest": digest, "is_grey": is_gray(fitted)}
            records.append({**place, **facts, "mask": None, "is_marked": False})
    for record, number in zip(records, _group(records, signatures), strict=True):
        record["group"] = number
    gray = all(record["is_grey"] for record in records)
    if gray:
        _keep_first_channel(staging / PIXELS_FILE)
    by_name = {name_of(image): paths for image, paths in masks.items()}
    wanted = [record for record in records if record["path"] in by_name]
    entry: dict[str, Any] = {
        "channels": 1 if gray and records else 3,
        "files": records,
        "left_out": left_out,
    }
    entry["peak"] = max(peaks, default=None)
    with (staging / MASKS_FILE).open("wb") as file:
        entry |= _write_masks(file, folder, wanted, by_name, size, rule)
    files.write_json(staging / ENTRY_FILE, entry)


def _group(records, signatures):
    if not records:
        return []
    digests = [record["digest"] for record in records]
    return copies.group(digests, np.stack(signatures)).tolist()


def _write_masks(file: BinaryIO, folder, records, by_name, size, rule):
    """Writes masks and notes their rows in the records; returns unusable and scaled masks."""

    def look(record):
        paths = [folder / path for path in by_name[record["path"]]]
        mask, is_scaled = read_mask(paths, (record["height"], record["width"]))
        height, width = size
        fitted = fit_image(mask, height, width, rule, Image.Resampling.NEAREST)
        return np.asarray(fitted) > 0, mask.getbbox() is not None, is_scaled

    row, bad, scaled = 0, [], []
    for record, result in zip(records, decode_all(records, look, "masks"), strict=True):
        names = ", ".join(map(name_of, by_name[record["path"]]))
        if isinstance(result, ValueError):
            bad.append({"path": names, "image": record["path"], "reason": str(result)})
            continue
        pixels, record["is_marked"], is_scaled = result
        scaled += [names] if is_scaled else []
        file.write(pixels.astype(np.uint8).data)
        record["mask"], row = row, row + 1
    return {"unusable_masks": bad, "scaled_masks": scaled}


def _keep_first_channel(path):
    """Rewrites a file of RGB pixels as gray pixels, a few at a time."""
    gray = path.with_suffix(".gray")
    with path.open("rb") as source, gray.open("wb") as target:
        while part := source.read(3 * COPIED_BYTES):
            target.write(part[::3])
    gray.replace(path)


def _publish(staging, path):
    for file in staging.iterdir():
        with file.open("rb") as opened:
            os.fsync(opened.fileno())
    staging.chmod(0o755)
    try:
        os.rename(staging, path)
    except OSError:
        # Another process was first; its entry is the same.
        if not (path / ENTRY_FILE).exists():
            raise
