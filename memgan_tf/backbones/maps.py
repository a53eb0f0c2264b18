"""Which layers of a network give maps of features, and which of them to use."""

import dataclasses
import difflib

import keras

from memgan_tf.backbones.flat import FlatNetwork

STRIDES = (8, 16, 32)
# Sides of the images at which shapes are computed; every stride in use divides their difference.
SIDES = (512, 1024)
# Numbers in a map of an image of 512 pixels a side; the widest networks in use have 2**26.
LARGEST_MAP = 2**28
# A layer with more channels than this many times those before it is the inside of a block.
EXPANSION = 2
# They give the maps of others, with other borders.
BORDERS = (keras.layers.ZeroPadding2D, keras.layers.Cropping2D)


@dataclasses.dataclass(frozen=True)
class Map:
    """A layer's map.

    Attributes:
        layer: Its name.
        stride: Pixels of the image from one position to the next.
        channels: Numbers at each position.
        passed_by_all: Whether everything that the network knows of an image passes here.
        tensor: The map.
    """

    layer: str
    stride: int
    channels: int
    passed_by_all: bool
    tensor: keras.KerasTensor


def find_maps(network: FlatNetwork) -> list[Map]:
    """Maps of all layers, in order.

    Raises:
        ValueError: If there are none, or one is too large for any image.
    """
    steps = [step for step in network.steps if len(getattr(step.output, "shape", ())) == 4]
    if not steps:
        raise ValueError(
            f"it must have layers that give maps, (height, width, channels){_why(network)}"
        )
    shapes = _shapes(network, [step.output for step in steps])
    necks = _passed_by_all(network)
    found = []
    for step, small, large in zip(steps, *shapes, strict=True):
        stride = _stride(small, large)
        if stride and small[3]:
            neck = id(step.output) in necks and not isinstance(_operation(step), BORDERS)
            found.append(Map(step.name, stride, small[3], neck, step.output))
    if not found:
        raise ValueError(f"it must have layers whose maps grow with the image{_why(network)}")
    return found


def _why(network):
    for name, reason in network.refused.items():
        return f"; {name} does not take images of any size: {reason}"
    return ""


def _operation(step):
    return step.output._keras_history.operation


def _shapes(network, tensors):
    model = keras.Model(network.image, tensors)
    found = []
    for side in SIDES:
        shapes = model.compute_output_shape((1, side, side, 3))
        found.append([tuple(shape) for shape in (shapes if len(tensors) > 1 else _single(shapes))])
        for shape in found[-1]:
            size = 1
            for length in shape:
                size *= length or 1
            if size > LARGEST_MAP * (side // SIDES[0]) ** 2:
                raise ValueError(
                    f"its maps must have at most {LARGEST_MAP} numbers. Received: {shape}"
                )
    return found


def _single(shapes):
    return shapes if isinstance(shapes, list) else [shapes]


def _stride(small, large):
    """Pixels a position; 0 if the map does not grow with the image alike in both directions."""
    growth = {large[axis] - small[axis] if small[axis] else 0 for axis in (1, 2)}
    pixels = SIDES[1] - SIDES[0]
    if len(growth) != 1 or (step := growth.pop()) <= 0 or pixels % step:
        return 0
    return pixels // step


def _passed_by_all(network):
    """Ids of the tensors on every way from the image to the last map.

    In an order in which layers can run it is those that no connection jumps over.
    """
    needed, order = set(), []
    maps = [step for step in network.steps if len(step.output.shape) == 4]
    wanted = {id(maps[-1].output)}
    for step in reversed(network.steps):
        if id(step.output) in wanted:
            needed.add(id(step.output))
            wanted.update(step.sources)
            order.append(step)
    order.reverse()
    position = {id(step.output): index for index, step in enumerate(order)}
    last_use = {}
    for index, step in enumerate(order):
        for source in step.sources:
            last_use[source] = index
    necks, reach = set(), last_use.get(id(network.image), 0)
    for step in order:
        index = position[id(step.output)]
        if reach <= index:
            necks.add(id(step.output))
        reach = max(reach, last_use.get(id(step.output), index))
    return necks


def choose(maps: list[Map], count: int) -> list[Map]:
    """The last map of each stride, finest first.

    Strides 8, 16 and 32, as far as the network has them; the coarsest ones if it has fewer of
    these than asked for. Of a stride's layers those count that everything passes (ends of blocks),
    without the wide insides and heads between them.
    """
    ends = {}
    for stride in sorted({found.stride for found in maps}):
        ends[stride] = _last([found for found in maps if found.stride == stride])
    usual = [stride for stride in STRIDES if stride in ends]
    if len(usual) < count:
        usual = [stride for stride in ends if stride > 1][-count:] or list(ends)[-count:]
    return [ends[stride] for stride in usual[:count]]


def _last(maps):
    chosen = None
    for found in [found for found in maps if found.passed_by_all] or maps:
        if chosen is None or found.channels <= EXPANSION * chosen.channels:
            chosen = found
    return chosen


def named(maps: list[Map], names: tuple[str, ...], network: FlatNetwork) -> list[Map]:
    """The maps of these layers, finest first.

    Raises:
        ValueError: If a layer does not exist or gives no map.
    """
    by_name = {found.layer: found for found in maps}
    for name in names:
        if name in by_name:
            continue
        nearest = difflib.get_close_matches(name, by_name, 3, 0.4) or list(by_name)[-3:]
        known = {step.name for step in network.steps} | set(network.refused)
        rule = "must give maps that grow with the image" if name in known else "must exist"
        raise ValueError(
            f"`backbone_layers` {rule}. Received: {name[:80]}; the nearest that do: "
            f"{', '.join(nearest)}"
        )
    return sorted((by_name[name] for name in names), key=lambda found: found.stride)
