"""The readable images of a plan, with splits, classes and the state of their masks."""

from typing import Any

from memgan_tf.data.folders.plan import DEFECT, GOOD, Plan
from memgan_tf.data.folders.walk import name_of, shown
from memgan_tf.text import counted

# Share of the normal class used for the test if no split is given.
TEST_SHARE = 0.25
# 16-bit files that use fewer bits than this are assumed to come from a camera with fewer bits.
MIN_USED_BITS = 15
# With at most this many bits, 16-bit files have at most 16 gray levels, so training makes no sense.
NEARLY_BLACK_BITS = 12
# Split of images that are used neither for training nor for the test.
UNUSED = None


def assign(
    plan: Plan, entry: dict[str, Any], normal_class: int | str | None
) -> list[dict[str, Any]]:
    """The readable images with their splits and classes, in the order of their pixels.

    Args:
        plan: Roles of the files.
        entry: See `store.stored`; unused images are added to its `left_out`.
        normal_class: The normal one of several classes.
    """
    uses = {name_of(path): (split, name) for path, split, name in plan.images}
    unclear = _with_unclear_masks(plan, entry)
    rows = []
    for record in entry["files"]:
        split, name = uses[record["path"]]
        if plan.by_mask:
            name = DEFECT if record["is_marked"] else GOOD
            split = _split_by_mask(record, split, name, unclear, entry["left_out"])
        rows.append({**record, "split": split, "class": name})
    _draw([row for row in rows if row["split"] is None], plan, normal_class)
    for row in rows:
        row["split"] = UNUSED if row["split"] == "unused" else row["split"]
    return rows


def _with_unclear_masks(plan, entry):
    """Images that may be normal or not, because their masks are unclear."""
    named = [name_of(path) for path, _ in (plan.pairing.problems if plan.pairing else ())]
    return {*named, *(problem["image"] for problem in entry["unusable_masks"])}


def _split_by_mask(record, split, name, unclear, left_out):
    reason = None
    if record["path"] in unclear:
        reason = "its mask cannot be used, so it may be normal or not"
    elif split == "train" and name == DEFECT:
        reason = "its mask marks a defect, but it lies in train"
    if reason is None:
        return split
    left_out.append({"path": record["path"], "reason": reason})
    return "unused"


def _draw(rows, plan, normal_class):
    """Splits the images that have no split; a quarter of the normal groups is for the test."""
    normal = {normal_class} if plan.has_classes else {None, GOOD, *plan.normal}
    of_group: dict[int, str] = {}
    for row in rows:
        if row["class"] in normal:
            before = of_group.get(row["group"], row["digest"])
            of_group[row["group"]] = min(before, row["digest"])
    # Ordered by digest of the pixels: equal images stay together, and the split is reproducible.
    digests = sorted(of_group.values())
    tested = set(digests[: round(TEST_SHARE * len(digests))])
    for row in rows:
        trains = row["class"] in normal and of_group[row["group"]] not in tested
        row["split"] = "train" if trains else "test"


def mask_problems(plan: Plan, rows: list[dict], entry: dict[str, Any]) -> list[dict[str, str]]:
    """Masks that are missing or unusable, if the set has any: `path` and `reason`."""
    if plan.pairing is None:
        return []
    problems = [{"path": p["path"], "reason": p["reason"]} for p in entry["unusable_masks"]]
    problems += [{"path": name_of(p), "reason": reason} for p, reason in plan.pairing.problems]
    reported = _with_unclear_masks(plan, entry)
    missing = [
        {"path": row["path"], "reason": "this image of a defect has no mask"}
        for row in rows
        if row["split"] == "test"
        and not plan.is_normal(row["class"])
        and row["mask"] is None
        and row["path"] not in reported
    ]
    return problems + missing


def describe_notes(
    plan: Plan, rows: list[dict], entry: dict[str, Any], bit_depth: int | None
) -> list[str]:
    """What a user must know about how the folder was read, one line each."""
    notes = [*plan.notes, *_describe_depth(entry["peak"], bit_depth or 16)]
    if plan.pairing is not None and plan.masks:
        image, masks = next(iter(plan.masks.items()))
        names = ", ".join(shown(name_of(mask)) for mask in masks)
        notes.append(f"masks are paired as {names} of {shown(name_of(image))}")
    tested = [plan.is_normal(row["class"]) for row in rows if row["split"] == "test"]
    if len(set(tested)) == 1 and not plan.has_classes:
        kind = "normal" if tested[0] else "anomalous"
        notes.append(f"all {len(tested)} test images are {kind}, so there is nothing to evaluate")
    notes += _describe_black_masks(plan, rows)
    if entry["scaled_masks"]:
        first = shown(entry["scaled_masks"][0])
        count = len(entry["scaled_masks"])
        text = counted(
            count,
            "mask has another size than its image and is",
            "masks have another size than their images and are",
        )
        notes.append(f"{text} scaled: {first}")
    colored = [row["path"] for row in rows if not row["is_grey"]]
    if 0 < len(colored) < len(rows):
        notes.append(
            f"{len(colored)} of {len(rows)} images have color, so all keep it; the first is "
            f"{shown(colored[0])}. --image_channels=1 makes all gray"
        )
    return notes


def _describe_black_masks(plan, rows):
    black = [
        row["path"]
        for row in rows
        if row["split"] == "test"
        and row["mask"] is not None
        and not row["is_marked"]
        and not plan.is_normal(row["class"])
    ]
    if black:
        masks = counted(
            len(black),
            "mask of an anomalous image is black, so the pixel metrics count its",
            "masks of anomalous images are black, so the pixel metrics count their",
        )
        yield f"{masks} defects as normal; the first is that of {shown(black[0])}"


def check_depth(folder: str, peak: int | None, bit_depth: int | None) -> None:
    """Refuses to train on photographs that are nearly black unless the user says so.

    Raises:
        ValueError: If the files of 16 bits use few of them and `bit_depth` is not given.
    """
    if bit_depth is None and peak is not None and _used_bits(peak) <= NEARLY_BLACK_BITS:
        used = _used_bits(peak)
        raise ValueError(
            f"`bit_depth` must be given: the values of the 16-bit files in {folder} end at {peak}, "
            f"so the images are nearly black. For a camera of {used} bits add --bit_depth={used}; "
            f"--bit_depth=16 trains on them as they are"
        )


def _used_bits(peak):
    return max(8, peak.bit_length())


def _describe_depth(peak, bit_depth):
    used = _used_bits(peak or 0)
    if peak is not None and used > bit_depth:
        yield f"values up to {peak} of 16-bit files are above bit_depth={bit_depth} and get white"
    elif peak is not None and used < min(bit_depth, MIN_USED_BITS):
        yield (
            f"the values in 16-bit files end at {peak}, so they use {used} bits and the images are "
            f"nearly black. For a camera of {used} bits add --bit_depth={used}"
        )
