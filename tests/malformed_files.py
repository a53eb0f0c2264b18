"""Makes a folder of files that look like images and are none that can be used."""

import io
import os
import pathlib
import struct
import zlib

import numpy as np
from PIL import Image


def make_malformed(folder):
    """Two files of each of 15 kinds; returns `{name: part of the reason}`."""
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    expected = {}
    for kind, (suffix, make, reason) in KINDS.items():
        for number in (1, 2):
            path = folder / f"{kind} {number}{suffix}"
            make(path)
            expected[path.name] = reason
    return expected


def picture(mode="RGB", size=(24, 20)):
    """A noisy picture, the same one each time."""
    pixels = np.random.default_rng(0).integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)
    return Image.fromarray(pixels).convert(mode)


def encoded(kind="PNG", size=(24, 20), mode="RGB"):
    file = io.BytesIO()
    picture(mode, size).save(file, kind)
    return file.getvalue()


def content(make):
    return lambda path: path.write_bytes(make())


def cut(kind, share=0.6):
    return content(lambda: (whole := encoded(kind, (64, 64)))[: int(share * len(whole))])


def damaged_png():
    whole = bytearray(encoded())
    whole[60] ^= 0xFF
    return bytes(whole)


def png_of_size(width, height):
    """A PNG that claims a size and has no pixels for it."""

    def chunk(name, data):
        return (
            struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        )

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    parts = (chunk(b"IHDR", head), chunk(b"IDAT", zlib.compress(b"")), chunk(b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def floating(path):
    Image.fromarray(np.linspace(0, 1, 400, dtype=np.float32).reshape(20, 20)).save(path)


def wide_integers(path):
    Image.fromarray(np.full((20, 20), 70000, np.int32)).save(path)


# Suffix, what makes the file, what its reason says.
KINDS = {
    "empty": (".png", content(lambda: b""), "empty file"),
    "text": (".jpg", content(lambda: b"no image"), "not one of PNG"),
    "archive": (".png", content(lambda: b"PK\x03\x04" + bytes(40)), "not one of PNG"),
    "cut png": (".png", cut("PNG"), "damaged"),
    "cut jpeg": (".jpg", cut("JPEG"), "truncated"),
    "cut gif": (".gif", cut("GIF"), "damaged"),
    "cut bmp": (".bmp", cut("BMP"), "truncated"),
    "cut webp": (".webp", cut("WEBP"), "damaged"),
    "cut tiff": (".tif", cut("TIFF"), "damaged"),
    "bad checksum": (".png", content(damaged_png), "damaged"),
    "bomb": (".png", content(lambda: png_of_size(10000, 9000)), "more than 89,478,485 pixels"),
    "too small": (".png", content(lambda: encoded(size=(24, 7))), "24×7 pixels"),
    "floating point": (".tiff", floating, "floating-point"),
    "32 bits": (".tiff", wide_integers, "32-bit"),
    "broken link": (".png", lambda path: os.symlink("nowhere", path), "No such file"),
}
