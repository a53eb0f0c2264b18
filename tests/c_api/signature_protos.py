"""The signatures of a SavedModel's MetaGraphDef, read without TensorFlow."""

import dataclasses
import functools

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

# The fields of tensorflow/core/protobuf/meta_graph.proto that lead to the names of tensors. A
# reader of protocol buffers skips the rest.
PACKAGE = "memgan_tf.meta_graph"
_STRING, _INT32, _MESSAGE = 9, 5, 11
_FIELDS = {
    "TensorInfo": (("name", 1, _STRING, ""), ("dtype", 2, _INT32, "")),
    "TensorEntry": (("key", 1, _STRING, ""), ("value", 2, _MESSAGE, "TensorInfo")),
    "SignatureDef": (
        ("inputs", 1, _MESSAGE, "TensorEntry"),
        ("outputs", 2, _MESSAGE, "TensorEntry"),
    ),
    "SignatureEntry": (("key", 1, _STRING, ""), ("value", 2, _MESSAGE, "SignatureDef")),
    "MetaGraphDef": (("signature_def", 5, _MESSAGE, "SignatureEntry"),),
}
# A map field is a list of entries on the wire.
_REPEATED = ("inputs", "outputs", "signature_def")


@dataclasses.dataclass(frozen=True)
class TensorInfo:
    """A tensor of a signature.

    Attributes:
        operation: Name of the operation in the graph.
        index: Index among the outputs of the operation.
        dtype: Number of TensorFlow's `DataType`.
    """

    operation: str
    index: int
    dtype: int


@dataclasses.dataclass(frozen=True)
class Signature:
    """Inputs and outputs of a signature by name."""

    inputs: dict[str, TensorInfo]
    outputs: dict[str, TensorInfo]


def parse_signatures(meta_graph: bytes) -> dict[str, Signature]:
    """The signatures by name, in order, without those for loading and saving.

    Args:
        meta_graph: A serialized MetaGraphDef.

    Raises:
        google.protobuf.message.DecodeError: If it is not a MetaGraphDef.
    """
    parsed = _meta_graph_class().FromString(meta_graph)
    return {
        entry.key: Signature(_tensors(entry.value.inputs), _tensors(entry.value.outputs))
        for entry in sorted(parsed.signature_def, key=lambda entry: entry.key)
        if not entry.key.startswith("__")
    }


def _tensors(entries):
    tensors = {}
    for entry in sorted(entries, key=lambda entry: entry.key):
        operation, _, index = entry.value.name.partition(":")
        tensors[entry.key] = TensorInfo(operation, int(index or 0), entry.value.dtype)
    return tensors


@functools.cache
def _meta_graph_class():
    file = descriptor_pb2.FileDescriptorProto(
        name="memgan_tf/meta_graph.proto", package=PACKAGE, syntax="proto3"
    )
    for message, fields in _FIELDS.items():
        described = file.message_type.add(name=message)
        for name, number, kind, type_name in fields:
            field = described.field.add(
                name=name, number=number, type=kind, label=3 if name in _REPEATED else 1
            )
            if type_name:
                field.type_name = f".{PACKAGE}.{type_name}"
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    descriptor = pool.FindMessageTypeByName(f"{PACKAGE}.MetaGraphDef")
    return message_factory.GetMessageClass(descriptor)
