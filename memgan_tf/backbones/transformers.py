"""Vision transformers for any image size, with weights of keras-hub's for one size."""

import keras
import numpy as np

from memgan_tf.layers.tokens import PatchTokens, TokenMap

EPSILON = 1e-6


def from_dinov2(backbone: keras.Model, image: keras.KerasTensor) -> list[keras.KerasTensor]:
    """DINOv2's patch tokens as maps: `block1`, `block2` and so on, and finally `patches`.

    `patches` has the tokens of the last block after the network's last normalization. Scales of
    layers are folded into the matrices before them.

    Args:
        backbone: `DINOV2Backbone` of keras-hub.
        image: `(batch, height, width, 3)`, scaled for the network.

    Raises:
        ValueError: If the kind of its blocks is not supported.
    """
    if backbone.use_swiglu_ffn:
        raise ValueError("DINOv2's largest network has blocks that are not supported")
    patches = _embed(backbone, image)
    tokens = _tokens(backbone, patches)
    maps = []
    for index, block in enumerate(backbone.encoder.layers, start=1):
        tokens = _block(block, tokens, f"block{index}")
        maps.append(TokenMap(name=f"block{index}")(tokens, patches))
    tokens = _copied(_normalization("last"), backbone.layernorm, tokens)
    return [*maps, TokenMap(name="patches")(tokens, patches)]


def _embed(backbone, image):
    source = backbone.embeddings.patch_embeddings.projection
    size = backbone.patch_size
    layer = keras.layers.Conv2D(backbone.hidden_dim, size, size, dtype="float32", name="embedding")
    return _copied(layer, source, image)


def _tokens(backbone, patches):
    source = backbone.embeddings
    side = source.position_embedding_shape[0] // backbone.patch_size
    layer = PatchTokens(
        side,
        backbone.num_register_tokens,
        backbone.antialias_in_interpolation,
        dtype="float32",
        name="tokens",
    )
    tokens = layer(patches)
    positions = np.asarray(source.position_embeddings)[0]
    first = np.asarray(source.cls_token)[0] + positions[:1]
    if backbone.num_register_tokens:
        first = np.concatenate([first, np.asarray(source.register_tokens)[0]])
    layer.set_weights([first, positions[1:].reshape(side, side, -1)])
    return tokens


def _block(block, tokens, name):
    attention = keras.layers.MultiHeadAttention(
        block.num_heads, block.hidden_dim // block.num_heads, dtype="float32", name=f"{name}_heads"
    )
    normal = _copied(_normalization(f"{name}_first"), block.norm1, tokens)
    mixed = attention(normal, normal)
    attention.set_weights(_scaled(block.attention.attention.weights, block.layer_scale1.lambda1))
    tokens = keras.layers.Add(name=f"{name}_middle")([tokens, mixed])
    normal = _copied(_normalization(f"{name}_second"), block.norm2, tokens)
    inside = keras.layers.Dense(
        block.intermediate_dim, activation="gelu", dtype="float32", name=f"{name}_inside"
    )
    outside = keras.layers.Dense(block.hidden_dim, dtype="float32", name=f"{name}_outside")
    found = outside(_copied(inside, block.mlp.fc1, normal))
    outside.set_weights(_scaled(block.mlp.fc2.weights, block.layer_scale2.lambda1))
    return keras.layers.Add(name=f"{name}_tokens")([tokens, found])


def _normalization(name):
    return keras.layers.LayerNormalization(epsilon=EPSILON, dtype="float32", name=name)


def _copied(layer, source, given):
    output = layer(given)
    layer.set_weights([np.asarray(weight) for weight in source.weights])
    return output


def _scaled(weights, scale):
    """Arrays of a layer with the last matrix and bias scaled per output."""
    *rest, matrix, bias = (np.asarray(weight) for weight in weights)
    scale = np.asarray(scale)
    return [*rest, matrix * scale, bias * scale]
