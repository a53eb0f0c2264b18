"""The memory of MEMGAN."""

import keras
import tensorflow as tf
from keras import ops

from memgan_tf.validation import check_choice, check_integer, check_real

MIXING_LAWS = ("normal", "uniform", "dirichlet")


@keras.saving.register_keras_serializable("memgan_tf")
class MemoryLayer(keras.layers.Layer):
    """Projects codes onto the convex hull of learned memory units, P(z) of Eq. 5.

    Its one weight is `units`, the memory matrix M, `(num_units, dim)`.

    Args:
        num_units: Number of memory units n. Positive.
        init_stddev: Standard deviation of the units' initial entries. Positive.
        temperature: Divides the similarities before the softmax. Positive; the paper has 1.
        seed: Seed of the initial entries.

    Call arguments:
        codes: `(batch, dim)` float tensor z.

    Call returns:
        `(batch, dim)` tensor, a convex combination of the units.
    """

    def __init__(
        self,
        num_units: int,
        init_stddev: float = 0.5,
        temperature: float = 1.0,
        seed: int | None = None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.num_units = check_integer("num_units", num_units, minimum=1)
        self.init_stddev = check_real("init_stddev", init_stddev, minimum=0.0)
        self.temperature = check_real("temperature", temperature, minimum=1e-6)
        self.seed = seed

    def build(self, input_shape):
        self.units = self.add_weight(
            name="units",
            shape=(self.num_units, input_shape[-1]),
            initializer=keras.initializers.RandomNormal(stddev=self.init_stddev, seed=self.seed),
        )

    def address(self, codes):
        """Similarities M z over the temperature, `(batch, num_units)`; their softmax is α."""
        return ops.matmul(codes, ops.transpose(self.units)) / self.temperature

    def mix(self, weights):
        """Combination Mᵀα, `(batch, dim)`, of `weights` on the simplex, `(batch, num_units)`."""
        return ops.matmul(weights, self.units)

    def call(self, codes):
        return self.mix(ops.softmax(self.address(codes)))

    def get_config(self):
        return {
            **super().get_config(),
            "num_units": self.num_units,
            "init_stddev": self.init_stddev,
            "temperature": self.temperature,
            "seed": self.seed,
        }


def sample_mixing_weights(
    batch_size: int, num_units: int, law: str, scale: float, seed: tf.Tensor
) -> tf.Tensor:
    """Draws the random α whose combinations Mᵀα are "z ~ M" in Eq. 3 and 7.

    The paper says "softmax of a random vector" and does not give the vector's distribution.

    Args:
        batch_size: Number of draws.
        num_units: Number of memory units n.
        law: Distribution. `normal` or `uniform`: softmax of `scale` times N(0, 1) or U(0, 1)
            entries; `dirichlet`: α itself, with concentration `scale`.
        scale: See `law`. Positive.
        seed: `(2,)` integer tensor; the same seed draws the same weights.

    Returns:
        `(batch_size, num_units)` float32 tensor, rows on the simplex.

    Raises:
        ValueError: If `law` is unknown.
    """
    check_choice("law", law, MIXING_LAWS)
    shape = (batch_size, num_units)
    if law == "dirichlet":
        gammas = tf.random.stateless_gamma(shape, seed, alpha=scale)
        # Small concentrations underflow. A row of zeros becomes the uniform mixture.
        gammas = tf.maximum(gammas, 1e-30)
        return gammas / tf.reduce_sum(gammas, axis=1, keepdims=True)
    if law == "uniform":
        return tf.nn.softmax(scale * tf.random.stateless_uniform(shape, seed))
    return tf.nn.softmax(scale * tf.random.stateless_normal(shape, seed))
