"""Where a model is served."""

import dataclasses
import re

from memgan_tf.validation import received

DEFAULT_PORTS = {"rest": 8501, "grpc": 8500}
_PATTERN = re.compile(
    r"(?P<protocol>rest|grpc)://(?P<host>\[[0-9a-fA-F:]+\]|[^/:@\s]+)(:(?P<port>\d{1,5}))?"
    r"/(?P<name>[A-Za-z0-9][\w.-]*)(/(?P<version>\d+)|:(?P<label>\w+))?"
)


@dataclasses.dataclass(frozen=True)
class ServerAddress:
    """A model on a server, `<protocol>://<host>[:<port>]/<name>[/<version>|:<label>]`.

    Attributes:
        protocol: `rest` or `grpc`.
        host: Its name or IP address.
        port: 8501 for REST and 8500 for gRPC if the text has none.
        name: Name of the model.
        version: Version of the model, or None.
        label: Label of a version, such as `stable`, or None. Without version and label, the newest.
    """

    protocol: str
    host: str
    port: int
    name: str
    version: int | None = None
    label: str | None = None

    @classmethod
    def parse(cls, text: str) -> "ServerAddress":
        """Reads an address.

        Raises:
            ValueError: If the text is not an address.
        """
        match = _PATTERN.fullmatch(text)
        if match is None or not 0 < int(match["port"] or 1) < 2**16:
            raise ValueError(
                f"`server` must be rest://host:8501/name or grpc://host:8500/name, with /version "
                f"or :label appended if needed. {received('server', text)}"
            )
        return cls(
            protocol=match["protocol"],
            host=match["host"],
            port=int(match["port"] or DEFAULT_PORTS[match["protocol"]]),
            name=match["name"],
            version=int(match["version"]) if match["version"] else None,
            label=match["label"],
        )

    def __str__(self):
        which = f"/{self.version}" if self.version is not None else ""
        which = f":{self.label}" if self.label is not None else which
        return f"{self.protocol}://{self.host}:{self.port}/{self.name}{which}"
