"""From a data set and what a user says to the whole configuration of a run. No TensorFlow."""

from collections.abc import Callable
from typing import Any

from memgan_tf import config
from memgan_tf.backbones.requests import check_request
from memgan_tf.data.folder_index import num_groups, num_normal, summarize
from memgan_tf.data.sources import find_index, image_shape, settle

# Without `detector`: for photographs, and for all other sets.
PHOTOGRAPHS, OTHERS = "patch_memory", "memgan"


def configure(settings: dict[str, Any], report: Callable[[str], None] = print) -> config.RunConfig:
    """Decides what the settings leave open, by the data set.

    Args:
        settings: Values by the names of fields, `detector` and `preset`. Without `detector`,
            photographs in a folder get the best one for them, other sets MEMGAN.
        report: Is told, a line at a time, what was found and decided.

    Raises:
        ValueError: If a setting or the data set cannot be used.
    """
    given = dict(settings)
    preset = given.pop("preset", "default")
    names = config.DataConfig.describe().keys() & given.keys()
    data = config.DataConfig(**{name: given[name] for name in names})
    detector = given.pop("detector", None) or _choose_detector(data, report)
    by_features = config.by_features(detector)
    if by_features:
        _check_backbone(detector, given)
    data = settle(data, by_features, report)
    given |= {"data_dir": data.data_dir}
    index = find_index(data)
    if index is not None:
        for line in summarize(index):
            report(line)
        given |= {name: getattr(data, name) for name in config.FOLDER_FIELDS}
    resolved = config.resolve(detector, preset, image_shape(data), given)
    if index is not None:
        number, different = (count(index, data.normal_class) for count in (num_normal, num_groups))
        resolved = config.suited_to_few_images(resolved, number, given.keys(), different)
    return resolved


def _choose_detector(data, report):
    if data.folder is None:
        return OTHERS
    report(
        f"Detector: {PHOTOGRAPHS}, the best one for photographs; --detector=<name> takes another"
    )
    return PHOTOGRAPHS


def _check_backbone(detector, given):
    """A request that cannot be met is refused before a photograph is read."""
    settings = config.detector_config(detector)()
    names = ("backbone", "backbone_layers", "backbone_weights")
    check_request(*(given.get(name, getattr(settings, name)) for name in names))
