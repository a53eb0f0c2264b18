"""What is normal, and where the images come from."""

import dataclasses
import os

from memgan_tf.config.fields import Checked, option
from memgan_tf.validation import check_choice, check_integer, received

# Fields that a folder of images has and no other kind of data set.
FOLDER_FIELDS = (
    *("folder_layout", "image_size", "aspect_ratio", "image_fit", "leave_out_padding"),
    *("image_channels", "bit_depth"),
)
# Kinds of data sets that are image files: in a folder, or named by a list.
FOLDER_KINDS = ("folder", "list")
FOLDER_LAYOUTS = (
    *("mvtec", "mvtec_ad_2", "mvtec_loco", "btad", "visa", "normal_abnormal"),
    *("kolektor", "kolektor_2", "masked", "image_folder", "flat"),
)
# Share of a folder's normal images that is held out at most, unless the user says so.
MAX_FOLDER_VALIDATION = 1 / 3


@dataclasses.dataclass(frozen=True)
class DataConfig(Checked):
    """One one-class task."""

    dataset: str = option(
        "digits",
        "digits, mnist, cifar10, tfds:<name>, npz:<file>, folder:<folder of images> or list:<CSV "
        "or JSON Lines file of paths>.",
    )
    normal_class: int | str | None = option(
        None,
        "Label that counts as normal, or the name of its folder. Required for labelled sets; leave "
        "it out for an npz file whose x_train is all normal and for a folder of normal images.",
        minimum=0,
    )
    data_dir: str | None = option(
        None,
        "Directory of prepared tensorflow-datasets; its own default if absent. Of a folder, a list "
        "or an npz file: where it is, if it has moved.",
    )
    folder_layout: str | None = option(
        None,
        "Of a folder: mvtec (train/good, test/good, test/<defect>, ground_truth/<defect>), "
        "image_folder (train/<class>, test/<class>, or <class> alone), flat (every image is "
        "normal), or another of the list in docs/folders.md. By the folders' names if absent or "
        "auto.",
        choices=("auto", *FOLDER_LAYOUTS),
    )
    image_size: int | None = option(
        None,
        "Side in pixels that a folder's images are scaled to. If absent 256 for detectors on "
        "features, 320 where photographs of different shapes keep theirs; for detectors on "
        "pixels, which take 256 at most, 32 where the median image's longer side is below 48 "
        "pixels, else 64.",
        minimum=8,
        maximum=4096,
    )
    aspect_ratio: float | None = option(
        None,
        "Width over height of a folder's scaled images, whose area stays that of the square. If "
        "absent that of the training photographs for detectors on features, else 1.",
        minimum=0.25,
        maximum=4.0,
    )
    image_fit: str | None = option(
        None,
        "How a folder's images get their shape: stretch (the default of detectors on features), "
        "keep (each its own shape; the same where photographs differ in shape), pad (all of it, "
        "black beside it; the default of detectors on pixels) or crop (the largest centered part).",
        choices=("pad", "crop", "stretch", "keep"),
    )
    leave_out_padding: bool | None = option(
        None,
        "Whether the black bars that --image_fit=pad leaves beside a folder's images are kept from "
        "scores and maps. If absent, detectors on pixels do so where a training image has bars, "
        "detectors on features always.",
    )
    image_channels: int | None = option(
        None,
        "Of a folder's images: 1 (grey) or 3 (colour). If absent 1 where every image is grey, "
        "else 3.",
        minimum=1,
        maximum=3,
    )
    bit_depth: int | None = option(
        None,
        "Bits that the values of a folder's 16-bit files use, 12 for a 12-bit camera; 16 if "
        "absent. Larger values become white.",
        minimum=8,
        maximum=16,
    )
    validation_fraction: float = option(
        0.1,
        "Share of the normal training images held out for calibration and monitoring.",
        minimum=0.01,
        maximum=0.5,
    )
    target_fpr: float = option(
        0.05,
        "Share of normal images that may be called anomalies; sets the threshold.",
        minimum=1e-6,
        maximum=0.5,
    )

    def __post_init__(self):
        super().__post_init__()
        if self.folder_layout == "auto":
            object.__setattr__(self, "folder_layout", None)
        if self.folder is None:
            self._check_no_folder()
            return
        kind = self.dataset.partition(":")[0]
        object.__setattr__(self, "dataset", f"{kind}:{os.path.normpath(self.folder)}")
        if self.is_list and self.folder_layout is not None:
            raise ValueError(
                f"`folder_layout` must be left out of a list of images. "
                f"{received('folder_layout', self.folder_layout)}"
            )
        if self.normal_class is not None:
            object.__setattr__(self, "normal_class", str(self.normal_class))
        if self.image_channels is not None:
            check_choice("image_channels", self.image_channels, (1, 3))

    @property
    def folder(self) -> str | None:
        """The folder of images, or the file that lists them; None if the set is no image files."""
        kind, _, place = self.dataset.partition(":")
        return place if kind in FOLDER_KINDS and place else None

    @property
    def is_list(self) -> bool:
        """Whether a file lists the images."""
        return self.folder is not None and self.dataset.startswith("list:")

    @property
    def fit(self) -> str:
        """How an image file of another size is fitted to the set's, see `data.fitting`."""
        return self.image_fit or ("stretch" if self.folder is None else "pad")

    def _check_no_folder(self):
        for name in FOLDER_FIELDS:
            if getattr(self, name) is not None:
                raise ValueError(
                    f"`{name}` must be left out unless the dataset is folder:<folder of images> "
                    f"or list:<file>. "
                    f"{received(name, getattr(self, name))}"
                )
        if isinstance(self.normal_class, str):
            label = self.normal_class
            number = int(label) if label.removeprefix("-").isdecimal() else label
            object.__setattr__(self, "normal_class", check_integer("normal_class", number, 0))
