"""E, P and G over features of patches, and their variants in the benchmark."""

import dataclasses

import keras
import tensorflow as tf

from memgan_tf.layers.memory import MemoryLayer, sample_mixing_weights
from memgan_tf.layers.sparse_memory import SparseMemoryLayer
from memgan_tf.losses.hull_solver import hull_distance
from memgan_tf.losses.memory import l2_distance, mutual_information

CODE, HIDDEN, DRAWS, LEARNING_RATE = 32, 64, 256, 1e-3


@dataclasses.dataclass(frozen=True)
class Variant:
    """How the networks are trained, and the distance of a patch.

    Attributes:
        memory: `none`, `softmax`, `sparse` (hard shrinkage), `cosine`, `memae` (both) or
            `positions` (separate units at each position).
        temperature: Temperature of the softmax.
        num_units: Number of units in the memory, or at each position.
        steps: Number of training steps, each with one patch per position. 0 trains nothing; then
            the distance is the length of the features, which is the Mahalanobis distance to the
            Gaussian of the position.
        distance: `residual`, or `hull` for the distance of the code to the hull of the units.
    """

    memory: str = "softmax"
    temperature: float = 1.0
    num_units: int = 100
    steps: int = 600
    distance: str = "residual"


VARIANTS = {
    "a Gaussian at each position, nothing else": Variant("none", steps=0),
    "E and G, trained without a memory": Variant("none"),
    "E, P, G: the paper's memory": Variant(),
    "temperature 0.3": Variant(temperature=0.3),
    "temperature 0.1": Variant(temperature=0.1),
    "hard shrinkage": Variant("sparse"),
    "cosine addressing, temperature 0.1": Variant("cosine", 0.1),
    "cosine addressing and hard shrinkage (MemAE)": Variant("memae"),
    "10 units at each position": Variant("positions", num_units=10),
    "distance to the hull of the units": Variant(distance="hull"),
    "the paper's memory, twice the steps": Variant(steps=1200),
    "without a memory, twice the steps": Variant("none", steps=1200),
}


class CosineMemory(SparseMemoryLayer):
    """Cosine addressing with a temperature, without shrinkage."""

    def __init__(self, num_units, temperature, seed):
        super().__init__(num_units, "cosine", 0.0, seed)
        self.temperature = temperature

    def address(self, codes):
        return super().address(codes) / self.temperature


class PositionMemory(MemoryLayer):
    """Separate units at each position; codes are `(images * positions, d)`, images first."""

    def __init__(self, num_positions, num_units, seed):
        super().__init__(num_units, seed=seed)
        self.num_positions = num_positions

    def build(self, input_shape):
        self.units = self.add_weight(
            name="units",
            shape=(self.num_positions, self.num_units, input_shape[-1]),
            initializer=keras.initializers.RandomNormal(stddev=0.5, seed=self.seed),
        )

    def address(self, codes):
        by_position = tf.reshape(codes, (-1, self.num_positions, codes.shape[-1]))
        return tf.reshape(tf.einsum("bpd,pnd->bpn", by_position, self.units), (-1, self.num_units))

    def mix(self, weights):
        by_position = tf.reshape(weights, (-1, self.num_positions, self.num_units))
        mixed = tf.einsum("bpn,pnd->bpd", by_position, self.units)
        return tf.reshape(mixed, (-1, self.units.shape[-1]))


def make_memory(variant, num_positions, seed):
    """The layer P of a variant; None without a memory."""
    count = variant.num_units
    made = {
        "none": lambda: None,
        "softmax": lambda: MemoryLayer(count, temperature=variant.temperature, seed=seed),
        "sparse": lambda: SparseMemoryLayer(count, "dot", seed=seed),
        "cosine": lambda: CosineMemory(count, variant.temperature, seed),
        "memae": lambda: SparseMemoryLayer(count, seed=seed),
        "positions": lambda: PositionMemory(num_positions, count, seed),
    }
    return made[variant.memory]()


class PatchNetworks:
    """E, P and G over patches, with the loss Eq. 4 + 6 + 7, without the adversarial game.

    Args:
        variant: Kind of memory and length of training.
        num_positions: Number of positions in the grid.
        num_channels: Number of features of a patch.
        seed: Seed of weights and batches.
    """

    def __init__(self, variant, num_positions, num_channels, seed):
        self.variant, self.seed = variant, seed
        keras.utils.set_random_seed(seed)
        self.encoder = _two_layers(num_channels, CODE)
        self.generator = _two_layers(CODE, num_channels)
        self.memory = make_memory(variant, num_positions, seed)
        if self.memory is not None:
            self.memory.build((None, CODE))
        parts = [self.encoder, self.generator, self.memory]
        self.weights = [w for part in parts if part for w in part.trainable_variables]

    def loss(self, patches, step):
        """Mean loss for `(positions, channels)`."""
        codes = self.encoder(patches)
        if self.memory is None:
            return tf.reduce_mean(l2_distance(patches, self.generator(codes)))
        projected = self.memory(codes)
        restored = l2_distance(patches, self.generator(projected))
        draws = DRAWS if self.variant.memory != "positions" else len(patches)
        weights = sample_mixing_weights(
            draws, self.variant.num_units, "normal", 1.0, tf.stack([self.seed + 1, step])
        )
        again = self.encoder(self.generator(self.memory.mix(weights)))
        information = mutual_information(weights, self.memory.address(again))
        return (
            tf.reduce_mean(restored)
            + tf.reduce_mean(l2_distance(codes, projected))
            + tf.reduce_mean(information)
        )

    def fit(self, features):
        """Trains on `(images, positions, channels)`, with one patch per position in each step."""
        optimizer = keras.optimizers.Adam(LEARNING_RATE)
        optimizer.build(self.weights)
        table, (count, positions, _) = tf.constant(features), features.shape

        @tf.function
        def train():
            for step in tf.range(self.variant.steps):
                drawn = tf.random.stateless_uniform(
                    [positions], tf.stack([self.seed, step]), 0, count, tf.int32
                )
                where = tf.stack([drawn, tf.range(positions)], axis=1)
                patches = tf.cast(tf.gather_nd(table, where), tf.float32)
                with tf.GradientTape() as tape:
                    loss = self.loss(patches, step)
                optimizer.apply(tape.gradient(loss, self.weights), self.weights)

        train()

    def distances(self, features):
        """Distance of each patch of `(images, positions, channels)`, `(images, positions)`."""
        patches = tf.reshape(tf.cast(features, tf.float32), (-1, features.shape[-1]))
        codes = self.encoder(patches)
        if self.variant.distance == "hull":
            found = hull_distance(codes, self.memory.units, 1e-2, 50)
        else:
            projected = codes if self.memory is None else self.memory(codes)
            found = l2_distance(patches, self.generator(projected))
        return tf.reshape(tf.cast(found, tf.float32), features.shape[:2]).numpy()


def _two_layers(inputs, outputs):
    return keras.Sequential(
        [
            keras.Input((inputs,)),
            keras.layers.Dense(HIDDEN, activation="leaky_relu"),
            keras.layers.Dense(outputs),
        ]
    )
