"""Reads and writes LiteRT files as Python objects, with aligned buffers."""

import dataclasses
import importlib
import importlib.util
from typing import Any

IDENTIFIER = b"TFL3"
# Alignment of constants that LiteRT's kernels and its memory map require.
ALIGNMENT = 16
NO_EXTRA = (
    "`{what}` needs ai-edge-litert, which is not installed. Run pip install 'memgan_tf[litert]'"
)


@dataclasses.dataclass(frozen=True)
class Operation:
    """An operation of a LiteRT graph.

    Attributes:
        kind: Name in LiteRT's list of built-in operations, such as `CONV_2D`; `CUSTOM` for others.
        custom: Name of a custom operation, otherwise empty.
        inputs: Positions of its input tensors; -1 for an absent one.
        outputs: Positions of its output tensors.
    """

    kind: str
    custom: str
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]


def import_litert(module: str, what: str) -> Any:
    """A module of `ai_edge_litert`.

    Args:
        module: Name of the module in the package.
        what: The flag or argument that needs it.

    Raises:
        ValueError: If the package is not installed.
    """
    check_litert(what)
    return importlib.import_module(f"ai_edge_litert.{module}")


def check_litert(what: str) -> None:
    """Checks that ai-edge-litert is installed, without importing it.

    Raises:
        ValueError: If it is not.
    """
    if importlib.util.find_spec("ai_edge_litert") is None:
        raise ValueError(NO_EXTRA.format(what=what))


def load_schema(what: str = "format=litert") -> Any:
    """The classes of the file format.

    Raises:
        ValueError: If ai-edge-litert is not installed.
    """
    return import_litert("schema_py_generated", what)


def parse(content: bytes) -> Any:
    """The objects of a file made by this package's converter."""
    schema = load_schema()
    return schema.ModelT.InitFromObj(schema.Model.GetRootAs(content, 0))


def pack(model: Any) -> bytes:
    """The inverse of `parse`; every constant starts at a multiple of `ALIGNMENT`."""
    import flatbuffers

    builder = flatbuffers.Builder(1 << 20)
    for buffer in model.buffers:
        buffer.Pack = _packing(buffer, load_schema())
    builder.Finish(model.Pack(builder), file_identifier=IDENTIFIER)
    return bytes(builder.Output())


def operations(model: Any, subgraph: Any) -> list[Operation]:
    """The operations of one of a model's graphs, in order."""
    builtin = vars(load_schema().BuiltinOperator)
    names = {code: name for name, code in builtin.items() if isinstance(code, int)}
    found = []
    for operator in subgraph.operators:
        code = model.operatorCodes[operator.opcodeIndex]
        # Old converters write the code to the first field, new ones to the second.
        kind = names.get(max(code.builtinCode, code.deprecatedBuiltinCode), "UNKNOWN")
        custom = (code.customCode or b"").decode(errors="replace")
        inputs = tuple(int(i) for i in _listed(operator.inputs))
        outputs = tuple(int(i) for i in _listed(operator.outputs))
        found.append(Operation(kind, custom, inputs, outputs))
    return found


def custom_operations(model: Any) -> list[str]:
    """Names of operations that are not part of LiteRT; TensorFlow's begin with `Flex`."""
    found = (o for graph in model.subgraphs for o in operations(model, graph))
    return sorted({o.custom or o.kind for o in found if o.kind in ("CUSTOM", "UNKNOWN")})


def data_of(model: Any, tensor: Any) -> Any:
    """Bytes of a constant; None for a computed tensor."""
    data = model.buffers[tensor.buffer].data
    return None if data is None or len(data) == 0 else data


def _listed(values):
    return [] if values is None else values


def _packing(buffer, schema):
    """A function that packs a buffer with alignment, which the generated code does not support."""

    def pack_aligned(builder):
        data = None
        if buffer.data is not None:
            content = bytes(bytearray(buffer.data))
            builder.StartVector(1, len(content), ALIGNMENT)
            builder.head -= len(content)
            builder.Bytes[builder.head : builder.head + len(content)] = content
            data = builder.EndVector()
        schema.BufferStart(builder)
        if data is not None:
            schema.BufferAddData(builder, data)
        return schema.BufferEnd(builder)

    return pack_aligned
