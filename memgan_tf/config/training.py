"""How any deep detector is trained."""

import dataclasses

from memgan_tf.config.fields import Checked, option

# Few images make short epochs: a folder's detector takes this many steps at least, unless the
# number of epochs is given.
MIN_FOLDER_STEPS = 500
# And this many at most, where training stops as soon as the held-out error has leveled.
MAX_FOLDER_STEPS = 1000


@dataclasses.dataclass(frozen=True)
class TrainingConfig(Checked):
    """Settings of the loop and the optimisers, the same for every deep detector."""

    seed: int = option(0, "Seed of everything random in the run.", minimum=0, maximum=2**31 - 1)
    epochs: int = option(10, "Passes over the normal training images.", minimum=1)
    batch_size: int = option(32, "Images a step, over all replicas.", minimum=1)
    learning_rate: float = option(1e-4, "Adam's step size.", minimum=1e-8, maximum=1.0)
    learning_rate_decay: float = option(
        1.0,
        "Factor that the step size has fallen to at the last step, along a cosine; 1 keeps it.",
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
        50, "Steps inside one call of the training function.", minimum=1, maximum=10_000
    )
    checkpoint_epochs: int = option(1, "Epochs between checkpoints.", minimum=1)
    keep_checkpoints: int = option(2, "Checkpoints kept, for recovery.", minimum=1, maximum=100)
    distribution_strategy: str = option(
        "none",
        "Replicas: none, mirrored over all visible GPUs, or multi_worker_mirrored over the "
        "processes that TF_CONFIG names.",
        choices=("none", "mirrored", "multi_worker_mirrored"),
    )
    mixed_precision: bool = option(False, "Compute in bfloat16, keep weights in float32.")
    jit_compile: bool = option(False, "Compile the training step with XLA.")
    deterministic_ops: bool = option(
        True, "Ask TensorFlow for deterministic kernels (costs speed on GPUs)."
    )

    stop_when_level: bool | None = option(
        None,
        f"Whether training ends before `epochs` where the error of held-out images has leveled, "
        f"after {MIN_FOLDER_STEPS} steps at the earliest. If absent it does on a folder of images, "
        f"unless the step size falls.",
    )

    @property
    def compiles_step(self) -> bool:
        """Whether XLA compiles the step as a whole; for replicas it compiles each network."""
        return self.jit_compile and self.distribution_strategy == "none"
