"""Checks that an export must pass before it is published, in Python and like a server."""

import operator
import pathlib
from typing import Any

import numpy as np
import tensorflow as tf
from tensorflow.core.protobuf import saved_model_pb2

from memgan_tf.export.golden import Golden
from memgan_tf.export.graph_session import GraphSession
from memgan_tf.export.warmup import WARMUP_FILE, replay_warmup

# Share of a score by which another loader may differ, due to the order of sums in kernels.
TOLERANCE = 1e-5
PYTHON_OPERATIONS = {"PyFunc", "PyFuncStateless", "EagerPyFunc"}
# The functions that a GraphDef keeps beside its own nodes.
FUNCTIONS_OF = operator.attrgetter("library.function")


def verify(export: pathlib.Path, golden: Golden) -> list[str]:
    """Runs every check.

    Args:
        export: Folder of the export, with its golden images and warm-up requests.
        golden: The run's own answers for the golden images.

    Returns:
        The results, one phrase per check.

    Raises:
        RuntimeError: If a check fails.
    """
    check_operations(export)
    model = tf.saved_model.load(str(export))
    images = tf.constant(golden.images, tf.float32)
    outputs = model.signatures["serving_default"](image=images)
    found = [
        f"{check_variables(export)} variables, each read from the checkpoint",
        "Python: " + _compare({k: v.numpy() for k, v in outputs.items()}, golden),
    ]
    if (export / WARMUP_FILE).exists():
        found.append(f"{replay_warmup(export, model.signatures)} warm-up requests answered")
    found.append("As a C++ server loads it: " + check_graph(export, golden))
    return found


def check_operations(export: pathlib.Path) -> None:
    """Checks that nothing in the graph calls Python.

    Raises:
        RuntimeError: If something does, because it would work only in this process.
    """
    for meta_graph in _read(export).meta_graphs:
        graph = meta_graph.graph_def
        functions = FUNCTIONS_OF(graph)
        nodes = (*graph.node, *(node for function in functions for node in function.node_def))
        if found := {node.op for node in nodes} & PYTHON_OPERATIONS:
            raise RuntimeError(
                f"the export is unusable outside Python: it calls Python by {min(found)}"
            )


def check_variables(export: pathlib.Path) -> int:
    """Counts the variables and checks that graph and checkpoint have the same ones.

    Raises:
        RuntimeError: If the graph has more, because C++ loaders fill only those of the checkpoint.
    """
    parsed = _read(export)
    in_graph = sum(
        node.op == "VarHandleOp"
        for meta_graph in parsed.meta_graphs
        for node in meta_graph.graph_def.node
    )
    names = [name for name, _ in tf.train.list_variables(str(export / "variables" / "variables"))]
    in_checkpoint = sum(not name.startswith("_CHECKPOINTABLE") for name in names)
    if in_graph != in_checkpoint:
        raise RuntimeError(
            f"the export is unusable outside Python: {in_graph} variables in the graph, "
            f"{in_checkpoint} in the checkpoint. Keep Keras objects out of the module's attributes"
        )
    return in_graph


def check_graph(export: pathlib.Path, golden: Golden) -> str:
    """Calls the signatures like a C++ server, with only graph and checkpoint.

    Returns:
        How the scores compare.

    Raises:
        RuntimeError: If the model does not load, or its answers are not the golden ones.
    """
    files = [tf.io.encode_png(image).numpy() for image in golden.images]
    pixels = golden.images.astype(np.float32)
    requests: dict[str, dict[str, Any]] = {
        "serving_default": {"image": pixels},
        "explain": {"image": pixels},
        "serve_bytes": {"image_bytes": files},
    }
    with GraphSession(export) as session:
        verdicts = {
            name: _compare(session.run(name, **inputs), golden) for name, inputs in requests.items()
        }
    return ", ".join(f"{name} {verdict}" for name, verdict in verdicts.items())


def _read(export):
    return saved_model_pb2.SavedModel.FromString((export / "saved_model.pb").read_bytes())


def _compare(outputs, golden):
    try:
        return golden.compare(outputs, TOLERANCE)
    except RuntimeError as error:
        raise RuntimeError(f"the export's answers are not the run's: {error}") from error
