"""TF_CONFIG: which processes train together, and which one this is."""

import dataclasses
import json
import os
from collections.abc import Mapping

MULTI_WORKER = "multi_worker_mirrored"
HELP = (
    'an example for two workers is {"cluster": {"worker": ["host0:2222", "host1:2222"]}, '
    '"task": {"type": "worker", "index": 0}}; see docs/scale.md'
)


@dataclasses.dataclass(frozen=True)
class Cluster:
    """The processes of a training job.

    Attributes:
        addresses: host:port of each; the first is the chief's.
        index: This process's place among them.
    """

    addresses: tuple[str, ...] = ("localhost",)
    index: int = 0

    @property
    def is_chief(self) -> bool:
        """Whether this process is the one that writes."""
        return self.index == 0


def read_cluster(strategy: str, environment: Mapping[str, str] | None = None) -> Cluster:
    """The cluster that TF_CONFIG describes; a single process under any other strategy.

    Args:
        strategy: `--distribution_strategy`.
        environment: Holds the variable; None means the environment of the process.

    Raises:
        ValueError: If the variable is missing or wrong, in one line.
    """
    if strategy != MULTI_WORKER:
        return Cluster()
    text = (os.environ if environment is None else environment).get("TF_CONFIG")
    if not text:
        raise ValueError(
            f"`TF_CONFIG` must be set for --distribution_strategy={MULTI_WORKER}; {HELP}"
        )
    try:
        values = json.loads(text)
    except ValueError as error:
        raise ValueError(f"`TF_CONFIG` must be JSON: {error}. Received: {text}; {HELP}") from error
    try:
        addresses = _addresses(values["cluster"])
        return Cluster(addresses, _index(values["task"], values["cluster"]))
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(
            f"`TF_CONFIG` must hold cluster and task. Received: {text}; {HELP}"
        ) from error


def _addresses(cluster):
    """Address of the chief, if one is listed separately, then those of the workers."""
    unknown = sorted(cluster.keys() - {"chief", "worker"})
    if unknown or len(cluster.get("chief", ())) > 1:
        raise ValueError(
            f"`TF_CONFIG` must name workers, and one chief at most. Received: "
            f"cluster={json.dumps(cluster)}; {HELP}"
        )
    addresses = [*cluster.get("chief", ()), *cluster.get("worker", ())]
    for address in addresses:
        host, _, port = address.rpartition(":")
        if not (host and port.isdecimal() and 0 < int(port) < 65536):
            raise ValueError(
                f"`TF_CONFIG` must give each worker as host:port. Received: {address!r}; {HELP}"
            )
    if not addresses or len(set(addresses)) < len(addresses):
        raise ValueError(
            f"`TF_CONFIG` must name each worker once, and one at least. Received: "
            f"cluster={json.dumps(cluster)}; {HELP}"
        )
    return tuple(addresses)


def _index(task, cluster):
    kind, index = task["type"], task["index"]
    count = len(cluster.get(kind, ()))
    if isinstance(index, bool) or not isinstance(index, int) or not 0 <= index < count:
        raise ValueError(
            f"`TF_CONFIG` must have a task that is in its cluster. Received: "
            f"task={json.dumps(task)} with {count} of type {kind}; {HELP}"
        )
    return index + (len(cluster.get("chief", ())) if kind == "worker" else 0)
