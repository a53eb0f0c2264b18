"""Makes a backbone from its name."""

import pathlib

from memgan_tf.backbones.applications import make_network
from memgan_tf.backbones.backbone import Backbone
from memgan_tf.backbones.catalog import NETWORKS
from memgan_tf.backbones.cutting import cut
from memgan_tf.backbones.filters import LAYERS, LICENSE, make_filters
from memgan_tf.backbones.hub import make_preset
from memgan_tf.backbones.keras_file import read_model
from memgan_tf.backbones.requests import FILE, FILTERS, HUB, check_request, split_layers
from memgan_tf.files import DAMAGE, first_line
from memgan_tf.validation import check_integer

UNKNOWN_LICENSE = "features of a network that was brought as a file; its license is its own"


def make_backbone(
    name: str, layers: str | None = None, weights: str | None = None, num_maps: int = 4
) -> Backbone:
    """Makes a backbone from its name.

    Args:
        name: A network of the catalog, `filters`, `file:<model.keras>` or `hub:<preset>`.
        layers: Names with commas between them; None uses tested ones, or those that are found.
        weights: A file; `random`, for tests; or None for those in Keras' cache or its download.
        num_maps: Largest number of maps, if `layers` does not name them.

    Raises:
        ValueError: If the request, a file or a layer cannot be used.
    """
    check_request(name, layers, weights)
    check_integer("num_maps", num_maps, 1, 8)
    names = split_layers(layers)
    if name == FILTERS:
        return cut(make_filters(), name, LICENSE, names or LAYERS[:num_maps])
    if name.startswith(FILE):
        return _from_file(name.removeprefix(FILE), names, num_maps)
    if name.startswith(HUB):
        model, license = make_preset(name.removeprefix(HUB), weights)
        return cut(model, name, license, names, num_maps)
    return _from_catalog(name, names, weights, num_maps)


def _from_file(path, layers, num_maps):
    path = pathlib.Path(path).expanduser()
    model = read_model(path)
    try:
        return cut(model, f"{FILE}{path.name}", UNKNOWN_LICENSE, layers, num_maps)
    except DAMAGE as error:
        raise ValueError(f"{path} cannot be a backbone: {first_line(error)}") from error


def _from_catalog(name, layers, weights, num_maps):
    network = NETWORKS[name]
    model, license = make_network(name, weights)
    if not layers and num_maps >= len(network.layers):
        layers = network.layers
    return cut(model, name, license, layers, num_maps)
