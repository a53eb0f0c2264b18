"""The joint discriminator D_xz."""

import keras
import tensorflow as tf

from memgan_tf.networks.blocks import ConvolutionTrunk, Initializers

NEGATIVE_SLOPE = 0.2


class JointDiscriminator(keras.Model):
    """D_xz: the logit that an (image, code) pair is (x, E(x)) rather than (G(z), z).

    It has no normalisation across the batch: its answer for a pair depends on the pair alone.

    Args:
        image_shape: `(height, width, channels)`.
        base_width, max_width: Channels of the image's trunk.
        dense_width: Units of the code's two dense layers and of the joint one.
        seed: Seed of the initial weights.

    Call arguments:
        images: `(batch, height, width, channels)` scaled images.
        codes: `(batch, latent_dim)`.

    Returns:
        `(batch,)` float32 logits.
    """

    def __init__(self, image_shape, base_width, max_width, dense_width, seed, **kwargs):
        super().__init__(**kwargs)
        initializers = Initializers(seed)
        self.trunk = ConvolutionTrunk(
            image_shape,
            base_width,
            max_width,
            normalization="none",
            negative_slope=NEGATIVE_SLOPE,
            initializers=initializers,
            dtype=self.dtype_policy,
        )
        self.image_dense, self.code_dense_1, self.code_dense_2, self.joint_dense = (
            keras.layers.Dense(
                dense_width, kernel_initializer=initializers.next(), dtype=self.dtype_policy
            )
            for _ in range(4)
        )
        self.head = keras.layers.Dense(1, kernel_initializer=initializers.next(), dtype="float32")

    def features(self, images, codes):
        """What the logit is read from, `(batch, dense_width)` float32."""
        image_features = _activate(self.image_dense(self.trunk(images)))
        code_features = _activate(self.code_dense_1(codes))
        code_features = _activate(self.code_dense_2(code_features))
        joint = tf.concat([image_features, code_features], axis=1)
        return tf.cast(_activate(self.joint_dense(joint)), tf.float32)

    def call(self, images, codes):
        return self.head(self.features(images, codes))[:, 0]


def _activate(features):
    return tf.nn.leaky_relu(features, NEGATIVE_SLOPE)
