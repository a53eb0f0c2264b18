"""Test doubles of a model server on loopback, for REST and for gRPC, with faults on demand.

They speak TensorFlow Serving's protocols and run the export, but by Python's TensorFlow: they test
the clients, not the export.
"""

import collections
import concurrent.futures
import contextlib
import json
import re
import socket
import threading
import time

import grpc
import numpy as np
import pytest
import tensorflow as tf
from tensorflow.core.protobuf import saved_model_pb2
from tensorflow_serving.apis import (
    get_model_metadata_pb2,
    get_model_status_pb2,
    model_service_pb2_grpc,
    predict_pb2,
    prediction_service_pb2_grpc,
)
from werkzeug.serving import make_server
from werkzeug.wrappers import Request, Response

from memgan_tf.serving.retries import RetryPolicy

SLOW_SECONDS = 0.6
LABELS = {"stable": 1}


class Servable:
    """The export as version 1 of the model zeros, and the faults that the next requests meet."""

    def __init__(self, path):
        self.signatures = tf.saved_model.load(str(path)).signatures
        parsed = saved_model_pb2.SavedModel.FromString((path / "saved_model.pb").read_bytes())
        self.signature_defs = {
            name: signature
            for name, signature in parsed.meta_graphs[0].signature_def.items()
            if not name.startswith("__")
        }
        self.faults = collections.deque()
        self.requests = 0

    def next_fault(self):
        self.requests += 1
        return self.faults.popleft() if self.faults else None

    def predict(self, signature, inputs):
        outputs = self.signatures[signature](**{k: tf.constant(v) for k, v in inputs.items()})
        return {name: value.numpy() for name, value in outputs.items()}


@pytest.fixture(scope="session")
def loaded(exported):
    return Servable(exported.path)


@pytest.fixture
def servable(loaded):
    loaded.faults.clear()
    loaded.requests = 0
    return loaded


def knows(name, version, label):
    """Whether a server has what a request names."""
    return name == "zeros" and version in (None, 1) and (not label or label in LABELS)


class RestDouble:
    """/v1/models/… as TensorFlow Serving's http_rest_api_handler reads it."""

    PATH = re.compile(r"/v1/models/([^/:]+)(?:/versions/(\d+)|/labels/(\w+))?(:predict|/metadata)?")

    def __init__(self, servable):
        self.servable = servable

    def __call__(self, environ, start_response):
        request = Request(environ)
        return self.answer(request)(environ, start_response)

    def answer(self, request):
        name, version, label, verb = self.PATH.fullmatch(request.path).groups()
        if not knows(name, version and int(version), label):
            return self.error(404, f"Servable not found for request: Latest({name})")
        if verb == ":predict":
            return self.predict(request)
        if verb == "/metadata":
            signatures = {
                key: {"inputs": {k: self.describe(v) for k, v in signature.inputs.items()}}
                for key, signature in self.servable.signature_defs.items()
            }
            return self.json({"metadata": {"signature_def": {"signature_def": signatures}}})
        return self.json({"model_version_status": [{"version": "1", "state": "AVAILABLE"}]})

    def predict(self, request):
        fault = self.servable.next_fault()
        if fault == "busy":
            return self.error(503, "Task size exceeds the queue's")
        if fault == "slow":
            time.sleep(SLOW_SECONDS)
        try:
            asked = json.loads(request.get_data())
            inputs = {k: np.array(v, np.float32) for k, v in asked["inputs"].items()}
            outputs = self.servable.predict(asked["signature_name"], inputs)
        except (KeyError, TypeError, ValueError, tf.errors.OpError) as error:
            return self.error(400, str(error))
        response = self.json({"outputs": {k: v.tolist() for k, v in outputs.items()}})
        body = response.get_data()
        if fault == "truncated":
            response.set_data(body[: len(body) // 2])
        if fault == "broken off":
            response.set_data(body[: len(body) // 2])
            response.headers["Content-Length"] = str(len(body))
        if fault == "foreign":
            return self.json({"outputs": {"probability": [1.0]}})
        return response

    @staticmethod
    def describe(tensor):
        dims = [{"size": str(dim.size), "name": ""} for dim in tensor.tensor_shape.dim]
        return {"dtype": "DT_FLOAT", "tensor_shape": {"dim": dims, "unknown_rank": False}}

    @staticmethod
    def json(value, status=200):
        return Response(json.dumps(value), status, content_type="application/json")

    def error(self, status, message):
        return self.json({"error": message}, status)


class GrpcDouble(
    prediction_service_pb2_grpc.PredictionServiceServicer,
    model_service_pb2_grpc.ModelServiceServicer,
):
    def __init__(self, servable):
        self.servable = servable

    def check(self, spec, context):
        version = spec.version.value if spec.HasField("version") else None
        if not knows(spec.name, version, spec.version_label):
            message = f"Servable not found for request: Latest({spec.name})"
            context.abort(grpc.StatusCode.NOT_FOUND, message)

    def Predict(self, request, context):
        self.check(request.model_spec, context)
        fault = self.servable.next_fault()
        if fault == "busy":
            context.abort(grpc.StatusCode.UNAVAILABLE, "Task size exceeds the queue's")
        if fault == "slow":
            time.sleep(SLOW_SECONDS)
        inputs = {name: tf.make_ndarray(value) for name, value in request.inputs.items()}
        try:
            outputs = self.servable.predict(request.model_spec.signature_name, inputs)
        except (KeyError, TypeError, tf.errors.OpError) as error:
            context.abort(grpc.StatusCode.INVALID_ARGUMENT, str(error))
        answer = predict_pb2.PredictResponse()
        for name, value in outputs.items():
            answer.outputs[name].CopyFrom(tf.make_tensor_proto(value))
        if fault == "foreign":
            del answer.outputs["p_value"]
        return answer

    def GetModelMetadata(self, request, context):
        self.check(request.model_spec, context)
        signatures = get_model_metadata_pb2.SignatureDefMap()
        for name, signature in self.servable.signature_defs.items():
            signatures.signature_def[name].CopyFrom(signature)
        answer = get_model_metadata_pb2.GetModelMetadataResponse()
        answer.metadata["signature_def"].Pack(signatures)
        return answer

    def GetModelStatus(self, request, context):
        self.check(request.model_spec, context)
        answer = get_model_status_pb2.GetModelStatusResponse()
        answer.model_version_status.add(version=1, state="AVAILABLE")
        return answer


@contextlib.contextmanager
def serving_rest(servable):
    """Yields the port of a REST double."""
    server = make_server("127.0.0.1", 0, RestDouble(servable), threaded=True)
    server.log = lambda *_: None
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        thread.join(timeout=10)
        server.server_close()


@contextlib.contextmanager
def serving_grpc(servable):
    """Yields the port of a gRPC double."""
    server = grpc.server(concurrent.futures.ThreadPoolExecutor(4))
    double = GrpcDouble(servable)
    prediction_service_pb2_grpc.add_PredictionServiceServicer_to_server(double, server)
    model_service_pb2_grpc.add_ModelServiceServicer_to_server(double, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        yield port
    finally:
        server.stop(grace=2).wait(timeout=10)


@pytest.fixture(scope="session")
def ports(loaded):
    """Ports of both doubles, by protocol."""
    with serving_rest(loaded) as rest, serving_grpc(loaded) as grpc_port:
        yield {"rest": rest, "grpc": grpc_port}


@pytest.fixture(params=["rest", "grpc"])
def protocol(request):
    return request.param


@pytest.fixture
def address(protocol, ports, servable):
    """Of the model on the double of a protocol, fresh of faults."""
    del servable
    return f"{protocol}://127.0.0.1:{ports[protocol]}/zeros"


@pytest.fixture
def closed_port():
    """A port that nobody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


@pytest.fixture
def quick():
    """Retries that do not wait long."""
    return RetryPolicy(attempts=3, timeout=20.0, first_delay=0.01)
