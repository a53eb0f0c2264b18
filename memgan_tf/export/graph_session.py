"""Runs a SavedModel like a C++ server: its graph, with only the variables of its checkpoint."""

import os
import pathlib

import numpy as np
import tensorflow as tf
from tensorflow.core.protobuf import saved_model_pb2

INITIALIZER = "__saved_model_init_op"


class GraphSession:
    """A session of a SavedModel that uses none of its Python objects.

    `tf.saved_model.load` also restores what only Python can restore. A server imports the graph and
    runs the operation that reads the checkpoint, and so does this class.

    Args:
        directory: Folder of the SavedModel.

    Raises:
        RuntimeError: If the model cannot be loaded; the message is TensorFlow's.
    """

    def __init__(self, directory: str | os.PathLike):
        folder = pathlib.Path(directory)
        parsed = saved_model_pb2.SavedModel.FromString((folder / "saved_model.pb").read_bytes())
        (meta_graph,) = parsed.meta_graphs
        graph = tf.Graph()
        with graph.as_default():
            tf.import_graph_def(meta_graph.graph_def, name="")
        self._signatures = meta_graph.signature_def
        self._session = tf.compat.v1.Session(graph=graph)
        saver, checkpoint = meta_graph.saver_def, folder / "variables" / "variables"
        if checkpoint.with_suffix(".index").exists():
            self._run(saver.restore_op_name, {saver.filename_tensor_name: os.fspath(checkpoint)})
        if INITIALIZER in self._signatures:
            name = self._signatures[INITIALIZER].outputs[INITIALIZER].name
            self._run(name.partition(":")[0], {})

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self._session.close()

    def run(self, signature: str, **inputs: np.ndarray | list[bytes]) -> dict[str, np.ndarray]:
        """Calls a signature.

        Args:
            signature: Name of the signature.
            inputs: Inputs by name.

        Returns:
            Its outputs by name.

        Raises:
            RuntimeError: If the graph fails; the message is TensorFlow's.
        """
        described = self._signatures[signature]
        fetched = {name: tensor.name for name, tensor in described.outputs.items()}
        return self._run(fetched, {described.inputs[name].name: v for name, v in inputs.items()})

    def _run(self, fetched, fed):
        try:
            return self._session.run(fetched, fed)
        except tf.errors.OpError as error:
            raise RuntimeError(f"a server cannot run the export: {error.message}") from error
