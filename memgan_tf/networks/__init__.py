"""Networks for images of 8 to 256 pixels per side, with 1 or 3 channels."""

from memgan_tf.networks.discriminator import JointDiscriminator
from memgan_tf.networks.encoder import Encoder
from memgan_tf.networks.generator import Generator

__all__ = ["Encoder", "Generator", "JointDiscriminator"]
