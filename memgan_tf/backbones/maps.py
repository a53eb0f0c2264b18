"""Finds the layers of a network that give maps of features, and chooses among them."""

import dataclasses
import difflib
import math

import keras

from memgan_tf.backbones.flat import FlatNetwork

# Strides, and the ends of stages that are used of each: the last, the last two, the first.
STRIDES = (8, 16, 32)
PICKED = (slice(-1, None), slice(-2, None), slice(0, 1))
# Sides of images for which shapes are computed. All common strides divide their difference:
# DINOv2's 14 and powers of two.
SIDES = (6720, 13440)
# Largest number of values in a map per pixel of the image; the widest common networks have 64.
MOST_BY_PIXEL = 1024
# A layer whose channels exceed the previous ones by more than this factor is inside a block.
EXPANSION = 2
# These layers give the maps of others with other borders.
BORDERS = (keras.layers.ZeroPadding2D, keras.layers.Cropping2D)


@dataclasses.dataclass(frozen=True)
class Map:
    """A layer's map.

    Attributes:
        layer: Name of the layer.
        stride: Pixels of the image from one position to the next.
        channels: Number of values at each position.
        passed_by_all: Whether every path from the image to the output passes here.
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
        ValueError: If there are no maps, or one is too large for any image.
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
        if large := [x for x in found[-1] if math.prod(x) > MOST_BY_PIXEL * side**2]:
            raise ValueError(
                f"its maps must have at most {MOST_BY_PIXEL} numbers by pixel of the image. "
                f"Received: {large[0]} for {side} × {side} pixels"
            )
    return found


def _single(shapes):
    return shapes if isinstance(shapes, list) else [shapes]


def _stride(small, large):
    """Pixels per position; 0 if the map does not grow with the image equally in both directions."""
    growth = {large[axis] - small[axis] if small[axis] else 0 for axis in (1, 2)}
    pixels = SIDES[1] - SIDES[0]
    if len(growth) != 1 or (step := growth.pop()) <= 0 or pixels % step:
        return 0
    return pixels // step


def _passed_by_all(network):
    """Ids of the tensors on every path from the image to the output.

    In a valid order of layers, these are the tensors that no connection skips.
    """
    needed, order = set(), []
    wanted = {id(network.last)}
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
    """Ends of stages, finest first: the last of stride 8, the last two of 16, the first of 32.

    A stage is a sequence of blocks with the same stride and number of channels. The last stages
    before a classifier represent classes best and parts least. A network with fewer of these
    strides gives the last end of each of its coarsest strides.

    Args:
        maps: Maps of all layers, in order.
        count: Largest number of maps; 1 gives the last end of all, which represents whole images.
    """
    ends = {}
    for stride in sorted({found.stride for found in maps}):
        ends[stride] = _stage_ends([found for found in maps if found.stride == stride])
    if count == 1:
        return [ends[max(s for s in ends if s <= STRIDES[-1])][-1]]
    picks = dict(zip(STRIDES, PICKED, strict=True))
    if picks.keys() <= ends.keys():
        chosen = [found for stride, pick in picks.items() for found in ends[stride][pick]]
        return chosen if count >= len(chosen) else [ends[s][-1] for s in STRIDES][:count]
    usual = [stride for stride in ends if stride > 1][-count:] or list(ends)[-count:]
    return [ends[stride][-1] for stride in usual]


def _stage_ends(maps):
    """The last map of each stage of a stride, without wide inner layers of blocks and heads."""
    ends: list[Map] = []
    for found in [found for found in maps if found.passed_by_all] or maps:
        if ends and found.channels > EXPANSION * ends[-1].channels:
            continue
        is_same = ends and found.channels == ends[-1].channels
        was_inside = ends and EXPANSION * found.channels < ends[-1].channels
        if is_same or was_inside:
            ends.pop()
        ends.append(found)
    return ends


def named(maps: list[Map], names: tuple[str, ...], network: FlatNetwork) -> list[Map]:
    """The maps of given layers, finest first.

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
