"""Makes folders of real photographs, with and without pasted defects; nothing is downloaded.

    python tests/folder_sets.py <folder>

The part is a flower, cut out of a photograph that ships inside scikit-learn; every picture of it is
shifted by up to two pixels and lit a little differently. A defect is a patch of another photograph,
or a scratch; its mask is true where a pixel was painted over.
"""

import functools
import pathlib
import sys

import numpy as np
from PIL import Image, ImageDraw
from sklearn.datasets import load_sample_images

PART = (150, 250, 220)  # first row, first column and side of the flower's region
SHIFT = 2  # largest shift, in pixels of the picture
DEFECTS = ("patch", "scratch")


def make_mvtec(folder, num_train=60, num_good=15, num_per_defect=10, side=64, seed=0):
    """`train/good`, `test/good`, `test/<defect>`, `ground_truth/<defect>`; returns the folder."""
    folder, generator = pathlib.Path(folder), np.random.default_rng(seed)
    for place, count in (("train/good", num_train), ("test/good", num_good)):
        for index in range(count):
            _save(folder / place / f"{index:03d}.png", part(generator, side))
    for defect in DEFECTS:
        for index in range(num_per_defect):
            mask = defect_mask(defect, generator, side)
            image = paste(part(generator, side), mask, generator)
            _save(folder / "test" / defect / f"{index:03d}.png", image)
            whole = mask.astype(np.uint8) * 255
            _save(folder / "ground_truth" / defect / f"{index:03d}_mask.png", whole)
    return folder


def make_normals(folder, num_images=60, side=64, seed=0):
    """Normal photographs alone: two nested folders, PNG and JPEG; returns the folder."""
    folder, generator = pathlib.Path(folder), np.random.default_rng(seed)
    for index in range(num_images):
        shelf, suffix = (("monday", "png"), ("tuesday", "jpg"))[index % 2]
        _save(folder / shelf / f"part {index:03d}.{suffix}", part(generator, side))
    return folder


def make_classes(folder, num_train=20, num_test=8, side=64, seed=0):
    """`train/<class>`, `test/<class>` for the classes flower and temple; returns the folder."""
    folder, generator = pathlib.Path(folder), np.random.default_rng(seed)
    for split, count in (("train", num_train), ("test", num_test)):
        for name, photo in (("flower", 1), ("temple", 0)):
            for index in range(count):
                image = part(generator, side, photo)
                _save(folder / split / name / f"{index:03d}.png", image)
    return folder


def part(generator, side, photo=1):
    """A picture of the part, `(side, side, 3)` uint8."""
    row, column, length = PART
    region = photograph(photo)[row : row + length, column : column + length]
    larger = Image.fromarray(region).resize((side + 2 * SHIFT,) * 2, Image.Resampling.LANCZOS)
    top, left = generator.integers(0, 2 * SHIFT + 1, 2)
    pixels = np.asarray(larger, float)[top : top + side, left : left + side]
    light = generator.uniform(0.9, 1.1)
    noise = generator.normal(0.0, 2.0, pixels.shape)
    return np.clip(pixels * light + noise, 0, 255).astype(np.uint8)


@functools.cache
def photograph(number):
    """A photograph of scikit-learn's: 0 is a temple, 1 a flower; `(427, 640, 3)` uint8."""
    return load_sample_images().images[number]


def defect_mask(defect, generator, side):
    """Where a defect lies, `(side, side)` bool."""
    canvas = Image.new("1", (side, side))
    middle = generator.uniform(0.3, 0.7, 2) * side
    if defect == "patch":
        radii = generator.uniform(0.08, 0.16, 2) * side
        box = [*(middle - radii), *(middle + radii)]
        ImageDraw.Draw(canvas).ellipse(box, fill=1)
    else:
        angle, half = generator.uniform(0, np.pi), 0.3 * side
        arm = half * np.array([np.cos(angle), np.sin(angle)])
        ends = [*(middle - arm), *(middle + arm)]
        ImageDraw.Draw(canvas).line(ends, fill=1, width=max(2, side // 24))
    return np.asarray(canvas, bool)


def paste(image, mask, generator):
    """The image with roof tiles of the other photograph where the mask is true."""
    side = len(image)
    photo = photograph(0)
    top = int(generator.integers(0, photo.shape[0] - side))
    left = int(generator.integers(0, photo.shape[1] - side))
    other = photo[top : top + side, left : left + side]
    # Where the two look alike by chance, the defect would not show: take the negative.
    alike = np.abs(other.astype(int) - image)[mask].mean() < 60
    return np.where(mask[..., np.newaxis], 255 - image if alike else other, image)


def _save(path, pixels):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path)


if __name__ == "__main__":
    root = pathlib.Path(sys.argv[1])
    print(make_mvtec(root / "mvtec"))
    print(make_normals(root / "normals"))
    print(make_classes(root / "classes"))
