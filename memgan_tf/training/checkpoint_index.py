"""Checks the index of a checkpoint before TensorFlow reads it.

The index is a sorted table of names, each with a type, a shape and a place in the file of values.
TensorFlow allocates memory for whatever shape is stated, and the process dies if there is not
enough. A checksum does not help, because whoever writes the shape also writes the checksum. The
checks here accept only a part of what TensorFlow accepts, in the form in which TensorFlow writes
it, so both read the same table.
"""

import dataclasses
import math
import os
import pathlib
import struct
from collections.abc import Iterator, Sequence

import tensorflow as tf
from tensorflow.core.protobuf import tensor_bundle_pb2, trackable_object_graph_pb2

from memgan_tf import files

GRAPH = "_CHECKPOINTABLE_OBJECT_GRAPH"
MAX_INDEX_BYTES, MAX_STRING_BYTES = 64 * 2**20, 64 * 2**20
MAX_ENTRIES, MAX_NAME = 100_000, 4096
FOOTER_BYTES, TRAILER_BYTES = 48, 5
MAGIC = struct.pack("<Q", 0xDB4775248B80FB57)
LONGEST_NUMBER = 10
COUNTER = tf.TensorSpec((), tf.int64)


@dataclasses.dataclass(frozen=True)
class Entry:
    """A tensor of a checkpoint.

    Attributes:
        dtype: Its type.
        shape: Its shape.
        offset: Where it begins in the file of values.
        size: Its number of bytes there.
    """

    dtype: tf.DType
    shape: tuple[int, ...]
    offset: int
    size: int


def check_checkpoint(path: str, variables: dict[str, Sequence[tf.Variable]]) -> None:
    """Checks that TensorFlow can restore variables from a checkpoint without a crash.

    Args:
        path: Path of the checkpoint, without a suffix.
        variables: Lists of variables by the name under which they were saved; a single variable
            need not be in a list.

    Raises:
        ValueError: If it differs from what `tf.train.Checkpoint` writes for these variables.
        OSError: If a file is missing or cannot be read.
    """
    values = pathlib.Path(f"{path}.data-00000-of-00001")
    files.check_regular(values)
    entries = read_index(f"{path}.index", os.stat(values).st_size)
    if GRAPH not in entries:
        raise ValueError("it has no object graph")
    graph = _read_graph(values, entries[GRAPH])
    for name, several in variables.items():
        pairs = enumerate(several) if isinstance(several, Sequence) else [(None, several)]
        for position, variable in pairs:
            place = [name] if position is None else [name, str(position)]
            _check_variable(place, variable, graph, entries, values)
    # TensorFlow also restores its own count of saves.
    _check_variable(["save_counter"], COUNTER, graph, entries, values)


def read_index(path: str | os.PathLike, num_bytes: int) -> dict[str, Entry]:
    """The table of an index.

    Args:
        path: Path of the index.
        num_bytes: Size of the file of values.

    Raises:
        ValueError: If it differs from what TensorFlow writes, or an entry does not fit the values.
        OSError: If it is missing or cannot be read.
    """
    content = files.read_bytes(path, MAX_INDEX_BYTES)
    with files.naming_damage(path):
        rows = dict(_rows(content))
        header = tensor_bundle_pb2.BundleHeaderProto.FromString(rows.pop(b""))
        if header.num_shards != 1 or header.endianness != header.LITTLE:
            raise ValueError("it is not of one little-endian file")
        return {key.decode(): _entry(value, num_bytes) for key, value in rows.items()}


def _entry(value, num_bytes):
    found = tensor_bundle_pb2.BundleEntryProto.FromString(value)
    dtype = tf.dtypes.as_dtype(found.dtype)
    if found.shape.unknown_rank or found.slices or found.shard_id:
        raise ValueError("a tensor is in parts")
    shape = tuple(dim.size for dim in found.shape.dim)
    if min(shape, default=0) < 0 or min(found.offset, found.size) < 0:
        raise ValueError(f"a tensor has the shape {shape}")
    if found.offset + found.size > num_bytes:
        raise ValueError("a tensor ends behind the values")
    if dtype == tf.string:
        if shape or found.size > MAX_STRING_BYTES:
            raise ValueError(f"a string has the shape {shape} and {found.size:,} bytes")
    elif not dtype.size or math.prod(shape) * dtype.size != found.size:
        raise ValueError(f"a tensor of the shape {shape} has {found.size:,} bytes")
    return Entry(dtype, shape, found.offset, found.size)


def _check_variable(place, variable, graph, entries, values):
    node = graph.nodes[0]
    for name in place:
        (child,) = [c.node_id for c in node.children if c.local_name == name]
        if not 0 <= child < len(graph.nodes):
            raise ValueError("its object graph leads nowhere")
        node = graph.nodes[child]
    (attribute,) = node.attributes
    entry, where = entries[attribute.checkpoint_key], "/".join(place)
    if (entry.dtype, entry.shape) != (variable.dtype, tuple(variable.shape)):
        raise ValueError(f"{where} has the shape {entry.shape} instead of {tuple(variable.shape)}")
    if entry.dtype == tf.string:
        _read_string(values, entry)


def _read_graph(values, entry):
    if entry.dtype != tf.string:
        raise ValueError("its object graph is no string")
    text = _read_string(values, entry)
    return trackable_object_graph_pb2.TrackableObjectGraph.FromString(text)


def _read_string(path, entry):
    """The one string of a tensor: its length, a checksum, its bytes."""
    with files.open_regular(path, 2**63) as file:
        file.seek(entry.offset)
        content = file.read(entry.size)
    length, begin = _number(content, 0)
    if begin + 4 + length != len(content):
        raise ValueError(f"a string of {length:,} bytes is stored as {len(content):,}")
    return content[begin + 4 :]


def _rows(content) -> Iterator[tuple[bytes, bytes]]:
    """Keys and values of a table, each key once and in order."""
    if len(content) < FOOTER_BYTES or content[-8:] != MAGIC:
        raise ValueError("it is cut off")
    footer, position = content[-FOOTER_BYTES:], 0
    handles = []
    for _ in range(2):
        offset, position = _number(footer, position)
        size, position = _number(footer, position)
        handles.append((offset, size))
    _block(content, *handles[0])
    last, count = None, 0
    for _, handle in _block(content, *handles[1]):
        offset, position = _number(handle, 0)
        size, position = _number(handle, position)
        for key, value in _block(content, offset, size):
            count += 1
            if (last is not None and key <= last) or count > MAX_ENTRIES:
                raise ValueError("its names are not in order")
            last = key
            yield key, value


def _block(content, offset, size):
    """Keys and values of a block; restarts must be at beginnings of entries, so none is hidden."""
    end = offset + size
    if end + TRAILER_BYTES > len(content) or size < 4:
        raise ValueError("a block lies outside")
    if content[end]:
        raise ValueError("a block is compressed")
    (num_restarts,) = struct.unpack_from("<I", content, end - 4)
    last = end - 4 - 4 * num_restarts
    if last < offset or not num_restarts:
        raise ValueError("a block has no entries")
    restarts = set(struct.unpack_from(f"<{num_restarts}I", content, last))
    rows, begins, position, key = [], {0}, offset, b""
    while position < last:
        begin = position - offset
        shared, position = _number(content, position)
        unshared, position = _number(content, position)
        length, position = _number(content, position)
        if shared > len(key) or position + unshared + length > last:
            raise ValueError("an entry is damaged")
        if not shared:
            begins.add(begin)
        key = key[:shared] + content[position : position + unshared]
        position += unshared
        if len(key) > MAX_NAME:
            raise ValueError("a name is too long")
        rows.append((key, content[position : position + length]))
        position += length
    if not restarts <= begins or len(rows) > MAX_ENTRIES:
        raise ValueError("a block is not as it is written")
    return rows


def _number(content, position):
    """A number with seven bits per byte, and the position after it."""
    value = 0
    for index in range(LONGEST_NUMBER):
        byte = content[position + index]
        value |= (byte & 127) << (7 * index)
        if byte < 128:
            return value, position + index + 1
    raise ValueError("a number is too long")
