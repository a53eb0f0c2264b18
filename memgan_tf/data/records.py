"""Checks TFRecord files before TensorFlow reads them.

TensorFlow allocates as many bytes as a record's header states. If that is more than the memory, or
negative, the process ends. A checksum does not help, because whoever writes the length can also
write the checksum.
"""

import gzip
import os
import struct
import zlib

from memgan_tf import files

# Each record has its length and a checksum before it, and another checksum after it.
HEADER, FOOTER = struct.Struct("<QI"), 4
# A record is an encoded image with its label.
MAX_RECORD_BYTES = 2**28
SKIPPED_BYTES = 2**20


def look_through(path: str | os.PathLike, is_compressed: bool = False) -> tuple[int, str | None]:
    """The number of records that may be read, and why not more.

    Args:
        path: Path of the file.
        is_compressed: Whether the file is compressed with gzip.

    Returns:
        The number of records whose stated lengths fit into the file, up to the first that does
        not; and the reason for that one, None if all fit.

    Raises:
        ValueError: If the path is not a regular file.
        OSError: If it cannot be read.
    """
    with files.open_regular(path, 2**63) as file:
        if is_compressed:
            return _look(gzip.GzipFile(fileobj=file), None)
        return _look(file, os.fstat(file.fileno()).st_size)


def check_records(path: str | os.PathLike) -> None:
    """Checks that every record's stated length fits into the file.

    Raises:
        ValueError: If one does not; the message names the file.
        OSError: If it cannot be read.
    """
    count, reason = look_through(path)
    if reason is not None:
        raise ValueError(f"{path} is damaged: record {count} {reason}. Prepare the data set again")


def _look(file, size):
    count = position = 0
    try:
        while header := _read(file, HEADER.size):
            if len(header) < HEADER.size:
                return count, "is cut off"
            length = HEADER.unpack(header)[0]
            if length > MAX_RECORD_BYTES:
                return count, f"states {length:,} bytes; {MAX_RECORD_BYTES:,} are allowed"
            position += HEADER.size + length + FOOTER
            if size is None:
                if _skip(file, length + FOOTER):
                    return count, f"states {length:,} bytes and is cut off"
            elif position > size:
                return count, f"states {length:,} bytes and is cut off"
            else:
                file.seek(position)
            count += 1
    except (EOFError, OSError, zlib.error) as error:
        return count, f"cannot be decompressed: {files.first_line(error)}"
    return count, None


def _read(file, length):
    """Reads `length` bytes, or fewer at the end of the file."""
    content = file.read(length)
    while 0 < len(content) < length and (more := file.read(length - len(content))):
        content += more
    return content


def _skip(file, length):
    """Skips `length` bytes; returns how many were missing."""
    while length and (part := file.read(min(length, SKIPPED_BYTES))):
        length -= len(part)
    return length
