"""What is normal, and where the images come from."""

import dataclasses

from memgan_tf.config.fields import Checked, option


@dataclasses.dataclass(frozen=True)
class DataConfig(Checked):
    """One one-class task."""

    dataset: str = option("digits", "digits, mnist, cifar10, tfds:<name> or npz:<file>.")
    normal_class: int | None = option(
        None,
        "Label that counts as normal. Required for labelled sets; leave it out for an npz file "
        "whose x_train is all normal.",
        minimum=0,
    )
    data_dir: str | None = option(
        None, "Directory of prepared tensorflow-datasets; its own default if absent."
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
