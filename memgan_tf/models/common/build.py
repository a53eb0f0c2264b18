"""How the networks of a method are built, besides its settings."""

import dataclasses

# Factor of the run's seed and number added to it, by network: no two draw the same values.
SEEDS = {
    "encoder": (3, 0),
    "generator": (3, 1),
    "discriminator": (3, 2),
    "assignment": (3, 2),
    "image_pairs": (3, 1_000_003),
    "code_pairs": (3, 1_000_004),
    "memory": (3000, 2999),
}


@dataclasses.dataclass(frozen=True)
class Build:
    """What every method's networks are built from.

    Attributes:
        image_shape: `(height, width, channels)` of raw images.
        seed: Seed of the initial weights.
        mixed_precision: Whether convolutions compute in bfloat16.
        jit_compile: Whether XLA compiles the networks.
    """

    image_shape: tuple[int, int, int]
    seed: int = 0
    mixed_precision: bool = False
    jit_compile: bool = False

    @property
    def dtype(self) -> str:
        """The policy of layers that may compute in bfloat16."""
        return "mixed_bfloat16" if self.mixed_precision else "float32"

    def seed_of(self, network: str) -> int:
        """The seed of a network of `SEEDS`."""
        factor, offset = SEEDS[network]
        return factor * self.seed + offset
