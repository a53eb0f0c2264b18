"""The client for an address."""

from memgan_tf.serving.address import ServerAddress
from memgan_tf.serving.client import Client
from memgan_tf.serving.rest_client import RestClient
from memgan_tf.serving.retries import RetryPolicy


def make_client(address: ServerAddress, retries: RetryPolicy) -> Client:
    """The client for the protocol of an address; it sends nothing yet.

    Raises:
        ValueError: If a package that the protocol needs is not installed.
    """
    if address.protocol == "rest":
        return RestClient(address, retries)
    try:
        from memgan_tf.serving.grpc_client import GrpcClient
    except ModuleNotFoundError as error:
        raise ValueError(
            f"`server` grpc://… needs {error.name}, which is not installed. Run "
            f"pip install 'memgan_tf[serving]', or use rest://…"
        ) from error
    return GrpcClient(address, retries)
