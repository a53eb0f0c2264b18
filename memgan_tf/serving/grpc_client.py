"""TensorFlow Serving's gRPC interface, by tensorflow-serving-api."""

import math

import grpc
import numpy as np
import tensorflow as tf
from google.protobuf.message import DecodeError
from tensorflow_serving.apis import (
    get_model_metadata_pb2,
    get_model_status_pb2,
    model_pb2,
    model_service_pb2_grpc,
    predict_pb2,
    prediction_service_pb2_grpc,
)

from memgan_tf import files
from memgan_tf.serving.client import SCORES, Client

# Errors after which another try may succeed.
PASSING_STATUS = frozenset(
    {
        grpc.StatusCode.UNAVAILABLE,
        grpc.StatusCode.DEADLINE_EXCEEDED,
        grpc.StatusCode.RESOURCE_EXHAUSTED,
        grpc.StatusCode.ABORTED,
        grpc.StatusCode.INTERNAL,
    }
)
# Largest number of bytes of an answer, enough for a batch of a million images.
LONGEST_ANSWER = 16 * 2**20
# Batches may be of any size; gRPC's own limit is 4 MB.
CHANNEL_OPTIONS = (
    ("grpc.max_send_message_length", -1),
    ("grpc.max_receive_message_length", LONGEST_ANSWER),
)
# Errors raised by a message that a model server would not send.
MALFORMED = (*files.DAMAGE, DecodeError)


class GrpcClient(Client):
    """Speaks protocol buffers over HTTP/2, without encryption."""

    def __init__(self, address, retries):
        super().__init__(address, retries)
        self._channel = grpc.insecure_channel(
            f"{address.host}:{address.port}", options=CHANNEL_OPTIONS
        )
        self._predictions = prediction_service_pb2_grpc.PredictionServiceStub(self._channel)
        self._models = model_service_pb2_grpc.ModelServiceStub(self._channel)

    def close(self):
        """Closes the connection."""
        self._channel.close()

    @property
    def _model_spec(self):
        spec = model_pb2.ModelSpec(name=self.address.name)
        if self.address.label is not None:
            spec.version_label = self.address.label
        elif self.address.version is not None:
            spec.version.value = self.address.version
        return spec

    def _predict(self, inputs):
        request = predict_pb2.PredictRequest(model_spec=self._model_spec)
        request.model_spec.signature_name = "serving_default"
        for name, values in inputs.items():
            request.inputs[name].CopyFrom(tf.make_tensor_proto(np.asarray(values, np.float32)))
        answer = self._ask(self._predictions.Predict, request)
        found = {name: answer.outputs[name] for name in SCORES if name in answer.outputs}
        return {name: self._array(name, tensor) for name, tensor in found.items()}

    def _explain(self, image):
        request = predict_pb2.PredictRequest(model_spec=self._model_spec)
        request.model_spec.signature_name = "explain"
        request.output_filter.append("anomaly_map")
        batch = np.asarray(image[np.newaxis], np.float32)
        request.inputs["image"].CopyFrom(tf.make_tensor_proto(batch))
        answer = self._ask(self._predictions.Predict, request)
        if "anomaly_map" not in answer.outputs:
            return None
        return self._array("anomaly_map", answer.outputs["anomaly_map"])

    def _array(self, name, tensor):
        # A single value may claim a shape that would fill the memory.
        count = math.prod(dim.size for dim in tensor.tensor_shape.dim)
        if count > LONGEST_ANSWER:
            raise self._refused(f"{name} has {count:,} values")
        try:
            return tf.make_ndarray(tensor)
        except MALFORMED as error:
            raise self._refused(f"{name} is not a tensor: {files.first_line(error)}") from error

    def _input_shape(self):
        request = get_model_metadata_pb2.GetModelMetadataRequest(
            model_spec=self._model_spec, metadata_field=["signature_def"]
        )
        answer = self._ask(self._predictions.GetModelMetadata, request)
        signatures = get_model_metadata_pb2.SignatureDefMap()
        try:
            if not answer.metadata["signature_def"].Unpack(signatures):
                return None
        except MALFORMED:
            return None
        signature = signatures.signature_def.get("serving_default")
        if signature is None or "image" not in signature.inputs:
            return None
        return [dim.size for dim in signature.inputs["image"].tensor_shape.dim]

    def _version_states(self):
        request = get_model_status_pb2.GetModelStatusRequest(model_spec=self._model_spec)
        answer = self._ask(self._models.GetModelStatus, request)
        name_of = get_model_status_pb2.ModelVersionStatus.State.Name
        try:
            return {state.version: name_of(state.state) for state in answer.model_version_status}
        except MALFORMED as error:
            raise self._refused(f"no states of versions: {files.first_line(error)}") from error

    def _ask(self, method, request):
        try:
            return method(request, timeout=self._retries.timeout)
        except grpc.RpcError as error:
            code, details = error.code(), error.details()
            if code is grpc.StatusCode.DEADLINE_EXCEEDED:
                details = f"no answer within {self._retries.timeout:g} s"
            reason = f"{details} ({code.name})"
            if code in PASSING_STATUS:
                raise self._unavailable(reason) from error
            raise self._refused(reason) from error
