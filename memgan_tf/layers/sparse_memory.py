"""The memory of MemAE."""

import keras
import tensorflow as tf

from memgan_tf.layers.memory import MemoryLayer
from memgan_tf.validation import check_choice, check_real

SIMILARITIES = ("cosine", "dot")
EPSILON = 1e-12


@keras.saving.register_keras_serializable("memgan_tf")
class SparseMemoryLayer(MemoryLayer):
    """Replaces codes by sparse combinations of memory items (Gong et al., 2019, 3.3).

    Args:
        num_units: Number of items N. Positive.
        similarity: `cosine` of code and item, or their `dot` product.
        shrinkage: λ of the hard shrinkage, in units of 1 / `num_units`.
        seed: Seed of the initial entries, uniform within ± 1 / √dim.

    Call arguments:
        codes: `(batch, dim)` float tensor z.

    Returns:
        `(batch, dim)` tensor.
    """

    def __init__(self, num_units, similarity="cosine", shrinkage=1.0, seed=None, **kwargs):
        super().__init__(num_units, seed=seed, **kwargs)
        self.similarity = check_choice("similarity", similarity, SIMILARITIES)
        self.shrinkage = check_real("shrinkage", shrinkage, minimum=0.0)

    def build(self, input_shape):
        bound = input_shape[-1] ** -0.5
        self.units = self.add_weight(
            name="units",
            shape=(self.num_units, input_shape[-1]),
            initializer=keras.initializers.RandomUniform(-bound, bound, seed=self.seed),
        )

    def address(self, codes):
        """Similarity of each code and item, `(batch, num_units)`."""
        if self.similarity == "dot":
            return super().address(codes)
        units = tf.math.l2_normalize(tf.convert_to_tensor(self.units), axis=1)
        return tf.matmul(tf.math.l2_normalize(codes, axis=1), units, transpose_b=True)

    def attend(self, codes):
        """Addressing weights ŵ, `(batch, num_units)`: softmax, hard shrinkage, sum 1."""
        weights = hard_shrink(tf.nn.softmax(self.address(codes)), self.shrinkage / self.num_units)
        return weights / tf.maximum(tf.reduce_sum(weights, axis=1, keepdims=True), EPSILON)

    def call(self, codes):
        return self.mix(self.attend(codes))

    def get_config(self):
        config = super().get_config()
        del config["init_stddev"], config["temperature"]
        return {**config, "similarity": self.similarity, "shrinkage": self.shrinkage}


def hard_shrink(weights: tf.Tensor, threshold: float) -> tf.Tensor:
    """max(w - λ, 0) w / (|w - λ| + ε): weights up to λ become 0, others stay (Eq. 6 there)."""
    above = weights - threshold
    return tf.nn.relu(above) * weights / (tf.abs(above) + EPSILON)
