"""Training settings of deep detectors."""

import dataclasses

from memgan_tf.config.fields import Checked, option

# Minimum number of steps for a folder's detector, because few images make short epochs; it does not
# apply if the number of epochs is given.
MIN_FOLDER_STEPS = 500
# Largest number, if training stops as soon as the held-out error has leveled off.
MAX_FOLDER_STEPS = 1000


@dataclasses.dataclass(frozen=True)
class TrainingConfig(Checked):
    """Settings of the loop and the optimizers, the same for all deep detectors."""

    seed: int = option(0, "Seed of everything random in the run.", minimum=0, maximum=2**31 - 1)
    epochs: int = option(10, "Number of passes over the normal training images.", minimum=1)
    batch_size: int = option(32, "Number of images per step, over all replicas.", minimum=1)
    learning_rate: float = option(1e-4, "Adam's step size.", minimum=1e-8, maximum=1.0)
    learning_rate_decay: float = option(
        1.0,
        "Factor to which the step size has decreased at the last step, along a cosine; 1 keeps it.",
        minimum=0.0,
        maximum=1.0,
    )
    beta_1: float = option(0.5, "Adam's first-moment decay.", minimum=0.0, maximum=0.9999)
    beta_2: float = option(0.999, "Adam's second-moment decay.", minimum=0.0, maximum=0.99999)
    ema_decay: float = option(
        0.0,
        "Decay of the moving average of the weights that the score uses; 0 scores with the "
        "weights themselves.",
        minimum=0.0,
        maximum=0.99999,
    )
    steps_per_call: int = option(
        50, "Number of steps in one call of the training function.", minimum=1, maximum=10_000
    )
    checkpoint_epochs: int = option(1, "Number of epochs between checkpoints.", minimum=1)
    keep_checkpoints: int = option(2, "Checkpoints kept for recovery.", minimum=1, maximum=100)
    distribution_strategy: str = option(
        "none",
        "Replicas: none, mirrored over all visible GPUs, or multi_worker_mirrored over the "
        "processes that TF_CONFIG names.",
        choices=("none", "mirrored", "multi_worker_mirrored"),
    )
    mixed_precision: bool = option(False, "Compute in bfloat16 and keep weights in float32.")
    jit_compile: bool = option(False, "Compile the training step with XLA.")
    deterministic_ops: bool = option(
        True, "Use deterministic kernels of TensorFlow (slower on GPUs)."
    )

    stop_when_level: bool | None = option(
        None,
        f"Whether training ends before `epochs` when the error of held-out images has leveled off, "
        f"but not before {MIN_FOLDER_STEPS} steps. If absent, it does for a folder of images, "
        f"unless the step size decreases.",
    )

    @property
    def compiles_step(self) -> bool:
        """Whether XLA compiles the step as a whole; for replicas it compiles each network."""
        return self.jit_compile and self.distribution_strategy == "none"
