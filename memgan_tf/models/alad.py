"""ALAD: adversarially learned anomaly detection (Zenati et al., 2018)."""

import tensorflow as tf

from memgan_tf.losses import l2_distance
from memgan_tf.losses.images import absolute_distance
from memgan_tf.models.bigan import BiGAN, BiganNetworks
from memgan_tf.networks.code_discriminator import CodeDiscriminator
from memgan_tf.networks.image_discriminator import PairConvolutions, PairDiscriminator


class AladNetworks(BiganNetworks):
    """BiGAN's networks, with D_xx for the cycle of images and D_zz for the cycle of codes."""

    drops_images = False

    code_pairs: CodeDiscriminator
    image_pairs: PairDiscriminator

    def make_discriminators(self, build):
        config, image_shape = self.config, build.image_shape
        joint = super().make_discriminators(build)
        options = {
            "dropout": config.discriminator_dropout,
            "spectral_normalization": config.spectral_normalization,
            "dtype": build.dtype,
        }
        named = {"seed": build.seed_of("image_pairs"), "name": "image_pairs", **options}
        if config.image_pairs == "convolutions":
            # Half as wide as the other networks, as in the source: 64 where they have 128.
            image_pairs = PairConvolutions(image_shape, -(-config.base_width // 2), **named)
        else:
            image_pairs = PairDiscriminator(
                image_shape,
                config.base_width,
                config.max_width,
                config.discriminator_width,
                **named,
            )
        image_pairs(*[tf.zeros((1, *image_shape))] * 2)
        code_pairs = CodeDiscriminator(
            config.discriminator_width,
            seed=build.seed_of("code_pairs"),
            name="code_pairs",
            **options,
        )
        code_pairs(*[tf.zeros((1, config.latent_dim))] * 2)
        return {**joint, "image_pairs": image_pairs, "code_pairs": code_pairs}

    def score(self, scaled, codes, reconstruction):
        """The distance that `score_form` names, `(batch,)`."""
        form = self.config.score_form
        if form == "l1":
            return absolute_distance(scaled, reconstruction)
        if form == "l2":
            return l2_distance(scaled, reconstruction)
        if form == "logits":
            # The logit of D_xx measures how much G(E(x)) resembles x itself.
            return -self.image_pairs(scaled, reconstruction)
        return absolute_distance(
            self.image_pairs.features(scaled, scaled),
            self.image_pairs.features(scaled, reconstruction),
        )


class ALAD(BiGAN):
    """BiGAN's game and two more: (x, x) against (x, G(E(x))), and (z, z) against (z, E(G(z))).

    Its configuration is `AladConfig`.
    """

    networks_class = AladNetworks
    trained: AladNetworks
    scoring: AladNetworks

    def forward(self, images, noise):
        seen = super().forward(images, noise)
        return {
            **seen,
            "reconstruction": self.trained.generator(seen["codes"], training=True),
            "returned": self.trained.encoder(seen["generated"], training=True),
        }

    def logit_pairs(self, seen, kept):
        parts = self.trained
        cycles = (
            (parts.image_pairs, seen["scaled"], seen["reconstruction"]),
            (parts.code_pairs, seen["noise"], seen["returned"]),
        )
        pairs = super().logit_pairs(seen, kept)
        for discriminator, start, end in cycles:
            of_real, of_fake = kept[discriminator.name]
            real = discriminator(start, start, of_real)
            pairs.append((real, discriminator(start, end, of_fake)))
        return pairs
