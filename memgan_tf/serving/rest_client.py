"""TensorFlow Serving's REST interface."""

import json
import time

import numpy as np
import requests

from memgan_tf import files
from memgan_tf.serving.client import LONGEST_ANSWER, SCORES, Client

# Another try may find the server in a better state.
PASSING_STATUS = frozenset({408, 429, 500, 502, 503, 504})
LONGEST_REASON = 500


class RestClient(Client):
    """Speaks JSON over HTTP."""

    def __init__(self, address, retries):
        super().__init__(address, retries)
        self._session = requests.Session()
        self._models = f"http://{address.host}:{address.port}/v1/models/{address.name}"

    def close(self):
        """Closes the connection."""
        self._session.close()

    @property
    def _model(self):
        """URL of the model, of the version or label that the address names."""
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
        answer = self._ask("POST", f"{self._model}:predict", json=request)
        outputs = answer.get("outputs")
        if not isinstance(outputs, dict):
            raise self._refused("the answer has no outputs")
        dtypes = {"is_anomaly": np.bool_}
        try:
            return {
                name: np.array(outputs[name], dtypes.get(name, np.float32))
                for name in SCORES
                if name in outputs
            }
        except files.DAMAGE as error:
            reason = f"an output is no list of numbers: {files.first_line(error)}"
            raise self._refused(reason) from error

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

    def _ask(self, method, url, **options):
        """The JSON object of an answer."""
        timeout = self._retries.timeout
        try:
            response = self._session.request(
                method, url, timeout=timeout, allow_redirects=False, stream=True, **options
            )
            content = _read(response, time.monotonic() + timeout)
        except requests.Timeout as error:
            raise self._unavailable(f"no answer within {timeout:g} s") from error
        except requests.ConnectionError as error:
            raise self._unavailable(_innermost(error)) from error
        except requests.RequestException as error:
            raise self._unavailable(f"{type(error).__name__}: {error}") from error
        try:
            answer = json.loads(content)
        except (ValueError, RecursionError) as error:
            if response.ok:
                raise self._unavailable("the answer is cut off or no JSON") from error
            answer = None
        reason = answer.get("error") if isinstance(answer, dict) else None
        reason = f"{reason or response.reason} (HTTP {response.status_code})"[:LONGEST_REASON]
        if response.status_code in PASSING_STATUS:
            raise self._unavailable(reason)
        if not response.ok:
            raise self._refused(reason)
        if not isinstance(answer, dict):
            raise self._refused("the answer is no JSON object")
        return answer


def _read(response, deadline):
    """An answer's content, if it comes in time and is not too long."""
    with response:
        content = bytearray()
        for part in response.iter_content(2**16):
            content += part
            if len(content) > LONGEST_ANSWER:
                raise requests.RequestException(f"the answer has more than {LONGEST_ANSWER} bytes")
            if time.monotonic() > deadline:
                raise requests.Timeout
    return bytes(content)


def _innermost(error):
    """The operating system's reason, without the names of the library's objects."""
    while error.__cause__ or error.__context__:
        error = error.__cause__ or error.__context__
    return str(error) or type(error).__name__
