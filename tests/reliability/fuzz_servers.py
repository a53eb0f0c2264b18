"""Readers of a model server's answers, by REST and by gRPC."""

import io

import grpc
import numpy as np
import requests
import tensorflow as tf
from google.protobuf.message import DecodeError
from hypothesis import strategies as st
from tensorflow_serving.apis import (
    get_model_metadata_pb2,
    get_model_status_pb2,
    predict_pb2,
)

from memgan_tf.serving.address import ServerAddress
from memgan_tf.serving.answers import MAX_VALUES
from memgan_tf.serving.grpc_client import GrpcClient
from memgan_tf.serving.rest_client import RestClient
from memgan_tf.serving.retries import RetryPolicy
from tests.reliability import fuzz_inputs as inputs
from tests.reliability.fuzz_readers import PIXELS, SHAPE, Reader

RETRIES = RetryPolicy(attempts=1, timeout=5.0)


class CannedRest(requests.adapters.BaseAdapter):
    """Answers every request with the same bytes."""

    def __init__(self, status, content):
        super().__init__()
        self._status, self._content = status, content

    def send(self, request, **_):
        response = requests.Response()
        response.status_code, response.url, response.request = self._status, request.url, request
        response.raw = io.BytesIO(self._content)
        return response

    def close(self):
        pass


def rest_answers():
    image = {"tensor_shape": {"dim": [{"size": str(side)} for side in (-1, *SHAPE)]}}
    signature = {"signature_def": {"serving_default": {"inputs": {"image": image}}}}
    values = {"anomaly_score": [1, 2], "p_value": [0.5, 0.1], "threshold": [1.5, 1.5]}
    documents = (
        {"outputs": {**values, "is_anomaly": [False, True]}},
        {"metadata": {"signature_def": signature}},
        {"model_version_status": [{"version": "1", "state": "AVAILABLE"}]},
        {"error": "busy"},
    )
    status = st.sampled_from((200, 200, 200, 204, 302, 400, 404, 503))
    return st.tuples(status, st.one_of(*map(inputs.json_files, documents)))


def read_rest(given, folder):
    del folder
    with RestClient(ServerAddress.parse("rest://host:8501/zeros"), RETRIES) as client:
        client._session.mount("http://", CannedRest(*given))
        ask_all(client)


def ask_all(client):
    """Asks for everything; raises the last refusal if nothing was answered."""
    refused, asked = [], (client.image_shape, client.versions, lambda: client.score(PIXELS[:2]))
    for ask in asked:
        try:
            answer = ask()
            if ask is asked[-1]:
                assert np.isfinite(answer["anomaly_score"]).all()
                assert ((answer["p_value"] >= 0) & (answer["p_value"] <= 1.001)).all()
                assert answer["is_anomaly"].dtype == np.bool_
                assert len({*answer["threshold"].tolist()}) == 1
            if ask is asked[0]:
                assert np.prod(answer) <= MAX_VALUES
        except (ValueError, RuntimeError) as error:
            refused.append(error)
    for error in refused:
        assert f"//{client.address.host}:{client.address.port}/" in str(error), error
    if len(refused) == len(asked):
        raise refused[-1]


class CannedError(grpc.RpcError):
    """What gRPC makes of an answer that it cannot decode."""

    def code(self):
        return grpc.StatusCode.INTERNAL

    def details(self):
        return "Exception deserializing response!"


class CannedGrpc:
    """Both stubs of a client: answers every request with the same bytes."""

    def __init__(self, content):
        self._content = content

    def __getattr__(self, method):
        kind = {
            "Predict": predict_pb2.PredictResponse,
            "GetModelMetadata": get_model_metadata_pb2.GetModelMetadataResponse,
            "GetModelStatus": get_model_status_pb2.GetModelStatusResponse,
        }[method]

        def answer(request, timeout):
            try:
                return kind.FromString(self._content)
            except DecodeError as error:
                raise CannedError from error

        return answer


def grpc_answers():
    good = predict_pb2.PredictResponse()
    for name, values in {"anomaly_score": [1.0, 2.0], "p_value": [0.5, 0.1]}.items():
        good.outputs[name].CopyFrom(tf.make_tensor_proto(np.array(values, np.float32)))
    good.outputs["threshold"].CopyFrom(tf.make_tensor_proto(np.array([1.5, 1.5], np.float32)))
    good.outputs["is_anomaly"].CopyFrom(tf.make_tensor_proto(np.array([False, True])))
    dim = st.sampled_from((-1, 0, 1, 2, 3, 2**20, inputs.MANY, 2**62))
    kinds = st.sampled_from((0, 1, 2, 3, 7, 8, 10, 20, 21, 99, 101))
    tensors = st.tuples(st.sampled_from(sorted(good.outputs)), st.lists(dim, max_size=3), kinds)

    def edited(tensor):
        name, dims, kind = tensor
        message = predict_pb2.PredictResponse.FromString(good.SerializeToString())
        output = message.outputs[name]
        output.dtype = kind
        del output.tensor_shape.dim[:]
        for size in dims:
            output.tensor_shape.dim.add(size=size)
        return message.SerializeToString()

    states = get_model_status_pb2.GetModelStatusResponse()
    states.model_version_status.add(version=1, state=30)
    metadata = get_model_metadata_pb2.GetModelMetadataResponse()
    signatures = get_model_metadata_pb2.SignatureDefMap()
    image = signatures.signature_def["serving_default"].inputs["image"]
    for size in (-1, *SHAPE):
        image.tensor_shape.dim.add(size=size)
    metadata.metadata["signature_def"].Pack(signatures)
    whole = [message.SerializeToString() for message in (good, states, metadata)]
    return st.one_of(tensors.map(edited), *map(inputs.damaged, whole))


def read_grpc(content, folder):
    del folder
    with GrpcClient(ServerAddress.parse("grpc://host:8501/zeros"), RETRIES) as client:
        client._predictions = client._models = CannedGrpc(content)
        ask_all(client)


READERS = (
    Reader("server's answer", rest_answers, read_rest, "host:8501"),
    Reader("server's gRPC answer", grpc_answers, read_grpc, "host:8501"),
)
