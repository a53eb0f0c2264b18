"""Named networks of keras.applications, and the layers whose maps are used."""

import dataclasses

DEFAULT_BACKBONE = "efficientnet_b0"


@dataclasses.dataclass(frozen=True)
class Network:
    """A network of keras.applications.

    Attributes:
        builder: Name of its function there.
        layers: Ends of stages, see `maps.choose`, not the wide inner layers of blocks.
        cached: Name of its weights' file in Keras' cache, without the logits.
        scaling: Scaling before its first layer: `none` (it scales inside), `symmetric` (to
            [-1, 1]), `means` (a color's mean is subtracted and colors are reversed) or `deviations`
            (a second division by colors' deviations, which Keras adds for these weights only).
        license: License under which its authors published the weights.
    """

    builder: str
    layers: tuple[str, ...]
    cached: str
    scaling: str
    license: str = "Apache License 2.0"


NETWORKS = {
    "mobilenet_v2": Network(
        "MobileNetV2",
        ("block_5_add", "block_9_add", "block_12_add", "block_15_add"),
        "mobilenet_v2_weights_tf_dim_ordering_tf_kernels_1.0_224_no_top.h5",
        "symmetric",
    ),
    "efficientnet_b0": Network(
        "EfficientNetB0",
        ("block3b_add", "block4c_add", "block5c_add", "block6d_add"),
        "efficientnetb0_notop.h5",
        "deviations",
    ),
    "efficientnet_v2_b0": Network(
        "EfficientNetV2B0",
        ("block3b_add", "block4c_add", "block5e_add", "block6h_add"),
        "efficientnetv2-b0_notop.h5",
        "none",
    ),
    "resnet50": Network(
        "ResNet50",
        ("conv3_block4_out", "conv4_block6_out", "conv5_block3_out"),
        "resnet50_weights_tf_dim_ordering_tf_kernels_notop.h5",
        "means",
        "MIT License",
    ),
}
