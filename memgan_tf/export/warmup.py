"""Warm-up requests, which TensorFlow Serving sends to a new version before serving it."""

import importlib.util
import os
import pathlib
from collections.abc import Iterator

import numpy as np
import tensorflow as tf

WARMUP_FILE = pathlib.PurePath("assets.extra", "tf_serving_warmup_requests")
BATCH_SIZES = (1, 8, 64)


def check_protocol() -> None:
    """Checks that TensorFlow Serving's protocol package is installed.

    Raises:
        ValueError: If it is not.
    """
    if importlib.util.find_spec("tensorflow_serving") is None:
        raise ValueError(
            "warm-up requests are written with tensorflow-serving-api, which is not installed. "
            "Run pip install 'memgan_tf[serving]', or export with --nowarm_up"
        )


def warmup_inputs(
    images: np.ndarray, signatures: list[str]
) -> Iterator[tuple[str, dict[str, np.ndarray]]]:
    """Requests that run every operation once and the score at several batch sizes.

    Args:
        images: `(num_images, height, width, channels)` uint8, at least one.
        signatures: Names of the model's signatures.

    Yields:
        Signature and inputs by name.
    """
    for size in BATCH_SIZES:
        repeated = np.resize(images, (size, *images.shape[1:]))
        yield "serving_default", {"image": repeated.astype(np.float32)}
    yield "serve_bytes", {"image_bytes": np.array([tf.io.encode_png(images[0]).numpy()], object)}
    yield "explain", {"image": images[:1].astype(np.float32)}
    if "memory" in signatures:
        yield "memory", {"slot": np.zeros(1, np.int32)}


def write_warmup(
    export: str | os.PathLike, name: str, images: np.ndarray, signatures: list[str]
) -> None:
    """Writes the requests to the folder of an export.

    Args:
        export: The folder.
        name: Name of the model on the server.
        images: As in `warmup_inputs`.
        signatures: As in `warmup_inputs`.
    """
    from tensorflow_serving.apis import predict_pb2, prediction_log_pb2

    path = pathlib.Path(export, WARMUP_FILE)
    path.parent.mkdir(exist_ok=True)
    with tf.io.TFRecordWriter(str(path)) as writer:
        for signature, inputs in warmup_inputs(images, signatures):
            request = predict_pb2.PredictRequest()
            request.model_spec.name = name
            request.model_spec.signature_name = signature
            for key, value in inputs.items():
                request.inputs[key].CopyFrom(tf.make_tensor_proto(value))
            log = prediction_log_pb2.PredictLog(request=request)
            record = prediction_log_pb2.PredictionLog(predict_log=log)
            writer.write(record.SerializeToString())


def replay_warmup(export: str | os.PathLike, signatures: dict) -> int:
    """Sends the requests in an export's folder to a loaded model.

    Args:
        export: The folder.
        signatures: Signatures of the model from `tf.saved_model.load`.

    Returns:
        Number of requests.

    Raises:
        RuntimeError: If one is refused; TensorFlow Serving would not load the model.
    """
    from tensorflow_serving.apis import prediction_log_pb2

    count = 0
    for record in tf.data.TFRecordDataset(str(pathlib.Path(export, WARMUP_FILE))):
        log = prediction_log_pb2.PredictionLog.FromString(record.numpy())
        request = log.predict_log.request
        inputs = {k: tf.constant(tf.make_ndarray(v)) for k, v in request.inputs.items()}
        try:
            signatures[request.model_spec.signature_name](**inputs)
        except (KeyError, TypeError, tf.errors.OpError) as error:
            raise RuntimeError(f"warm-up request {count} is refused: {error}") from error
        count += 1
    return count
