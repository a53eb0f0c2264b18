"""TFRecord files and indexes of checkpoints with right checksums, whatever they say."""

import struct

from tensorflow.core.protobuf import tensor_bundle_pb2

MAGIC = struct.pack("<Q", 0xDB4775248B80FB57)


def _make_table():
    table = []
    for value in range(256):
        for _ in range(8):
            value = (value >> 1) ^ 0x82F63B78 if value & 1 else value >> 1
        table.append(value)
    return table


_TABLE = _make_table()


def checksum(content):
    """TensorFlow's masked CRC-32C."""
    crc = 0xFFFFFFFF
    for byte in content:
        crc = _TABLE[(crc ^ byte) & 255] ^ (crc >> 8)
    crc ^= 0xFFFFFFFF
    return ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF


def record(content, length=None):
    """A record, or one whose header states another length."""
    header = struct.pack("<Q", len(content) if length is None else length)
    sums = [struct.pack("<I", checksum(part)) for part in (header, content)]
    return header + sums[0] + content + sums[1]


def number(value):
    """Seven bits a byte."""
    out = b""
    while value > 127:
        out += bytes([value & 127 | 128])
        value >>= 7
    return out + bytes([value])


def _take(content, position):
    value = shift = 0
    while True:
        byte = content[position]
        value |= (byte & 127) << shift
        position, shift = position + 1, shift + 7
        if byte < 128:
            return value, position


def _rows(block):
    (count,) = struct.unpack("<I", block[-4:])
    end, position, key, rows = len(block) - 4 - 4 * count, 0, b"", []
    while position < end:
        shared, position = _take(block, position)
        unshared, position = _take(block, position)
        length, position = _take(block, position)
        key = key[:shared] + block[position : position + unshared]
        position += unshared
        rows.append((key, block[position : position + length]))
        position += length
    return rows


def _handle(content, position=0):
    offset, position = _take(content, position)
    size, position = _take(content, position)
    return offset, size, position


def read_entries(index):
    """Names and entries of a checkpoint's index."""
    _, _, position = _handle(index[-48:])
    offset, size, _ = _handle(index[-48:], position)
    rows = []
    for _, value in _rows(index[offset : offset + size]):
        begin, length, _ = _handle(value)
        rows += _rows(index[begin : begin + length])
    kinds = (tensor_bundle_pb2.BundleHeaderProto, tensor_bundle_pb2.BundleEntryProto)
    return [(key, kinds[bool(key)].FromString(value)) for key, value in rows]


def write_entries(entries):
    """An index of names and entries."""
    out = b""

    def add(rows):
        nonlocal out
        block, restarts = b"", []
        for key, value in rows:
            restarts.append(len(block))
            block += b"\0" + number(len(key)) + number(len(value)) + key + value
        restarts = restarts or [0]
        block += struct.pack(f"<{len(restarts) + 1}I", *restarts, len(restarts))
        handle = number(len(out)) + number(len(block))
        out += block + b"\0" + struct.pack("<I", checksum(block + b"\0"))
        return handle

    rows = [(key, entry.SerializeToString()) for key, entry in entries]
    data, meta = add(rows), add([])
    footer = meta + add([(rows[-1][0] + b"\xff", data)])
    return out + footer + bytes(40 - len(footer)) + MAGIC
