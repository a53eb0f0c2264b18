"""Checks that an export must pass before it is published, in Python and outside it."""

import json
import os
import pathlib
import subprocess

import numpy as np
import tensorflow as tf
from tensorflow.core.protobuf import saved_model_pb2

from memgan_tf.export.c_api import from_json, to_json
from memgan_tf.export.golden import Golden
from memgan_tf.export.warmup import WARMUP_FILE, replay_warmup
from memgan_tf.programs import module_command

# Share of a score by which another loader may differ, due to the order of sums in kernels.
TOLERANCE = 1e-5
TIMEOUT_SECONDS = 600


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
    model = tf.saved_model.load(str(export))
    images = tf.constant(golden.images, tf.float32)
    outputs = model.signatures["serving_default"](image=images)
    found = [
        f"{check_variables(export)} variables, each read from the checkpoint",
        "Python: " + _compare({k: v.numpy() for k, v in outputs.items()}, golden),
    ]
    if (export / WARMUP_FILE).exists():
        found.append(f"{replay_warmup(export, model.signatures)} warm-up requests answered")
    found.append("C API, no Python TensorFlow: " + check_c_api(export, golden))
    return found


def check_variables(export: pathlib.Path) -> int:
    """Counts the variables and checks that graph and checkpoint have the same ones.

    Raises:
        RuntimeError: If the graph has more, because C++ loaders fill only those of the checkpoint.
    """
    parsed = saved_model_pb2.SavedModel.FromString((export / "saved_model.pb").read_bytes())
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


def check_c_api(export: pathlib.Path, golden: Golden) -> str:
    """Calls the signatures through TensorFlow's C API in a separate process.

    Returns:
        How the scores compare.

    Raises:
        RuntimeError: If the model does not load, or its answers are not the golden ones.
    """
    files = [tf.io.encode_png(image).numpy() for image in golden.images]
    pixels = to_json(golden.images)
    requests = [
        {"signature_name": "serving_default", "inputs": {"image": pixels}},
        {"signature_name": "explain", "inputs": {"image": pixels}},
        {"signature_name": "serve_bytes", "inputs": {"image_bytes": to_json(files)}},
    ]
    verdicts = {
        request["signature_name"]: _compare(outputs, golden)
        for request, outputs in zip(requests, call_c_api(export, requests), strict=True)
    }
    return ", ".join(f"{name} {verdict}" for name, verdict in verdicts.items())


def call_c_api(export: str | os.PathLike, requests: list[dict]) -> list[dict[str, np.ndarray]]:
    """Answers of `memgan_tf.export.c_api` to requests, from a separate process.

    Raises:
        RuntimeError: If the model does not load or refuses a request.
    """
    result = subprocess.run(
        module_command("memgan_tf.export.c_api", os.fspath(export)),
        input="".join(json.dumps(request) + "\n" for request in requests),
        env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"},
        capture_output=True,
        text=True,
        timeout=TIMEOUT_SECONDS,
        check=False,
    )
    if result.returncode:
        reason = (result.stderr.strip() or "no message").splitlines()[-1]
        raise RuntimeError(f"TensorFlow's C API cannot serve the export: {reason}")
    answers = [json.loads(line) for line in result.stdout.splitlines()]
    for answer in answers:
        if "error" in answer:
            raise RuntimeError(f"TensorFlow's C API cannot serve the export: {answer['error']}")
    return [
        {name: np.array(from_json(values)) for name, values in answer["outputs"].items()}
        for answer in answers
    ]


def _compare(outputs, golden):
    try:
        return golden.compare(outputs, TOLERANCE)
    except RuntimeError as error:
        raise RuntimeError(f"the export's answers are not the run's: {error}") from error
