"""Base of the clients of a model server."""

import abc

import numpy as np

from memgan_tf.serving import answers
from memgan_tf.serving.address import ServerAddress
from memgan_tf.serving.retries import RequestRefused, RetryPolicy, ServerUnavailable
from memgan_tf.text import printable

# Largest number of characters of a server's own message that are shown.
LONGEST_REASON = 500
SCORES = ("anomaly_score", "p_value", "is_anomaly", "threshold")


class Client(abc.ABC):
    """Requests scores from a model server. Not safe for use by several threads at once.

    Args:
        address: Address of the model.
        retries: How often and how long to try.
    """

    def __init__(self, address: ServerAddress, retries: RetryPolicy):
        self.address, self._retries = address, retries

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.close()

    def score(self, images: np.ndarray) -> dict[str, np.ndarray]:
        """Scores and decisions.

        Args:
            images: `(batch, height, width, channels)`, 0 to 255.

        Returns:
            `anomaly_score`, `p_value`, `is_anomaly` and `threshold`, each `(batch,)`.

        Raises:
            RequestRefused: If the server refuses; the message has its reason.
            ServerUnavailable: If the last try failed.
        """
        outputs = self._retries.call(lambda: self._predict({"image": images}))
        for name in SCORES:
            if name not in outputs or np.shape(outputs[name]) != (len(images),):
                raise RequestRefused(
                    f"{self.address} does not return {name} for each image: it serves "
                    "no export of memgan"
                )
        scores = {name: np.asarray(outputs[name]) for name in SCORES}
        try:
            answers.check_scores(scores)
        except ValueError as error:
            raise RequestRefused(f"{self.address} returns no valid scores: {error}") from error
        return scores

    def anomaly_map(self, image: np.ndarray) -> np.ndarray | None:
        """Anomaly map of an image, from the signature `explain`.

        Args:
            image: `(height, width, channels)`, 0 to 255.

        Returns:
            `(height, width)` float32; None if the export has no maps.

        Raises:
            RequestRefused, ServerUnavailable: As `score`.
        """
        found = self._retries.call(lambda: self._explain(image))
        if found is None:
            return None
        values = np.asarray(found)
        if values.dtype.kind != "f" or values.shape != (1, *image.shape[:2]):
            raise RequestRefused(f"{self.address} returns no map of the image's size")
        if not np.isfinite(values).all():
            raise RequestRefused(f"{self.address} returns a map with a value that is not finite")
        return values[0]

    def image_shape(self) -> tuple[int, int, int]:
        """`(height, width, channels)` that the served model takes.

        Raises:
            RequestRefused, ServerUnavailable: As `score`.
        """
        try:
            shape = answers.image_shape(self._retries.call(self._input_shape))
        except (TypeError, ValueError) as error:
            if isinstance(error, RequestRefused):
                raise
            raise RequestRefused(f"{self.address} takes {error}") from error
        if shape is None:
            raise RequestRefused(
                f"{self.address} has no input `image` in serving_default: it serves no "
                "export of memgan"
            )
        return shape

    def versions(self) -> dict[int, str]:
        """State of each version that the server knows, such as AVAILABLE.

        Raises:
            RequestRefused, ServerUnavailable: As `score`.
        """
        return self._retries.call(self._version_states)

    @abc.abstractmethod
    def close(self) -> None:
        """Closes the connection."""

    @abc.abstractmethod
    def _predict(self, inputs: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Outputs of `serving_default`, in one try."""

    @abc.abstractmethod
    def _explain(self, image: np.ndarray) -> np.ndarray | None:
        """`anomaly_map` of a batch with only this image, in one try; None without that output."""

    @abc.abstractmethod
    def _input_shape(self) -> list | None:
        """Shape of the input `image` of `serving_default`, -1 for the batch, or None."""

    @abc.abstractmethod
    def _version_states(self) -> dict[int, str]:
        """`versions`, in one try."""

    def _unavailable(self, reason: str) -> ServerUnavailable:
        return ServerUnavailable(f"{self.address} does not answer: {_one_line(reason)}")

    def _refused(self, reason: str) -> RequestRefused:
        return RequestRefused(f"{self.address} refuses the request: {_one_line(reason)}")


def _one_line(text):
    return printable(" ".join(str(text).split()))[:LONGEST_REASON]
