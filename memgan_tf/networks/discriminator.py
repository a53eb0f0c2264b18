"""The joint discriminator D_xz."""

import keras
import tensorflow as tf

from memgan_tf.networks.blocks import ConvolutionTrunk, Initializers, drop, linear_layers

NEGATIVE_SLOPE = 0.2


class JointDiscriminator(keras.Model):
    """D_xz: the logit that an (image, code) pair is (x, E(x)) rather than (G(z), z).

    It has no normalization across the batch, so its answer for a pair depends on that pair alone.

    Args:
        image_shape: `(height, width, channels)`.
        base_width, max_width: Channels of the image's trunk.
        dense_width: Units of the code's two dense layers and of the joint one.
        seed: Seed of the initial weights.
        dropout: Share of the hidden units that dropout removes.
        drops_images: Whether dropout also acts on the image's trunk.
        spectral_normalization: Whether the hidden layers' kernels are divided by their largest
            singular values.

    Attributes:
        dropped_shapes: Shapes of the hidden features that dropout acts on, for one image.

    Call arguments:
        images: `(batch, height, width, channels)` scaled images.
        codes: `(batch, latent_dim)`.
        kept: Masks of `drop`, one for each of `dropped_shapes`; empty drops nothing.

    Returns:
        `(batch,)` float32 logits.
    """

    def __init__(
        self,
        image_shape,
        base_width,
        max_width,
        dense_width,
        seed,
        dropout=0.0,
        drops_images=True,
        spectral_normalization=False,
        **kwargs,
    ):
        super().__init__(**kwargs)
        initializers = Initializers(seed)
        self.trunk = ConvolutionTrunk(
            image_shape,
            base_width,
            max_width,
            normalization="none",
            negative_slope=NEGATIVE_SLOPE,
            initializers=initializers,
            spectral_normalization=spectral_normalization,
            dropout=dropout,
            dtype=self.dtype_policy,
        )
        _, dense = linear_layers(spectral_normalization)
        self.image_dense, self.code_dense_1, self.code_dense_2, self.joint_dense = (
            dense(dense_width, kernel_initializer=initializers.next(), dtype=self.dtype_policy)
            for _ in range(4)
        )
        self.dropout = dropout
        images = [*self.trunk.feature_shapes, (dense_width,)] if drops_images else []
        self.dropped_shapes = [*images, *[(dense_width,)] * 3] if dropout > 0 else []
        self.head = keras.layers.Dense(1, kernel_initializer=initializers.next(), dtype="float32")

    def features(self, images, codes, kept=()):
        """Features that the logit is linear in, `(batch, dense_width)` float32."""
        *of_image, code_1, code_2, joint = kept or [None] * 3
        *in_trunk, image = of_image or [None]
        image_features = self._activate(self.image_dense(self.trunk(images, kept=in_trunk)), image)
        code_features = self._activate(self.code_dense_1(codes), code_1)
        code_features = self._activate(self.code_dense_2(code_features), code_2)
        features = tf.concat([image_features, code_features], axis=1)
        return tf.cast(self._activate(self.joint_dense(features), joint), tf.float32)

    def call(self, images, codes, kept=()):
        return self.head(self.features(images, codes, kept))[:, 0]

    def _activate(self, features, kept):
        return drop(tf.nn.leaky_relu(features, NEGATIVE_SLOPE), kept, self.dropout)
