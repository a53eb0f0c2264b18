"""Named networks of keras.applications, and the layers whose maps are used."""

import dataclasses

DEFAULT_BACKBONE = "efficientnet_b0"


@dataclasses.dataclass(frozen=True)
class Network:
    """A network of keras.applications.

    Attributes:
        builder: Name of its function there.
        layers: The last layers of strides 8, 16 and 32: ends of blocks, not their wide insides.
        cached: Name of its weights' file in Keras' cache, without the logits.
        scaling: What comes before its first layer: `none` (it scales inside), `symmetric` (to
            [-1, 1]), `means` (a color's mean is subtracted and colors are reversed) or `deviations`
            (a second division by colors' deviations, which Keras adds for these weights only).
        num_weights: Of the whole network up to the last of `layers`.
        megabytes: Of the file in Keras' cache.
    """

    builder: str
    layers: tuple[str, ...]
    cached: str
    scaling: str


NETWORKS = {
    "mobilenet_v2": Network(
        "MobileNetV2",
        ("block_5_add", "block_12_add", "block_16_project_BN"),
        "mobilenet_v2_weights_tf_dim_ordering_tf_kernels_1.0_224_no_top.h5",
        "symmetric",
    ),
    "efficientnet_b0": Network(
        "EfficientNetB0",
        ("block3b_add", "block5c_add", "block7a_project_bn"),
        "efficientnetb0_notop.h5",
        "deviations",
    ),
    "efficientnet_v2_b0": Network(
        "EfficientNetV2B0",
        ("block3b_add", "block5e_add", "block6h_add"),
        "efficientnetv2-b0_notop.h5",
        "none",
    ),
    "resnet50": Network(
        "ResNet50",
        ("conv3_block4_out", "conv4_block6_out", "conv5_block3_out"),
        "resnet50_weights_tf_dim_ordering_tf_kernels_notop.h5",
        "means",
    ),
}
