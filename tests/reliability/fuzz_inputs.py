"""Hostile and damaged content of every kind of file, as strategies of hypothesis."""

import copy
import io
import json
import os
import pickle
import struct
import zipfile

import numpy as np
from hypothesis import strategies as st

from tests.malformed_files import encoded, png_of_size

MANY = 10**13
# Numbers that a header may state and no memory holds.
HUGE = (2**31, 2**33, 2**45, 2**61, 2**62, 2**63 - 1)
WORDS = ("", "\0", "=1+1", "a\nb", "<script>", "../../etc/passwd", "\ud800", "\x1b[2J", "é" * 300)
NUMBERS = (0, -1, 1, 2**31, 2**63, 10**400, 1e308, -1e308, 1e-320, float("nan"), float("inf"))


class Payload:
    """Runs a command when it is unpickled."""

    def __reduce__(self):
        return (os.system, ("true",))


@st.composite
def damaged(draw, whole: bytes):
    """A file's content after a few flips, cuts, gaps and repetitions."""
    content = bytearray(whole)
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, max(len(content) - 1, 0)))
        length = draw(st.integers(1, 64))
        how = draw(st.sampled_from(("flip", "cut", "gap", "repeat", "noise")))
        if how == "flip" and content:
            content[at] ^= 1 << draw(st.integers(0, 7))
        elif how == "cut":
            del content[at:]
        elif how == "gap":
            del content[at : at + length]
        elif how == "repeat":
            content[at:at] = content[at : at + length]
        else:
            content[at : at + length] = draw(st.binary(max_size=length))
    return bytes(content)


LEAVES = st.one_of(
    st.sampled_from((*WORDS, *NUMBERS, None, True, False)),
    st.integers(),
    st.floats(),
    st.text(max_size=20),
)
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=8,
)
ODD_TEXTS = st.sampled_from(
    (b"", b"{", b"[" * 100_000, b"1" * 10_000, b"\xff\xfe{}", b'{"a": NaN}', b"null", b"[]", b"{}")
)


def _places(value, place=()):
    """Every place in a document, as a tuple of keys."""
    yield place
    inside = value.items() if isinstance(value, dict) else ()
    inside = list(enumerate(value))[:3] if isinstance(value, list) else inside
    for key, inner in inside:
        yield from _places(inner, (*place, key))


@st.composite
def edited(draw, document):
    """A document with some values replaced, removed or added."""
    document = copy.deepcopy(document)
    for _ in range(draw(st.integers(1, 3))):
        place = draw(st.sampled_from(list(_places(document))))
        if not place:
            if draw(st.integers(0, 9)) == 0:
                return draw(VALUES)
            continue
        holder = document
        for key in place[:-1]:
            holder = holder[key]
        if draw(st.integers(0, 3)) == 0:
            del holder[place[-1]]
        else:
            holder[place[-1]] = draw(VALUES)
        if isinstance(holder, dict) and draw(st.integers(0, 3)) == 0:
            holder[draw(st.text(max_size=8))] = draw(VALUES)
    return document


def json_files(document):
    """Content of a JSON file: edited, damaged or something else."""
    whole = json.dumps(document).encode()
    texts = edited(document).map(lambda value: json.dumps(value).encode())
    return st.one_of(texts, texts, damaged(whole), ODD_TEXTS, st.just(whole))


def archive(arrays, compression=zipfile.ZIP_DEFLATED):
    """An npz file; the values are arrays, or the whole content of a member."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", compression) as written:
        for name, array in arrays.items():
            written.writestr(f"{name}.npy", array if isinstance(array, bytes) else _npy(array))
    return file.getvalue()


def _npy(array):
    file = io.BytesIO()
    np.lib.format.write_array(file, array, allow_pickle=False)
    return file.getvalue()


def header(text, version=(1, 0), content=b""):
    """A member of an npz file whose header says `text`."""
    length = struct.pack("<H" if version[0] == 1 else "<I", len(text.encode("latin1")))
    return b"\x93NUMPY" + bytes(version) + length + text.encode("latin1") + content


def described(shape, kind="|u1"):
    """A header's text."""
    return f"{{'descr': {kind!r}, 'fortran_order': False, 'shape': {shape}, }}\n"


SHAPES = st.one_of(
    st.lists(st.sampled_from((-1, 0, 1, 3, 8, 9, 255, MANY)), max_size=6).map(tuple).map(str),
    st.sampled_from(("None", "8", "(8,8,", "('a',)", "(1.5, 8, 8)", f"({'(' * 500}{')' * 500},)")),
)
KINDS = st.sampled_from(
    ("|u1", "<f2", "<f8", "<c16", "|O", "|S0", "<U9", "|b1", "<M8[s]", "|V100000000", "x", "<i99")
)
HEADERS = st.one_of(
    st.builds(described, SHAPES, KINDS),
    st.sampled_from(
        (
            "{" * 300,
            "__import__('os').getpid()",
            "1" * 20_000,
            "{'descr': [('a', 'O')], 'fortran_order': True, 'shape': (2,)}",
            "{'descr': '|O', 'fortran_order': False, 'shape': (1,)}",
        )
    ),
)
MEMBERS = st.one_of(
    st.builds(
        header,
        HEADERS,
        st.sampled_from(((1, 0), (2, 0), (3, 0), (9, 9))),
        st.sampled_from((b"", bytes(64), bytes(512), pickle.dumps(Payload()))),
    ),
    st.binary(max_size=40),
)


def npz_files(arrays):
    """Content of an npz file: damaged, with odd members, or something else."""
    names = sorted(arrays)
    whole = archive(arrays)
    replaced = st.builds(
        lambda name, member, kind: archive({**arrays, name: member}, kind),
        st.sampled_from(names),
        MEMBERS,
        st.sampled_from((zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_LZMA)),
    )
    lacking = st.sampled_from(names).map(
        lambda name: archive({k: v for k, v in arrays.items() if k != name})
    )
    retyped = st.builds(
        lambda name, kind: archive({**arrays, name: arrays[name].astype(kind)}),
        st.sampled_from(names),
        st.sampled_from(("f2", "f8", "i8", "u2", "c8", "?", "S3", "U2")),
    )
    reshaped = st.builds(
        lambda name, shape: archive({**arrays, name: np.resize(arrays[name], shape)}),
        st.sampled_from(names),
        st.lists(st.integers(0, 9), max_size=4).map(tuple),
    )
    values = st.builds(
        lambda name, value: archive(
            {**arrays, name: np.full(np.shape(arrays[name]), value, np.float64)}
        ),
        st.sampled_from(names),
        st.sampled_from((np.nan, np.inf, -1.0, 256.0, 1e300, 0.5, 7.0)),
    )
    others = st.sampled_from((b"", pickle.dumps(Payload()), _npy(np.zeros(3)), whole))
    return st.one_of(damaged(whole), replaced, replaced, lacking, retyped, reshaped, values, others)


IMAGES = [
    *(encoded(kind) for kind in ("PNG", "JPEG", "GIF", "BMP", "WEBP", "TIFF")),
    *(encoded("PNG", mode=mode) for mode in ("L", "1", "P", "RGBA", "LA")),
    *(encoded("TIFF", mode=mode) for mode in ("CMYK", "I;16", "YCbCr")),
]


@st.composite
def image_files(draw):
    """Content of an image file."""
    kind = draw(st.integers(0, 9))
    if kind == 0:
        sides = st.sampled_from((0, 1, 8, 9_000, 65_535, 2**31 - 1, 2**32 - 1))
        return png_of_size(draw(sides), draw(sides))
    if kind == 1:
        return draw(st.binary(max_size=64))
    return draw(damaged(draw(st.sampled_from(IMAGES))))


ODD_NAME_PARTS = (
    *("a\nb", "a,b", 'a"b', "a'b", "<img src=x onerror=alert(1)>", "=1+2", "+1", "-1", "@x"),
    *("\t=1", "\r\n", "\x1b[2J", "\udcff", "零", "e\u0301", "%s%n", "$(id)", "&amp;"),
)


def file_names():
    """Names of image files that a system allows and a program stumbles over."""
    texts = st.text(st.characters(codec="utf-8", exclude_characters="/\0"), min_size=1, max_size=20)
    parts = st.lists(st.sampled_from(ODD_NAME_PARTS) | texts, min_size=1, max_size=3)
    return parts.map("".join).map(lambda name: f"{name[:50]}.png")


def name_lists():
    """A few such names, each once."""
    return st.lists(file_names(), min_size=1, max_size=3, unique=True)
