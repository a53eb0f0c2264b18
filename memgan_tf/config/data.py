"""Configuration of the data: what is normal, and where the images come from."""

import dataclasses
import os

from memgan_tf.config.fields import Checked, option
from memgan_tf.validation import check_choice, check_integer, received

# Fields that only a folder of images has.
FOLDER_FIELDS = (
    *("folder_layout", "image_size", "aspect_ratio", "image_fit", "leave_out_padding"),
    *("image_channels", "bit_depth"),
)
# Kinds of data sets with image files: in a folder, or in a list.
FOLDER_KINDS = ("folder", "list")
FOLDER_LAYOUTS = (
    *("mvtec", "mvtec_ad_2", "mvtec_loco", "btad", "visa", "normal_abnormal"),
    *("kolektor", "kolektor_2", "masked", "image_folder", "flat"),
)
# Largest share of a folder's normal images to hold out, unless the user gives another.
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
        "Label that counts as normal, or the name of its folder. Required for labeled sets; leave "
        "it out for an npz file with only normal images in x_train or a folder of normal images.",
        minimum=0,
    )
    data_dir: str | None = option(
        None,
        "Directory of prepared tensorflow-datasets; if absent, their own default. For a folder, a "
        "list or an npz file: its place, if it has moved.",
    )
    folder_layout: str | None = option(
        None,
        "Layout of a folder: mvtec (train/good, test/good, test/<defect>, ground_truth/<defect>), "
        "image_folder (train/<class>, test/<class>, or only <class>), flat (all images are "
        "normal), or another one in docs/folders.md. From the names of folders if absent or "
        "auto.",
        choices=("auto", *FOLDER_LAYOUTS),
    )
    image_size: int | None = option(
        None,
        "Side in pixels to which a folder's images are scaled. If absent, for detectors on "
        "features 256, or 320 if photographs of different shapes keep theirs; for detectors on "
        "pixels, which take at most 256, 32 if the median image's longer side is below 48 pixels, "
        "otherwise 64.",
        minimum=8,
        maximum=4096,
    )
    aspect_ratio: float | None = option(
        None,
        "Width divided by height of a folder's scaled images, with the area of the square. If "
        "absent, that of the training photographs for detectors on features, otherwise 1.",
        minimum=0.25,
        maximum=4.0,
    )
    image_fit: str | None = option(
        None,
        "How a folder's images are fitted: stretch (default of detectors on features), keep (each "
        "keeps its shape; their default if photographs differ in shape), pad (the whole image with "
        "black bars; default of detectors on pixels) or crop (the largest centered part).",
        choices=("pad", "crop", "stretch", "keep"),
    )
    leave_out_padding: bool | None = option(
        None,
        "Whether scores and maps leave out the black bars that --image_fit=pad adds to a folder's "
        "images. If absent, detectors on pixels do so if a training image has bars, and detectors "
        "on features always do.",
    )
    image_channels: int | None = option(
        None,
        "Channels of a folder's images: 1 (gray) or 3 (color). If absent, 1 if all images are "
        "gray, otherwise 3.",
        minimum=1,
        maximum=3,
    )
    bit_depth: int | None = option(
        None,
        "Bits used by the values of a folder's files of 16 and 32 bits, such as 12 for a 12-bit "
        "camera. If absent, 16. Larger values become white.",
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
        """The folder of images, or the file that lists them; None for other sets."""
        kind, _, place = self.dataset.partition(":")
        return place if kind in FOLDER_KINDS and place else None

    @property
    def is_list(self) -> bool:
        """Whether a file lists the images."""
        return self.folder is not None and self.dataset.startswith("list:")

    @property
    def fit(self) -> str:
        """How an image file of another size is fitted to the set's size, see `data.fitting`."""
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
