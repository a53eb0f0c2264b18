"""Makes folders of textures, with and without defects; nothing is downloaded.

    python tests/texture_sets.py <folder>

`woven` is a cloth of small, regular threads, photographed anywhere; `stone` is noise of two scales.
Holes are dark and small, threads thin and bright, spots large and faint; their masks lie beside
them in MVTec's layout.
"""

import pathlib
import sys

import numpy as np
from PIL import Image, ImageDraw
from scipy import ndimage

DEFECTS = ("hole", "thread", "spot")


def make_textures(folder, texture, num_train=200, num_good=40, num_per_defect=20, side=128, seed=7):
    """`train/good`, `test/good`, `test/<defect>`, `ground_truth/<defect>`; returns the folder.

    Args:
        folder: Made if it is missing.
        texture: `woven` or `stone`.
        num_train: Normal training images.
        num_good: Normal test images.
        num_per_defect: Test images of each of `DEFECTS`.
        side: Of the square images.
        seed: Of everything random.
    """
    folder, generator = pathlib.Path(folder), np.random.default_rng(seed)
    make = {"woven": _woven, "stone": _stone}[texture]
    for place, count in (("train/good", num_train), ("test/good", num_good)):
        for index in range(count):
            _save(folder / place / f"{index:03d}.png", make(generator, side))
    for kind in DEFECTS:
        for index in range(num_per_defect):
            image, mask = _damage(kind, generator, make(generator, side))
            _save(folder / "test" / kind / f"{index:03d}.png", image)
            _save(folder / "ground_truth" / kind / f"{index:03d}_mask.png", 255 * mask)
    return folder


def _woven(generator, side):
    rows, columns = np.mgrid[:side, :side]
    shifts, period = generator.uniform(0, 8, 2), generator.uniform(7.6, 8.4)
    along = np.sin(2 * np.pi * (columns + shifts[0]) / period)
    across = np.sign(np.sin(2 * np.pi * (rows + shifts[1]) / period))
    pixels = 128 + 40 * along * across + generator.normal(0, 8, (side, side))
    return np.clip(pixels * generator.uniform(0.9, 1.1), 0, 255)


def _stone(generator, side):
    fine, coarse = (
        ndimage.gaussian_filter(generator.normal(size=(side, side)), sigma, mode="wrap")
        for sigma in (1.5, 8)
    )
    pixels = 120 + 22 * fine / fine.std() + 14 * coarse / coarse.std()
    return np.clip(pixels + generator.normal(0, 4, (side, side)), 0, 255)


def _damage(kind, generator, image):
    side = len(image)
    canvas = Image.new("L", (side, side))
    draw, middle = ImageDraw.Draw(canvas), generator.uniform(0.2, 0.8, 2) * side
    if kind == "thread":
        points = np.cumsum(generator.normal(0, 0.06 * side, (6, 2)), axis=0) + middle
        draw.line([tuple(p) for p in points], fill=255, width=max(1, side // 50))
    else:
        low, high = (0.02, 0.06) if kind == "hole" else (0.12, 0.3)
        radii = generator.uniform(low, high, 2) * side
        draw.ellipse([*(middle - radii), *(middle + radii)], fill=255)
    mask = np.asarray(canvas) > 0
    if kind == "hole":
        image = np.where(mask, 25 + generator.normal(0, 5, image.shape), image)
    elif kind == "thread":
        image = np.where(mask, image + 60, image)
    else:
        soft = ndimage.gaussian_filter(mask.astype(float), side / 40)
        image = image + soft * generator.choice([-25, 25])
    return np.clip(image, 0, 255), mask


def _save(path, pixels):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.asarray(pixels, np.uint8)).save(path)


if __name__ == "__main__":
    root = pathlib.Path(sys.argv[1])
    for name in ("woven", "stone"):
        print(make_textures(root / name, name))
