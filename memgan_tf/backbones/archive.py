"""Reads the parts of a `.keras` file, a zip archive, within bounds."""

import io
import os
import zipfile

from memgan_tf.files import check_regular, first_line

CONFIG, METADATA, WEIGHTS = "config.json", "metadata.json", "model.weights.h5"
MEMBERS = (METADATA, CONFIG, WEIGHTS)
LARGEST_CONFIG = 16 * 2**20
LARGEST_TOTAL = 2 * 2**30
# Keras stores the members uncompressed, but a user may have packed the archive again.
LARGEST_EXPANSION = 20


def read_members(path: str | os.PathLike) -> tuple[bytes, bytes]:
    """Content of `config.json` and of `model.weights.h5`.

    Raises:
        ValueError: If the file is not such an archive, is damaged, or states sizes beyond bounds.
    """
    try:
        check_regular(path)
        with zipfile.ZipFile(path) as archive:
            _check_directory(path, archive.infolist())
            return archive.read(CONFIG), archive.read(WEIGHTS)
    except FileNotFoundError as error:
        raise ValueError(f"{path} is missing") from error
    # Errors of zipfile for damage, encryption and unknown compression.
    except (zipfile.BadZipFile, EOFError, OSError, RuntimeError, NotImplementedError) as error:
        raise ValueError(
            f"{path} is damaged or is not a .keras file: {first_line(error)}. Bring it again."
        ) from error
    except Exception as error:
        if isinstance(error, ValueError) or type(error).__module__ in ("zlib", "_lzma"):
            raise _as_damage(path, error) from error
        raise


def _as_damage(path, error):
    if isinstance(error, ValueError) and str(path) in str(error):
        return error
    return ValueError(f"{path} is damaged: {first_line(error)}. Bring it again.")


def _check_directory(path, members):
    names = [member.filename for member in members]
    if len(members) > len(MEMBERS) or len(set(names)) < len(names):
        raise ValueError(f"{path} must hold {', '.join(MEMBERS)} alone. Received: {names[:5]}")
    for needed in (CONFIG, WEIGHTS):
        if needed not in names:
            raise ValueError(
                f"{path} has no {needed}: it is not a whole model saved by Keras 3. "
                f"Received: {names[:5]}"
            )
    if unknown := set(names) - set(MEMBERS):
        raise ValueError(f"{path} must hold {', '.join(MEMBERS)} alone. Received: {unknown}")
    for member in members:
        limit = LARGEST_TOTAL if member.filename == WEIGHTS else LARGEST_CONFIG
        if member.file_size > limit:
            raise ValueError(
                f"{path}: {member.filename} must have at most {limit} bytes. "
                f"Received: {member.file_size}"
            )
        if member.file_size > LARGEST_EXPANSION * max(member.compress_size, 2**16):
            raise ValueError(
                f"{path}: {member.filename} must not expand more than {LARGEST_EXPANSION} times. "
                f"Received: {member.compress_size} bytes that claim to be {member.file_size}"
            )


def in_memory(content: bytes) -> io.BytesIO:
    """Bytes as a file."""
    return io.BytesIO(content)


def write_members(path: str | os.PathLike, contents: tuple[bytes, ...]) -> None:
    """Writes `MEMBERS` uncompressed, without a date."""
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in zip(MEMBERS, contents, strict=True):
            archive.writestr(zipfile.ZipInfo(name), content)
