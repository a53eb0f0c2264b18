"""Presets of keras-hub, and their architectures for weights from a file."""

from typing import Any

# Supported classes of networks; their presets are in keras-hub's own list.
CLASSES = ("EfficientNetBackbone", "ResNetBackbone", "DINOV2Backbone")
# Means and deviations of ImageNet's images, in [0, 1].
MEANS = (0.485, 0.456, 0.406)
DEVIATIONS = (0.229, 0.224, 0.225)


def _dinov2(hidden_dim: int, num_heads: int) -> dict:
    return {
        "patch_size": 14,
        "num_layers": 12,
        "hidden_dim": hidden_dim,
        "num_heads": num_heads,
        "intermediate_dim": 4 * hidden_dim,
        "image_shape": (518, 518, 3),
        "position_embedding_shape": (518, 518),
    }


# (class, settings)
ARCHITECTURES: dict[str, tuple[str, dict[str, Any]]] = {
    "efficientnet_lite0_ra_imagenet": (
        "EfficientNetBackbone",
        {
            "stackwise_width_coefficients": [1.0] * 7,
            "stackwise_depth_coefficients": [1.0] * 7,
            "stackwise_squeeze_and_excite_ratios": [0] * 7,
            "activation": "relu6",
            "stackwise_kernel_sizes": [3, 3, 5, 3, 5, 5, 3],
            "stackwise_num_repeats": [1, 2, 2, 3, 3, 4, 1],
            "stackwise_input_filters": [32, 16, 24, 40, 80, 112, 192],
            "stackwise_output_filters": [16, 24, 40, 80, 112, 192, 320],
            "stackwise_expansion_ratios": [1, 6, 6, 6, 6, 6, 6],
            "stackwise_strides": [1, 2, 2, 2, 1, 2, 1],
            "stackwise_block_types": ["v1"] * 7,
            "min_depth": None,
            "use_depth_divisor_as_min_depth": True,
            "cap_round_filter_decrease": True,
            "dropout": 0,
        },
    ),
    "resnet_18_imagenet": (
        "ResNetBackbone",
        {
            "input_conv_filters": [64],
            "input_conv_kernel_sizes": [7],
            "stackwise_num_filters": [64, 128, 256, 512],
            "stackwise_num_blocks": [2, 2, 2, 2],
            "stackwise_num_strides": [1, 2, 2, 2],
            "block_type": "basic_block",
        },
    ),
    "dinov2_small": ("DINOV2Backbone", _dinov2(384, 6)),
    "dinov2_base": ("DINOV2Backbone", _dinov2(768, 12)),
}
