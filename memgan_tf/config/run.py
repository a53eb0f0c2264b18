"""The whole configuration of a run: presets, overrides, JSON."""

import dataclasses
import hashlib
import json
import pathlib
from typing import Any

from memgan_tf import files, validation
from memgan_tf.config.data import FOLDER_FIELDS, DataConfig
from memgan_tf.config.fields import Checked
from memgan_tf.config.registry import DETECTORS
from memgan_tf.config.shared import ModelConfig
from memgan_tf.config.training import TrainingConfig

# Largest side, in pixels, for detectors on pixels.
MAX_PIXEL_SIDE = 256
# Fields that do not change a run's result; a run may be resumed with other values of them.
INDIFFERENT = frozenset(
    {"data_dir", "target_fpr", "steps_per_call", "checkpoint_epochs", "keep_checkpoints"}
)
PRESET_NAMES = ("default", "paper")
# What else `memgan_tf.train` and the command line take by name.
ARGUMENTS = ("detector", "preset", "model_dir", "actions", "report")
# Training settings that a configuration includes only if they are set.
OPTIONAL_TRAINING = ("stop_when_level",)


@dataclasses.dataclass(frozen=True)
class RunConfig:
    """Everything that determines a run's result, sufficient to repeat it.

    Attributes:
        detector: Registered name of the method.
        preset: Source of the values that were not overridden.
        image_shape: `(height, width, channels)` of the data set.
        data: What is normal, and where the images come from.
        training: How the detector is trained.
        model: The detector's own settings.
    """

    detector: str
    preset: str
    image_shape: tuple[int, int, int]
    data: DataConfig
    training: TrainingConfig
    model: ModelConfig

    def __post_init__(self):
        if not by_features(self.detector) and max(self.image_shape[:2]) > MAX_PIXEL_SIDE:
            raise ValueError(
                f"`image_size` must be at most {MAX_PIXEL_SIDE} for {self.detector}, which looks "
                f"at pixels; detectors on features, such as patch_memory, take larger images. "
                f"{validation.received('image_shape', list(self.image_shape))}"
            )
        if not by_features(self.detector) and self.data.image_fit == "keep":
            raise ValueError(
                f"`image_fit` must be pad, crop or stretch for {self.detector}, which looks at "
                f"pixels; detectors on features, such as patch_memory, take keep. "
                f"{validation.received('image_fit', self.data.image_fit)}"
            )
        replicas = self.training.distribution_strategy != "none"
        normalization = self.model.normalization
        if replicas and self.training.jit_compile and normalization == "batch":
            raise ValueError(
                "`jit_compile` must be off where replicas share batch statistics: XLA cannot "
                "compile their exchange. Use --normalization=layer or --distribution_strategy=none"
            )

        deterministic = self.model.compiles_deterministically
        if self.training.jit_compile and self.training.deterministic_ops and not deterministic:
            raise ValueError(
                f"`jit_compile` must be off for {self.detector}: XLA cannot max-pool "
                f"deterministically. Use --nojit_compile or --nodeterministic_ops"
            )

    def to_dict(self) -> dict[str, Any]:
        """The configuration as a dictionary for JSON; fields of folders only for folders."""
        values = json.loads(json.dumps(dataclasses.asdict(self)))
        for name in self._absent:
            values["training" if name in OPTIONAL_TRAINING else "data"].pop(name)
        return values

    def flat(self) -> dict[str, Any]:
        """All fields of the three parts by their unique names; otherwise like `to_dict`."""
        parts = (self.data, self.training, self.model)
        values = {name: value for part in parts for name, value in dataclasses.asdict(part).items()}
        return {name: value for name, value in values.items() if name not in self._absent}

    @property
    def _absent(self):
        parts = ((self.data, FOLDER_FIELDS), (self.training, OPTIONAL_TRAINING))
        return [name for part, names in parts for name in names if getattr(part, name) is None]

    def decisive(self) -> dict[str, Any]:
        """The fields that determine the result, by name."""
        fields = {name: value for name, value in self.flat().items() if name not in INDIFFERENT}
        return {"detector": self.detector, "image_shape": list(self.image_shape), **fields}

    def fingerprint(self) -> str:
        """A digest, equal for two configurations only if `decisive` is equal."""
        text = json.dumps(self.decisive(), sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()

    def differences(self, other: "RunConfig") -> list[str]:
        """Differences of `other` from this configuration, one phrase per field."""
        mine, theirs = self.decisive(), other.decisive()
        return [
            f"{name} is {mine.get(name)!r} there and {theirs.get(name)!r} here"
            for name in sorted(mine.keys() | theirs.keys())
            if mine.get(name) != theirs.get(name)
        ]

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> "RunConfig":
        """The configuration written by `to_dict`.

        Raises:
            ValueError: If a part or a field is unknown, missing or breaks its rule.
        """
        try:
            model_class = detector_config(values.get("detector"))
            return cls(
                detector=values["detector"],
                preset=validation.check_choice("preset", values["preset"], PRESET_NAMES),
                image_shape=validation.check_image_shape("image_shape", values["image_shape"]),
                data=DataConfig(**values["data"]),
                training=TrainingConfig(**values["training"]),
                model=model_class(**values["model"]),
            )
        except (AttributeError, KeyError, OverflowError, TypeError) as error:
            raise ValueError(f"`config` lacks a part or has an unknown field: {error}") from error


def detector_config(detector: Any) -> type[ModelConfig]:
    """The configuration class of a detector.

    Raises:
        ValueError: If there is no such detector.
    """
    return DETECTORS[validation.check_choice("detector", detector, DETECTORS)].config


def by_features(detector: str) -> bool:
    """Whether a detector uses features of a pretrained network, not pixels."""
    return detector_config(detector).by_features


def resolve(
    detector: str,
    preset: str,
    image_shape: tuple[int, int, int],
    overrides: dict[str, Any],
) -> RunConfig:
    """A configuration from defaults, the preset of the images' family, and `overrides` by name.

    Raises:
        ValueError: If a name or a value is not allowed.
    """
    model_class = detector_config(detector)
    validation.check_choice("preset", preset, PRESET_NAMES)
    image_shape = validation.check_image_shape("image_shape", image_shape)
    presets = DETECTORS[detector].presets[preset]
    values = {**presets["*"], **presets[image_family(image_shape)], **overrides}
    parts: list[Any] = []
    kinds: tuple[type[Checked], ...] = (DataConfig, TrainingConfig, model_class)
    for part in kinds:
        names = part.describe().keys() & values.keys()
        parts.append(part(**{name: values.pop(name) for name in sorted(names)}))
    if not model_class.trains_in_steps:
        values |= _other_than_default(parts[1], overrides)
    if values:
        raise ValueError(_describe_stranger(min(values), detector))
    return RunConfig(detector, preset, image_shape, *parts)


def _describe_stranger(name, detector):
    """Why a setting is refused: it is another detector's, or misspelled."""
    own = _settings_of(detector)
    others = [other for other in DETECTORS if name in _settings_of(other)]
    text = f"`{name}` is not a setting of {detector}"
    if others:
        text += f", but of {', '.join(others[:4])}{', …' if len(others) > 4 else ''}"
    near = "" if others else validation.guess(name, [*own, *ARGUMENTS])
    return f"{text}. See memgan train --detector={detector} --help{near}"


def _settings_of(detector):
    model = DETECTORS[detector].config
    training = TrainingConfig.describe() if model.trains_in_steps else ("seed",)
    return [*DataConfig.describe(), *training, *model.describe()]


def _other_than_default(training, overrides):
    """Overrides of training settings that would have no effect, except the seed."""
    return {
        name: overrides[name]
        for name, field in training.describe().items()
        if name != "seed" and overrides.get(name, field.default) != field.default
    }


def departures(config: RunConfig) -> list[str]:
    """Differences of a configuration from its `paper` preset, one phrase per setting."""
    paper = resolve(config.detector, "paper", config.image_shape, {})
    return [
        f"{name} {value} (paper preset: {getattr(before, name)})"
        for part, before in ((config.training, paper.training), (config.model, paper.model))
        for name, value in dataclasses.asdict(part).items()
        if name not in ("seed", *INDIFFERENT) and value != getattr(before, name)
    ]


def image_family(image_shape: tuple[int, int, int]) -> str:
    """The family of presets for an image shape, named after the set that it was made for."""
    height, width, channels = image_shape
    if max(height, width) <= 16:
        return "digits"
    if max(height, width) > 48:
        return "large"
    return "mnist" if channels == 1 else "cifar10"


def read_overrides(path: str) -> dict[str, Any]:
    """Field values from a JSON file: flat, or a run's own config.json.

    Raises:
        ValueError: If the file is missing or not a JSON object.
    """
    try:
        # The file may be a pipe, such as a shell's <(…), so reading is limited.
        with pathlib.Path(path).open("rb") as file:
            content = file.read(files.MAX_TEXT_BYTES + 1)
        if len(content) > files.MAX_TEXT_BYTES:
            raise ValueError(f"it has more than {files.MAX_TEXT_BYTES:,} bytes")
        values = json.loads(content.decode("utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise ValueError(f"`config_file` cannot be read as JSON: {path}: {error}") from error
    if not isinstance(values, dict):
        raise ValueError(f"`config_file` must hold a JSON object: {path}")
    flat = {name: value for name, value in values.items() if name != "image_shape"}
    for part in ("data", "training", "model"):
        inner = flat.pop(part, {})
        if not isinstance(inner, dict):
            raise ValueError(f"`config_file` must hold an object under `{part}`: {path}")
        flat.update(inner)
    return flat
