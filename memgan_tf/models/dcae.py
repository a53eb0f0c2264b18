"""DCAE: the deep convolutional autoencoder of Ruff et al. (2018)."""

from memgan_tf.losses.images import squared_distance
from memgan_tf.models.common.lenet_networks import LenetNetworks
from memgan_tf.models.common.single_player import SinglePlayerModel, half_squared_weights


class DCAE(SinglePlayerModel):
    """An autoencoder trained and scored by ‖x - x̂‖².

    Its configuration is `DcaeConfig`.
    """

    networks_class = LenetNetworks
    trained: LenetNetworks
    scoring: LenetNetworks

    @property
    def term_weights(self):
        return {"loss/reconstruction": 1.0, "loss/weight_decay": self.config.weight_decay}

    def terms(self, images, draws):
        scaled, _, reconstruction = self.trained.reconstruct(images, training=True)
        return {
            "loss/reconstruction": squared_distance(scaled, reconstruction),
            "loss/weight_decay": half_squared_weights(self.players[self.player], images),
        }
