"""Files of the kinds that users have: what works, and one line for what cannot."""

import keras
import numpy as np
import pytest

from memgan_tf.backbones.carrying import read_backbone, save_backbone
from memgan_tf.backbones.making import make_backbone
from tests.backbones import hostile_files as hostile
from tests.tiny_backbone import make_tiny_network, randomize

layers = keras.layers


def image(side=None, channels=3):
    return keras.Input((side, side, channels))


def block(channels, name, stride=2):
    return layers.Conv2D(channels, 3, stride, padding="same", activation="relu", name=name)


def saved(tmp_path, *arguments):
    model = keras.Model(*arguments)
    randomize(model)
    return saved_model(tmp_path, model)


def saved_model(tmp_path, model):
    model.save(tmp_path / "user.keras")
    return f"file:{tmp_path / 'user.keras'}"


def pixels(side=64):
    return np.random.default_rng(1).uniform(0, 255, (1, side, side, 3)).astype("float32")


def check_same(backbone, expected, given=None):
    given = pixels() if given is None else given
    for found, wanted in zip(backbone.maps(given), expected(given), strict=True):
        np.testing.assert_allclose(found, wanted, rtol=1e-5, atol=1e-5)


def test_model_inside_a_model(tmp_path):
    """Transfer learning as tutorials have it: augmentation, scaling, a base, a head."""
    base = make_tiny_network(top=False)
    augmentation = keras.Sequential([layers.RandomFlip("horizontal"), layers.RandomRotation(0.1)])
    inputs = image(64)
    scaled = (augmentation(inputs) - 1.0) * 0.5 / 2.0 + 3.0
    pooled = layers.GlobalAveragePooling2D()(base(scaled, training=False))
    outputs = layers.Dense(2)(layers.Dropout(0.2)(pooled))
    backbone = make_backbone(saved(tmp_path, inputs, outputs))
    assert backbone.layers == ("first", "second", "third")
    part = keras.Model(base.input, [base.get_layer(name).output for name in backbone.layers])
    check_same(backbone, lambda given: part((given - 1.0) * 0.5 / 2.0 + 3.0))
    save_backbone(backbone, tmp_path)
    check_same(read_backbone(tmp_path), backbone.maps)


def test_sequential(tmp_path):
    blocks = [block(4, "one"), block(6, "two"), block(8, "three")]
    model = keras.Sequential([image(32), layers.Rescaling(1 / 255)])
    for layer in (*blocks, layers.Flatten(), layers.Dense(3)):
        model.add(layer)
    backbone = make_backbone(saved_model(tmp_path, model))
    assert backbone.layers == ("one", "two", "three")
    assert backbone.strides == (2, 4, 8)
    outputs = [layer.output for layer in blocks]
    check_same(backbone, keras.Model(model.inputs[0], outputs), pixels(32))


def test_logits_of_one_size_do_not_matter(tmp_path):
    """`Flatten` and logits know one size; the maps before them do not."""
    inputs = image(32)
    found = block(8, "map", 4)(inputs)
    backbone = make_backbone(saved(tmp_path, inputs, layers.Dense(3)(layers.Flatten()(found))))
    assert backbone.maps(pixels(96))[0].shape == (1, 24, 24, 8)


def test_unused_layers_are_cut_off(tmp_path, tiny):
    backbone = make_backbone(f"file:{tiny}", layers="second")
    names = {layer.name for layer in backbone.model.layers}
    assert "second_convolution" in names
    assert not names & {"third_convolution", "third", "pool", "logits"}
    save_backbone(backbone, tmp_path)
    assert {layer.name for layer in read_backbone(tmp_path).model.layers} == names


def test_frozen_and_in_inference_mode(tmp_path, tiny):
    backbone = make_backbone(f"file:{tiny}")
    assert not backbone.model.trainable_weights
    before = [np.asarray(weight) for weight in backbone.model.weights]
    for scoring, training in zip(
        backbone.model(pixels(), training=False),
        backbone.model(pixels(), training=True),
        strict=True,
    ):
        np.testing.assert_array_equal(scoring, training)
    for old, new in zip(before, backbone.model.weights, strict=True):
        np.testing.assert_array_equal(old, new)


def test_half_precision_becomes_single(tmp_path):
    inputs = image()
    found = layers.Conv2D(4, 3, 2, padding="same", dtype="mixed_float16", name="half")(inputs)
    backbone = make_backbone(saved(tmp_path, inputs, found))
    assert backbone.maps(pixels())[0].dtype == "float32"


def test_squeeze_and_excitation_is_no_map(tmp_path):
    """A branch of size 1 × 1 that scales a map is passed, and no map."""
    inputs = image()
    wide = block(8, "wide", 4)(inputs)
    weights = layers.GlobalAveragePooling2D(keepdims=True)(wide)
    weights = layers.Conv2D(8, 1, activation="sigmoid", name="excite")(weights)
    scaled = layers.Multiply(name="scaled")([wide, weights])
    backbone = make_backbone(saved(tmp_path, inputs, scaled))
    assert backbone.layers == ("scaled",)


def test_insides_of_blocks_are_not_chosen(tmp_path):
    """Of stride 8 the narrow end of a block, not its wide inside, though that comes later."""
    inputs = image()
    narrow = block(8, "narrow", 8)(inputs)
    inside = block(16, "inside", 1)(narrow)
    added = layers.Add(name="added")([narrow, layers.Conv2D(8, 1, name="project")(inside)])
    expanded = block(48, "expanded", 1)(added)
    backbone = make_backbone(saved(tmp_path, inputs, block(12, "next", 2)(expanded)), num_maps=2)
    assert backbone.layers == ("added", "next")


def test_branches_are_not_chosen(tmp_path):
    """Of stride 8 the last layer that everything passes, not one of two ways on from it."""
    inputs = image()
    whole = block(8, "whole", 8)(inputs)
    aside = layers.MaxPooling2D(2, name="pooled")(block(8, "aside", 1)(whole))
    joined = layers.Concatenate(name="joined")([block(8, "onward", 2)(whole), aside])
    backbone = make_backbone(saved(tmp_path, inputs, joined), num_maps=2)
    assert backbone.layers == ("whole", "joined")


def test_what_is_random_while_training_is_left_out(tmp_path):
    inputs = image()
    found = block(4, "map")(layers.Dropout(0.5)(layers.RandomFlip()(inputs)))
    backbone = make_backbone(saved(tmp_path, inputs, found))
    assert [layer.name for layer in backbone.model.layers] == ["image", "map"]
    check_same(backbone, lambda given: [backbone.model(given, training=True)])


def test_layers_by_name_finest_first(tiny):
    backbone = make_backbone(f"file:{tiny}", layers="third, first")
    assert backbone.layers == ("first", "third")
    assert backbone.strides == (2, 8)


def test_a_forgotten_scaling_is_noted(tmp_path, tiny):
    assert make_backbone(f"file:{tiny}").notes == ()
    inputs = image()
    found = make_backbone(saved(tmp_path, inputs, block(4, "bare")(inputs)))
    assert "nothing scales pixels" in found.notes[0]
    save_backbone(found, tmp_path)
    assert read_backbone(tmp_path).notes == found.notes


def test_settings_of_another_version_that_are_off(tmp_path, tiny):
    """A newer Keras adds settings; those that are off do not keep an older one from reading."""
    path = tmp_path / "newer.keras"
    hostile.with_setting(tiny, path, added_later=None, also_added=False)
    assert make_backbone(f"file:{path}").sha256 == make_backbone(f"file:{tiny}").sha256
    hostile.with_setting(tiny, path, added_later=True)
    refuses(f"file:{path}", "added_later")


def refuses(request, part, **options):
    with pytest.raises(ValueError, match=r"^[^\n]*$") as caught:
        make_backbone(request, **options)
    assert part in str(caught.value)


def test_layer_that_does_not_exist(tiny):
    refuses(f"file:{tiny}", "the nearest that do: second", layers="secnd")


@pytest.mark.parametrize("name", ["pool", "logits"])
def test_layer_without_maps(tiny, name):
    refuses(f"file:{tiny}", "must give maps", layers=name)


def test_vectors(tmp_path):
    inputs = keras.Input((10,))
    refuses(saved(tmp_path, inputs, layers.Dense(3)(inputs)), "one color image")


def test_grey(tmp_path):
    inputs = image(channels=1)
    refuses(saved(tmp_path, inputs, block(4, "grey")(inputs)), "one color image")


def test_channels_first(tmp_path):
    inputs = keras.Input((3, 32, 32))
    refuses(saved(tmp_path, inputs, layers.Permute((2, 3, 1))(inputs)), "one color image")


def test_two_images(tmp_path):
    inputs = [image(), image()]
    refuses(saved(tmp_path, inputs, layers.Add()(inputs)), "one color image")


def test_no_maps(tmp_path):
    inputs = image(16)
    outputs = layers.Dense(3)(layers.Flatten()(inputs))
    refuses(saved(tmp_path, inputs, outputs), "must have layers that give maps")


def test_weights_that_are_no_numbers(tmp_path):
    inputs = image()
    model = keras.Model(inputs, block(4, "broken")(inputs))
    model.layers[-1].bias.assign([1.0, np.nan, 2.0, 3.0])
    refuses(saved_model(tmp_path, model), "must be finite")


def test_maps_of_one_size(tmp_path):
    inputs = image(32)
    resized = layers.Reshape((16, 64, 3))(inputs)
    refuses(saved(tmp_path, inputs, resized), "maps")


def test_enormous_maps(tmp_path):
    inputs = image()
    large = layers.UpSampling2D(1000)(block(4, "small")(inputs))
    refuses(saved(tmp_path, inputs, large), "at most")


def test_subclassed_model(tmp_path):
    @keras.saving.register_keras_serializable("stranger")
    class Own(keras.Model):
        def __init__(self, **settings):
            super().__init__(**settings)
            self.inner = block(4, "inner")

        def build(self, shape):
            self.inner.build(shape)

        def call(self, given):
            return self.inner(given)

    model = Own()
    model(pixels())
    refuses(saved_model(tmp_path, model), "class_name=Own")


def test_names_used_twice(tmp_path):
    inputs = image()
    inside = keras.Sequential([image(), block(4, "same")])
    outputs = block(4, "same")(inside(inputs))
    refuses(saved(tmp_path, inputs, outputs), "same")
