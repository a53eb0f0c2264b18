"""MEMGAN's networks in idiomatic PyTorch, with the layers and widths of `memgan_tf.networks`.

Dropout and spectral normalization, which MEMGAN does not use, are left out.
"""

import math

import torch
from torch import nn
from torch.nn import functional

from memgan_tf.networks.blocks import kernel_for, plan_sizes, plan_widths

EPSILON = 1e-12


class Encoder(nn.Module):
    """E: stride-2 convolutions with batch normalization and leaky ReLU, and a dense layer."""

    def __init__(self, image_shape, latent_dim, base_width, max_width):
        super().__init__()
        self.trunk, features = _trunk(image_shape, base_width, max_width, True, 0.1)
        self.head = nn.Linear(features, latent_dim)

    def forward(self, images):
        return self.head(self.trunk(images).flatten(1))


class Generator(nn.Module):
    """G: the encoder's mirror."""

    def __init__(self, image_shape, latent_dim, base_width, max_width, tanh):
        super().__init__()
        sizes = plan_sizes(*image_shape[:2])[::-1]
        widths = plan_widths(len(sizes) - 1, base_width, max_width)[::-1]
        self.start = (widths[0], *sizes[0])
        self.dense = nn.Linear(latent_dim, math.prod(self.start), bias=False)
        layers = []
        for width, following, size in zip(
            widths, [*widths[1:], image_shape[2]], sizes[1:], strict=True
        ):
            is_last = size == sizes[-1]
            layers += [nn.BatchNorm2d(width), nn.ReLU()]
            layers.append(
                nn.ConvTranspose2d(
                    width, following, kernel_for(size), stride=2, padding=1, bias=is_last
                )
            )
        self.layers = nn.Sequential(*layers, *([nn.Tanh()] if tanh else []))

    def forward(self, codes):
        return self.layers(self.dense(codes).view(-1, *self.start))


class Discriminator(nn.Module):
    """D: the logit of an (image, code) pair."""

    def __init__(self, image_shape, latent_dim, base_width, max_width, dense_width):
        super().__init__()
        self.trunk, features = _trunk(image_shape, base_width, max_width, False, 0.2)
        self.image_dense = nn.Linear(features, dense_width)
        self.code_dense = nn.Sequential(
            nn.Linear(latent_dim, dense_width),
            nn.LeakyReLU(0.2),
            nn.Linear(dense_width, dense_width),
            nn.LeakyReLU(0.2),
        )
        self.joint = nn.Sequential(
            nn.Linear(2 * dense_width, dense_width), nn.LeakyReLU(0.2), nn.Linear(dense_width, 1)
        )

    def forward(self, images, codes):
        image_features = self.image_dense(self.trunk(images).flatten(1))
        image_features = functional.leaky_relu(image_features, 0.2)
        return self.joint(torch.cat([image_features, self.code_dense(codes)], 1))[:, 0]


class Memory(nn.Module):
    """M and its projection P."""

    def __init__(self, num_units, latent_dim, stddev):
        super().__init__()
        self.units = nn.Parameter(stddev * torch.randn(num_units, latent_dim))

    def address(self, codes):
        return codes @ self.units.T

    def forward(self, codes):
        return torch.softmax(self.address(codes), 1) @ self.units


class ScoringPath(nn.Module):
    """E, M and G in sequence; the moving average is of these weights."""

    def __init__(self, config):
        super().__init__()
        model, shape = config.model, config.image_shape
        widths = (model.base_width, model.max_width)
        tanh = model.input_scaling == "symmetric"
        self.symmetric, self.contrast_scale = tanh, model.contrast_scale
        self.encoder = Encoder(shape, model.latent_dim, *widths)
        self.generator = Generator(shape, model.latent_dim, *widths, tanh)
        self.memory = Memory(model.num_units, model.latent_dim, model.memory_init_stddev)

    def scale(self, pixels):
        pixels = pixels.float()
        if self.symmetric:
            return pixels / 127.5 - 1.0
        mean = pixels.mean((1, 2, 3), keepdim=True)
        deviation = pixels.std((1, 2, 3), correction=0, keepdim=True).clamp_min(1e-3)
        return self.contrast_scale * (pixels - mean) / deviation

    def forward(self, pixels):
        """A(x) of uint8 images, channels first."""
        scaled = self.scale(pixels)
        return distance(scaled, self.generator(self.memory(self.encoder(scaled))))


def distance(first, second):
    """‖first - second‖₂ for each image."""
    return ((first - second).square().flatten(1).sum(1) + EPSILON).sqrt()


def _trunk(image_shape, base_width, max_width, normalized, slope):
    sizes = plan_sizes(*image_shape[:2])
    widths = plan_widths(len(sizes) - 1, base_width, max_width)
    layers, channels = [], image_shape[2]
    for width, size in zip(widths, sizes, strict=False):
        layers.append(
            nn.Conv2d(channels, width, kernel_for(size), stride=2, padding=1, bias=not normalized)
        )
        layers += [nn.BatchNorm2d(width)] if normalized else []
        layers.append(nn.LeakyReLU(slope))
        channels = width
    return nn.Sequential(*layers), channels * math.prod(sizes[-1])
