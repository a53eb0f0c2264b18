"""A SavedModel behind TensorFlow's C API, as in a C++ server, without Python's TensorFlow."""

import contextlib
import ctypes
import os
from collections.abc import Iterator

import numpy as np

from tests.c_api.c_library import (
    Buffer,
    Output,
    checked_status,
    load_library,
    to_array,
    to_tensor,
)
from tests.c_api.signature_protos import parse_signatures


class CSession:
    """A session of a SavedModel.

    Args:
        directory: Folder of the SavedModel.

    Attributes:
        signatures: Inputs and outputs by name of the signature.

    Raises:
        RuntimeError: If the library or the model cannot be loaded.
    """

    def __init__(self, directory: str | os.PathLike):
        library = self._library = load_library()
        self._graph, options = library.TF_NewGraph(), library.TF_NewSessionOptions()
        meta_graph = library.TF_NewBuffer()
        tags = (ctypes.c_char_p * 1)(b"serve")
        try:
            with checked_status(library) as status:
                self._session = library.TF_LoadSessionFromSavedModel(
                    *(options, None, os.fspath(directory).encode(), tags, 1),
                    *(self._graph, meta_graph, status),
                )
            buffer = Buffer.from_address(meta_graph)
            self.signatures = parse_signatures(ctypes.string_at(buffer.data, buffer.length))
        finally:
            library.TF_DeleteSessionOptions(options)
            library.TF_DeleteBuffer(meta_graph)

    def run(self, signature: str, **inputs: np.ndarray | list[bytes]) -> dict[str, np.ndarray]:
        """Calls a signature.

        Args:
            signature: Its name.
            inputs: Inputs by name; strings as a list of bytes.

        Returns:
            Its outputs by name.

        Raises:
            ValueError: If the signature is unknown or the inputs do not match it.
            RuntimeError: If the graph fails; the message is TensorFlow's.
        """
        if signature not in self.signatures:
            raise ValueError(
                f"`signature` must be one of {', '.join(self.signatures)}. Received: {signature}"
            )
        described = self.signatures[signature]
        if inputs.keys() != described.inputs.keys():
            raise ValueError(
                f"`inputs` of {signature} must be {', '.join(described.inputs)}. "
                f"Received: {', '.join(inputs)}"
            )
        return self._run(described, inputs)

    def close(self) -> None:
        """Frees the session and its graph."""
        with checked_status(self._library) as status:
            self._library.TF_CloseSession(self._session, status)
        with checked_status(self._library) as status:
            self._library.TF_DeleteSession(self._session, status)
        self._library.TF_DeleteGraph(self._graph)

    def _run(self, described, inputs):
        library, num_outputs = self._library, len(described.outputs)
        fetched = (ctypes.c_void_p * num_outputs)()
        with self._tensors(described, inputs) as fed:
            feeds = self._places(described.inputs)
            fetches = self._places(described.outputs)
            with checked_status(library) as status:
                library.TF_SessionRun(
                    *(self._session, None, feeds, fed, len(fed)),
                    *(fetches, fetched, num_outputs, None, 0, None, status),
                )
        try:
            tensors = zip(described.outputs, fetched, strict=True)
            return {name: to_array(library, tensor) for name, tensor in tensors}
        finally:
            for tensor in fetched:
                library.TF_DeleteTensor(tensor)

    @contextlib.contextmanager
    def _tensors(self, described, inputs) -> Iterator[ctypes.Array]:
        """TF_Tensors of the inputs, in the order of the signature, during the block."""
        tensors = []
        try:
            for name, tensor in described.inputs.items():
                tensors.append(to_tensor(self._library, inputs[name], tensor.dtype))
            yield (ctypes.c_void_p * len(tensors))(*tensors)
        finally:
            for tensor in tensors:
                self._library.TF_DeleteTensor(tensor)

    def _places(self, tensors):
        """TF_Outputs of tensors of a signature."""
        find = self._library.TF_GraphOperationByName
        return (Output * len(tensors))(
            *(Output(find(self._graph, t.operation.encode()), t.index) for t in tensors.values())
        )
