"""MemAE: the memory-augmented autoencoder of Gong et al. (2019)."""

import tensorflow as tf

from memgan_tf.layers.sparse_memory import SparseMemoryLayer
from memgan_tf.losses.images import entropy, squared_distance
from memgan_tf.models.common.build import Build
from memgan_tf.models.common.paired import Networks, make_encoder_generator
from memgan_tf.models.common.single_player import SinglePlayerModel
from memgan_tf.networks import Encoder, Generator


class MemaeNetworks(Networks):
    """x → E(x) → sparse combination of memory items → decoder."""

    encoder: Encoder
    generator: Generator

    def __init__(self, config, build: Build):
        scaling, encoder, generator = make_encoder_generator(config, build)
        memory = SparseMemoryLayer(
            config.num_units,
            config.similarity,
            config.shrinkage,
            seed=build.seed_of("memory"),
            name="memory",
        )
        memory.build((None, encoder.code_size))
        memory.built = True
        parts = {"encoder": encoder, "generator": generator}
        super().__init__(scaling, parts, build.jit_compile)
        self.memory = self._parts["memory"] = memory

    def reconstruct(self, images, training=False, statistics_rate=None):
        """Scaled images, codes, addressing weights and reconstructions."""
        options = {"training": training, "statistics_rate": statistics_rate}
        scaled = self.scaling(images)
        codes = self.encoder(scaled, **options)
        weights = self.memory.attend(codes)
        return scaled, codes, weights, self.generator(self.memory.mix(weights), **options)

    def explain(self, images, training=False, statistics_rate=None):
        scaled, codes, weights, reconstruction = self.reconstruct(images, training, statistics_rate)
        return {
            "anomaly_score": squared_distance(scaled, reconstruction),
            "attention": weights,
            "codes": codes,
            **self.explain_reconstruction(scaled, reconstruction),
        }


class MemAE(SinglePlayerModel):
    """Trained by ‖x - x̂‖² and the entropy of the addressing weights, scored by ‖x - x̂‖².

    Its configuration is `MemaeConfig`.
    """

    networks_class = MemaeNetworks
    trained: MemaeNetworks
    scoring: MemaeNetworks

    @property
    def term_weights(self):
        return {"loss/reconstruction": 1.0, "loss/entropy": self.config.entropy_weight}

    def terms(self, images, draws):
        scaled, _, weights, reconstruction = self.trained.reconstruct(images, training=True)
        return {
            "loss/reconstruction": squared_distance(scaled, reconstruction),
            "loss/entropy": entropy(weights),
        }

    def decode_units(self):
        scoring = self.scoring
        return scoring.scaling.display(scoring.generator(scoring.memory.units))

    def recall(self, slots):
        units = tf.gather(tf.convert_to_tensor(self.scoring.memory.units), slots)
        return {"unit": units, **super().recall(slots)}

    def embedding_points(self):
        return {"unit": self.scoring.memory.units.numpy()}
