"""Checks a request for a backbone before anything slow is imported."""

import difflib
import pathlib

from memgan_tf.backbones.catalog import NETWORKS
from memgan_tf.validation import received

FILE, HUB = "file:", "hub:"
# Fixed filters, which have no weights.
FILTERS = "filters"
RANDOM = "random"
MODEL_ENDING = ".keras"
WEIGHTS_ENDINGS = (".keras", ".h5", ".hdf5")


def check_request(name: str, layers: str | None, weights: str | None) -> None:
    """Checks names, and that files exist and have the right suffix.

    Args:
        name: A network of the catalog, `filters`, `file:<model.keras>` or `hub:<preset>`.
        layers: Names of layers with commas between them; None or empty uses the default.
        weights: A file, `random`, or None.

    Raises:
        ValueError: If a rule is broken; the message has the fix.
    """
    if not isinstance(name, str):
        raise ValueError(f"`backbone` must be a name. {received('backbone', name)}")
    split_layers(layers)
    if name == FILTERS and weights:
        raise ValueError(
            "`backbone_weights` must be left out with the backbone filters, which has none. "
            f"{received('backbone_weights', weights)}"
        )
    if name.startswith(FILE):
        _check_file("backbone", name.removeprefix(FILE), (MODEL_ENDING,))
        if weights:
            raise ValueError(
                "`backbone_weights` must be left out with file:<model.keras>, which has its own. "
                f"{received('backbone_weights', weights)}"
            )
        return
    if name.startswith(HUB):
        if not name.removeprefix(HUB):
            raise ValueError(f"`backbone` must name a preset. {received('backbone', name)}")
    elif name not in (*NETWORKS, FILTERS):
        raise ValueError(_unknown(name))
    if weights and weights != RANDOM:
        _check_file("backbone_weights", weights, WEIGHTS_ENDINGS)


def split_layers(layers: str | None) -> tuple[str, ...]:
    """Names of layers, without repetition.

    Raises:
        ValueError: If a name is empty or given twice.
    """
    if not layers:
        return ()
    names = tuple(name.strip() for name in layers.split(","))
    if not all(names) or len(set(names)) < len(names):
        raise ValueError(
            "`backbone_layers` must be different names with commas between them. "
            f"{received('backbone_layers', layers)}"
        )
    return names


def _check_file(argument, path, endings):
    path = pathlib.Path(path).expanduser()
    if not path.is_file():
        near = _nearest_files(path, endings)
        raise ValueError(f"`{argument}` must name an existing file. Received: {path}{near}")
    if path.suffix not in endings:
        fix = (
            " Save the whole model by model.save('<name>.keras')." if argument == "backbone" else ""
        )
        raise ValueError(
            f"`{argument}` must name a file that ends in {' or '.join(endings)}.{fix} "
            f"Received: {path}"
        )


def _nearest_files(path, endings):
    if not path.parent.is_dir():
        return ""
    names = [item.name for item in path.parent.iterdir() if item.suffix in endings]
    nearest = difflib.get_close_matches(path.name, names, 3)
    return f"; there is {', '.join(nearest)}" if nearest else ""


def _unknown(name):
    names = (*NETWORKS, FILTERS)
    nearest = difflib.get_close_matches(name.lower().replace("-", "_"), names, 2)
    hint = f"; did you mean {' or '.join(nearest)}?" if nearest else ""
    if pathlib.Path(name).suffix == MODEL_ENDING:
        hint = f"; did you mean file:{name}?"
    return (
        f"`backbone` must be one of {', '.join(names)}, file:<model.keras> or hub:<preset>. "
        f"{received('backbone', name)}{hint}"
    )
