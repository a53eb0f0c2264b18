"""The meaning of names of folders and files, without regard to case."""

import re

TRAIN = frozenset({"train", "training"})
VALIDATION = frozenset({"val", "valid", "validation"})
TEST = frozenset({"test", "testing", "test_public"})
# The labels of these splits of MVTec AD 2 are not public.
PRIVATE = frozenset({"test_private", "test_private_mixed"})
SPLITS = TRAIN | VALIDATION | TEST
IMAGES = frozenset({"images", "image", "imgs", "img"})
NORMAL = frozenset(
    {"good", "ok", "normal", "normals", "defect_free", "non_defective", "no_defect", "healthy"}
)
NORMAL_TEST = frozenset({"normal_test", "test_normal", "good_test", "test_good"})
ABNORMAL = frozenset(
    {
        *("bad", "ko", "ng", "nok", "not_ok", "not_good", "abnormal", "abnormals"),
        *("anomaly", "anomalies", "anomalous", "defect", "defects", "defective"),
        *("fault", "faulty", "broken", "damaged", "rejected"),
    }
)
MASKS = frozenset(
    {
        *("mask", "masks", "label", "labels", "annotation", "annotations", "gt"),
        *("ground_truth", "groundtruth", "segmentation", "segmentations"),
    }
)
_MASK_PART = re.compile(r"(?:^|_)(?:masks?|ground_?truths?|gts?)(?:_|$)")
_MASK_ENDING = re.compile(
    r"(.+?)[ _.-](?:masks?|labels?|gt|ground[ _-]?truth|seg|segmentation|annotation)",
    re.IGNORECASE | re.DOTALL,  # a name may have line breaks
)


def plain(name: str) -> str:
    """A name in lower case, with words joined by underscores."""
    return re.sub(r"[ .-]+", "_", name.casefold())


def says(name: str, words: frozenset[str]) -> bool:
    """Whether a name is one of the words."""
    return plain(name) in words


def says_masks(name: str) -> bool:
    """Whether a folder's name indicates masks, such as `masks`, `ground_truth` or `gt_masks`."""
    return plain(name) in MASKS or _MASK_PART.search(plain(name)) is not None


def without_mask_ending(stem: str) -> str | None:
    """`000` from `000_mask`, `000_label` or `000_GT`; None for other names."""
    found = _MASK_ENDING.fullmatch(stem)
    return found and found[1]
