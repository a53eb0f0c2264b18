"""Dropout in the discriminators and spectral normalisation: where they act, and where not."""

import numpy as np
import pytest
import tensorflow as tf

from memgan_tf.config import resolve
from memgan_tf.detectors.registry import implementation
from memgan_tf.networks.blocks import drop

SEED = tf.constant([1, 2], tf.int64)
TINY = {"base_width": 4, "latent_dim": 3, "discriminator_width": 6, "num_inversion_steps": 2}
GANS = ["bigan", "alad", "adgan"]


@pytest.fixture
def make_model():
    def make(name, **overrides):
        tiny = {k: v for k, v in TINY.items() if name == "adgan" or k != "num_inversion_steps"}
        config = resolve(name, "default", (8, 8, 1), {**tiny, **overrides})
        return implementation(name)(config.model, config.image_shape, seed=3)

    return make


def masks_of(model, seed=SEED, batch_size=200):
    draws = model.draw(batch_size, seed)
    return {name: mask.numpy() for name, mask in draws.items() if name != "noise"}


def test_dropout_by_hand():
    features = tf.constant([[1.0, 2.0, 3.0, 4.0]])
    kept = tf.constant([[True, False, True, False]])
    np.testing.assert_allclose(drop(features, kept, 0.75), [[4.0, 0.0, 12.0, 0.0]])
    assert drop(features, None, 0.75) is features


@pytest.mark.parametrize(
    ("name", "shapes"),
    [
        # The 8×8 image's one convolution, its dense layer, the code's two, the joint one.
        ("bigan", {"discriminator": [(4, 4, 4), (6,), (6,), (6,), (6,)]}),
        # As in its authors' code the image's branch of D_xz is left alone. D_xx sees two images,
        # one below the other: 16×8, 8×4, 4×2.
        (
            "alad",
            {
                "discriminator": [(6,), (6,), (6,)],
                "image_pairs": [(8, 4, 4), (4, 2, 8), (6,)],
                "code_pairs": [(6,), (3,)],
            },
        ),
        # With the source's own D_xx: 5×5 convolutions of half the width, then twice that.
        (
            "alad convolutions",
            {
                "discriminator": [(6,), (6,), (6,)],
                "image_pairs": [(8, 4, 2), (4, 2, 4)],
                "code_pairs": [(6,), (3,)],
            },
        ),
        ("adgan", {"discriminator": [(4, 4, 4), (6,)]}),
    ],
)
def test_which_units_may_be_left_out(name, shapes, make_model):
    name, *pairs = name.split()
    options = {"image_pairs": pairs[0]} if pairs else {}
    masks = masks_of(make_model(name, discriminator_dropout=0.3, **options))
    expected = {
        f"kept/{network}/{index}": (200, 2, 2, *shape)
        for network, each in shapes.items()
        for index, shape in enumerate(each)
    }
    assert {key: mask.shape for key, mask in masks.items()} == expected
    for mask in masks.values():
        assert mask.mean() == pytest.approx(0.7, abs=0.03)


def test_every_pass_has_masks_of_its_own_and_the_seed_decides(make_model):
    model = make_model("alad", discriminator_dropout=0.5)
    masks = masks_of(model)
    again, later = masks_of(model), masks_of(model, tf.constant([1, 3], tf.int64))
    for key, mask in masks.items():
        np.testing.assert_array_equal(mask, again[key])
        passes = [later[key][:, 0, 0]] + [mask[:, t, side] for t in (0, 1) for side in (0, 1)]
        for first in range(5):
            for second in range(first):
                assert np.mean(passes[first] == passes[second]) < 0.6, key
    same_shape = [masks[f"kept/discriminator/{index}"] for index in range(3)]
    assert np.mean(same_shape[0] == same_shape[1]) < 0.6


@pytest.mark.parametrize("name", GANS)
def test_no_dropout_draws_nothing_and_dropout_leaves_the_noise(name, make_model):
    without = make_model(name).draw(5, SEED)
    assert set(without) == {"noise"}
    dropping = make_model(name, discriminator_dropout=0.5).draw(5, SEED)
    np.testing.assert_array_equal(dropping["noise"], without["noise"])


@pytest.mark.parametrize("name", GANS)
def test_each_mask_acts_on_its_layer(name, make_model, pixels):
    """All units of any one layer left out: the logits are others than with all kept."""
    model = make_model(name, discriminator_dropout=0.5)
    images, codes = pixels(4) / 255, tf.random.stateless_normal((4, 3), (0, 1))
    pairs = {"image_pairs": (images, images[::-1]), "code_pairs": (codes, codes[::-1])}
    pairs["discriminator"] = (images,) if name == "adgan" else (images, codes)
    for network in model.trained.discriminators:
        arguments = pairs[network.name]
        kept = [tf.fill((4, *shape), True) for shape in network.dropped_shapes]
        full = network(*arguments, kept=kept).numpy()
        for index, mask in enumerate(kept):
            masks = [*kept[:index], tf.zeros_like(mask), *kept[index + 1 :]]
            assert np.abs(network(*arguments, kept=masks) - full).min() > 0, (network.name, index)
        # The layer before the head: nothing but the head's bias is left, and that is 0.
        np.testing.assert_array_equal(
            network(*arguments, kept=[*kept[:-1], tf.zeros_like(kept[-1])]), np.zeros(4)
        )


@pytest.mark.parametrize("name", GANS)
def test_the_score_drops_nothing(name, make_model, pixels):
    images = pixels(4)
    expected = make_model(name).explain(images)["anomaly_score"]
    dropping = make_model(name, discriminator_dropout=0.9)
    np.testing.assert_array_equal(dropping.explain(images)["anomaly_score"], expected)


def kernels_of(model):
    """Kernels of E's and the discriminators' hidden layers, and those of their last ones."""
    networks = [*model.trained.discriminators, getattr(model.trained, "encoder", None)]
    hidden, last = [], []
    for network in filter(None, networks):
        last.append(network.head.kernel)
        kernels = [v for v in network.trainable_variables if v.name == "kernel"]
        hidden += [kernel for kernel in kernels if kernel is not network.head.kernel]
    return hidden, last


def answers(model, images):
    """Every discriminator's logits, and the codes where there are any."""
    noise = model.draw(len(images), SEED)["noise"]
    if not hasattr(model.trained, "encoder"):
        return [model.trained.discriminator(model.trained.scaling(images)).numpy()]
    seen = model.forward(images, noise)
    pairs = model.logit_pairs(seen, model.kept_units({}, turn=0))
    return [seen["codes"].numpy(), *(logits.numpy() for pair in pairs for logits in pair)]


@pytest.mark.parametrize("name", GANS)
@pytest.mark.parametrize("spectral", [True, False])
def test_spectral_normalisation_forgets_the_scale_of_hidden_kernels(
    spectral, name, make_model, pixels
):
    """In all of E's and D's hidden layers, and as in ALAD's code in none of the last ones."""
    model = make_model(name, spectral_normalization=spectral, normalization="none")
    before = answers(model, pixels(3))
    hidden, last = kernels_of(model)
    for kernel in hidden + last:
        value = kernel.numpy()
        kernel.assign(4.0 * value)
        after = answers(model, pixels(3))
        kernel.assign(value)
        change = max(np.abs(a - b).max() for a, b in zip(after, before, strict=True))
        forgotten = spectral and any(kernel is each for each in hidden)
        assert (change < 1e-5) == forgotten, kernel.path


@pytest.mark.parametrize("normalization", ["none", "layer", "batch"])
def test_only_batch_normalization_lets_images_change_each_others_answer(normalization, pixels):
    options = {**TINY, "discriminator_normalization": normalization}
    config = resolve("adgan", "default", (16, 16, 1), options)
    model = implementation("adgan")(config.model, config.image_shape, seed=3)
    images = pixels(6, (16, 16, 1)) / 127.5 - 1.0
    discriminator = model.trained.discriminator
    together = discriminator(images, training=True).numpy()
    halves = [discriminator(part, training=True).numpy() for part in (images[:3], images[3:])]
    difference = np.abs(together - np.concatenate(halves)).max()
    assert (difference > 1e-3) == (normalization == "batch")
    # Real and fake images are judged in batches of their own.
    real, fake = model._logits(images[:3], images[3:], [(), ()])
    np.testing.assert_allclose(np.concatenate([real, fake]), np.concatenate(halves), atol=1e-5)
    # The first convolution has none.
    normalized = [len(layer.variables) for layer in discriminator.trunk.normalizations]
    assert normalized == [0, {"none": 0, "layer": 2, "batch": 4}[normalization]]
