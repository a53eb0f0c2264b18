"""The energy of DSEBM."""

import keras
import tensorflow as tf

from memgan_tf.networks.blocks import Initializers, kernel_for, plan_sizes, plan_widths


class EnergyNetwork(keras.Model):
    """E(x) = ½ ‖x - b‖² - Σ softplus(W h(x) + c), (Zhai et al., 2016, Eq. 5 and 11).

    h is a stack of stride-2 convolutions with softplus. It must be smooth, because training needs
    its second derivative.

    Args:
        image_shape: `(height, width, channels)`.
        base_width, max_width: Channels after the first halving, and their maximum.
        num_hidden: Rows of W.
        seed: Seed of the initial weights.

    Call arguments:
        images: `(batch, height, width, channels)` scaled images.

    Returns:
        `(batch,)` float32 energies.
    """

    def __init__(self, image_shape, base_width, max_width, num_hidden, seed, **kwargs):
        # The score is computed from its gradient, so images stay float32; convolutions may not.
        super().__init__(autocast=False, **kwargs)
        initializers = Initializers(seed)
        sizes = plan_sizes(*image_shape[:2])
        widths = plan_widths(len(sizes) - 1, base_width, max_width)
        self.offset = self.add_weight(name="offset", shape=tuple(image_shape), initializer="zeros")
        self.convolutions = [
            keras.layers.Conv2D(
                width,
                kernel_for(size),
                strides=2,
                padding="same",
                kernel_initializer=initializers.next(),
                dtype=self.dtype_policy,
            )
            for size, width in zip(sizes, widths, strict=False)
        ]
        self.hidden = keras.layers.Dense(
            num_hidden, kernel_initializer=initializers.next(), dtype="float32"
        )

    def call(self, images):
        features = images
        for convolution in self.convolutions:
            features = tf.nn.softplus(convolution(features))
        shape = (tf.shape(features)[0], features.shape[1:].num_elements())
        hidden = tf.nn.softplus(self.hidden(tf.reshape(features, shape)))
        difference = images - tf.cast(self.offset, tf.float32)
        distance = 0.5 * tf.reduce_sum(tf.square(difference), axis=[1, 2, 3])
        return distance - tf.reduce_sum(hidden, axis=1)

    def reconstruct(self, images):
        """The energies, and f(x) = x - ∇E(x), `(batch, height, width, channels)`."""
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(images)
            energies = self(images)
        return energies, images - tape.gradient(energies, images)
