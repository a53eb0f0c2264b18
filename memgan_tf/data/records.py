"""TFRecord files, looked through before TensorFlow reads them.

TensorFlow makes room for as many bytes as a record's header states, which may be more than there
is memory for, or a negative number: it ends the process then. A checksum is no help, because who
writes the length can write the checksum too.
"""

import gzip
import os
import struct
import zlib

from memgan_tf import files

# A length and its checksum before a record, another checksum behind it.
HEADER, FOOTER = struct.Struct("<QI"), 4
# A record is an encoded image with its label.
MAX_RECORD_BYTES = 2**28
SKIPPED_BYTES = 2**20


def look_through(path: str | os.PathLike, is_compressed: bool = False) -> tuple[int, str | None]:
    """How many records may be read, and why not more.

    Args:
        path: Of the file.
        is_compressed: Whether it is compressed by gzip.

    Returns:
        The number of records whose stated lengths fit into the file, up to the first that does
        not; the reason that it does not, None if all do.

    Raises:
        ValueError: If the path is not that of a regular file.
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
    """So many bytes, or fewer at the end."""
    content = file.read(length)
    while 0 < len(content) < length and (more := file.read(length - len(content))):
        content += more
    return content


def _skip(file, length):
    """Reads past so many bytes; returns how many were missing."""
    while length and (part := file.read(min(length, SKIPPED_BYTES))):
        length -= len(part)
    return length
