"""TensorFlow Serving's REST interface."""

import json
import logging

import numpy as np
import requests

from memgan_tf import files
from memgan_tf.serving.answers import BYTES_PER_ANSWER, longest_answer, to_array
from memgan_tf.serving.client import LONGEST_REASON, SCORES, Client
from memgan_tf.serving.deadline import Deadline, DeadlineAdapter

# Status codes after which another try may succeed.
PASSING_STATUS = frozenset({408, 429, 500, 502, 503, 504})
# Characters per number, and number of outputs of `explain` as large as the image, with the map.
BYTES_PER_VALUE, MAPS = 32, 4


class RestClient(Client):
    """Speaks JSON over HTTP."""

    def __init__(self, address, retries):
        super().__init__(address, retries)
        # It logs unparsable headers with a traceback; our own message is enough.
        logging.getLogger("urllib3").setLevel(logging.ERROR)
        self._deadline = Deadline()
        self._session = requests.Session()
        # Ignore proxies and .netrc passwords that come from the environment.
        self._session.trust_env = False
        self._session.headers["Accept-Encoding"] = "identity"
        self._session.mount("http://", DeadlineAdapter(self._deadline))
        self._models = f"http://{address.host}:{address.port}/v1/models/{address.name}"

    def close(self):
        """Closes the connection."""
        self._session.close()

    @property
    def _model(self):
        """URL of the model, with the version or label of the address."""
        if self.address.label is not None:
            return f"{self._models}/labels/{self.address.label}"
        if self.address.version is not None:
            return f"{self._models}/versions/{self.address.version}"
        return self._models

    def _predict(self, inputs):
        request = {
            "signature_name": "serving_default",
            "inputs": {name: values.tolist() for name, values in inputs.items()},
        }
        limit = longest_answer(len(inputs["image"]))
        answer = self._ask("POST", f"{self._model}:predict", limit, json=request)
        outputs = answer.get("outputs")
        if not isinstance(outputs, dict):
            raise self._refused("the answer has no outputs")
        try:
            return {name: to_array(name, outputs[name]) for name in SCORES if name in outputs}
        except files.DAMAGE as error:
            raise self._refused(files.first_line(error)) from error

    def _explain(self, image):
        request = {"signature_name": "explain", "inputs": {"image": image[np.newaxis].tolist()}}
        limit = BYTES_PER_ANSWER + BYTES_PER_VALUE * MAPS * image.size
        answer = self._ask("POST", f"{self._model}:predict", limit, json=request)
        outputs = answer.get("outputs")
        if not isinstance(outputs, dict) or "anomaly_map" not in outputs:
            return None
        try:
            return np.array(outputs["anomaly_map"], np.float32)
        except files.DAMAGE as error:
            raise self._refused(f"anomaly_map is no array: {files.first_line(error)}") from error

    def _input_shape(self):
        answer = self._ask("GET", f"{self._model}/metadata")
        try:
            signatures = answer["metadata"]["signature_def"]["signature_def"]
            shape = signatures["serving_default"]["inputs"]["image"]["tensor_shape"]
            return [int(dim["size"]) for dim in shape["dim"]]
        except files.DAMAGE:
            return None

    def _version_states(self):
        answer = self._ask("GET", self._model)
        states = answer.get("model_version_status", [])
        try:
            return {int(state["version"]): str(state["state"]) for state in states}
        except files.DAMAGE as error:
            raise self._refused(f"no states of versions: {files.first_line(error)}") from error

    def _ask(self, method, url, limit=BYTES_PER_ANSWER, **options):
        """The JSON object in an answer of at most `limit` bytes."""
        timeout = self._retries.timeout
        self._deadline.start(timeout)
        try:
            response = self._session.request(
                method, url, timeout=timeout, allow_redirects=False, stream=True, **options
            )
            content = _read(response, limit, self._deadline)
        except (requests.Timeout, TimeoutError) as error:
            raise self._unavailable(f"no answer within {timeout:g} s") from error
        except requests.ConnectionError as error:
            cause = _innermost(error)
            if isinstance(cause, TimeoutError):
                raise self._unavailable(f"no answer within {timeout:g} s") from error
            said = str(cause) if isinstance(cause, OSError) else ""
            raise self._unavailable(said or f"{type(cause).__name__} {cause}") from error
        except requests.RequestException as error:
            raise self._unavailable(f"{type(error).__name__}: {error}") from error
        try:
            answer = json.loads(content)
        except (ValueError, RecursionError) as error:
            if response.ok:
                raise self._unavailable("the answer is cut off or not JSON") from error
            answer = None
        reason = answer.get("error") if isinstance(answer, dict) else None
        reason = f"{str(reason or response.reason)[:LONGEST_REASON]} (HTTP {response.status_code})"
        if response.status_code in PASSING_STATUS:
            raise self._unavailable(reason)
        if not response.ok:
            raise self._refused(reason)
        if not isinstance(answer, dict):
            raise self._refused("the answer is not a JSON object")
        return answer


def _read(response, limit, deadline):
    """The content of an answer, if it arrives in time and is not too long."""
    with response:
        # We accept no compression, because a few bytes could expand to any number.
        if response.headers.get("Content-Encoding", "identity") != "identity":
            raise requests.RequestException("the answer is compressed")
        content = bytearray()
        for part in response.iter_content(2**16):
            content += part
            if len(content) > limit:
                raise requests.RequestException(f"the answer has more than {limit:,} bytes")
            deadline.left()
    return bytes(content)


def _innermost(error):
    """The operating system's reason, without the names of the library's objects."""
    while error.__cause__ or error.__context__:
        error = error.__cause__ or error.__context__
    return error
