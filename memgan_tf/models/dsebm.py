"""DSEBM: a deep structured energy-based model (Zhai et al., 2016)."""

import tensorflow as tf

from memgan_tf.layers.scaling import make_scaling
from memgan_tf.losses import l2_distance
from memgan_tf.losses.images import squared_distance
from memgan_tf.models.common.build import Build
from memgan_tf.models.common.paired import Networks
from memgan_tf.models.common.single_player import SinglePlayerModel
from memgan_tf.networks.energy import EnergyNetwork


class DsebmNetworks(Networks):
    """The energy E(x); its gradient gives the reconstruction f(x) = x - ∇E(x)."""

    energy: EnergyNetwork

    def __init__(self, config, build: Build):
        energy = EnergyNetwork(
            build.image_shape,
            config.base_width,
            config.max_width,
            config.num_hidden,
            seed=build.seed,
            dtype=build.dtype,
            name="energy",
        )
        energy(tf.zeros((1, *build.image_shape)))
        scaling = make_scaling(config.input_scaling, config.contrast_scale)
        super().__init__(scaling, {"energy": energy}, build.jit_compile)
        self.energy_form = config.energy_form

    def explain(self, images, training=False, statistics_rate=None):
        scaled = self.scaling(images)
        energies, reconstruction = self.energy.reconstruct(scaled)
        by_energy = self.energy_form == "energy"
        return {
            "anomaly_score": energies if by_energy else l2_distance(scaled, reconstruction),
            **self.explain_reconstruction(scaled, reconstruction),
        }


class DSEBM(SinglePlayerModel):
    """Trained by score matching: f of a noisy image is the image.

    Its configuration is `DsebmConfig`.
    """

    networks_class = DsebmNetworks
    trained: DsebmNetworks
    scoring: DsebmNetworks
    player = "energy"
    term_weights = {"loss/reconstruction": 1.0}  # noqa: RUF012

    def draw(self, batch_size, seed):
        shape = (batch_size, *self.image_shape)
        noise = tf.random.stateless_normal(shape, seed, stddev=self.config.noise_stddev)
        return {"noise": noise}

    def terms(self, images, draws):
        scaled = self.trained.scaling(images)
        _, reconstruction = self.trained.energy.reconstruct(scaled + draws["noise"])
        return {"loss/reconstruction": squared_distance(scaled, reconstruction)}
