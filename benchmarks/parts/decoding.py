"""Folders of large photographs: our reading against Pillow alone, on the same threads.

The photographs are made here: a few different ones of 12 megapixels, each several times, with the
size of files that cameras write. The figures for 10,000 of them are arithmetic.
"""

import os
import pathlib
import resource
import shutil
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from measure import ratios, spread
from PIL import Image

from memgan_tf.data import decoding
from memgan_tf.data.folders import store
from memgan_tf.data.inputs import read_files
from parts.common import table

SIDES, SIZE, DIFFERENT, MANY = (4000, 3000), (256, 256), 10, 10_000
ALONE, DRAFT = "Pillow alone", "Pillow alone, JPEG at a reduced scale"


def run(options):
    count, sides = (100, SIDES) if not options.quick else (4, (400, 300))
    threads = min(decoding.MAX_THREADS, os.cpu_count() or 1)
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        os.environ[store.ENVIRONMENT_VARIABLE] = str(folder / "cache")
        paths = _make_photographs(folder / "photographs", count, sides)
        ways = {
            ALONE: lambda: _pillow(paths, threads),
            DRAFT: lambda: _pillow(paths, threads, draft=True),
            "memgan_tf, to score": lambda: _score(paths),
            "memgan_tf, to train, first time": lambda: _train(paths),
            "memgan_tf, to train, from the cache": lambda: _train(paths, again=True),
        }
        megabytes = paths[0].stat().st_size / 1e6
        found = {name: [] for name in ways}
        for _ in range(options.rounds):
            for name, way in ways.items():
                found[name].append(_measure(way))
    processor = {name: [cpu for cpu, _ in values] for name, values in found.items()}
    rows = []
    for name, values in processor.items():
        rate = threads * len(paths) / float(np.median(values))
        over = spread(ratios(processor, name, ALONE))
        rows.append([name, f"{rate:,.1f}", over, f"{MANY / rate / 60:.1f}"])
    columns = ["reading", f"photographs a second by {threads} free cores", "CPU time over Pillow's"]
    columns.append(f"minutes for {MANY:,}")
    caption = (
        f"{len(paths)} JPEGs of {sides[0]}×{sides[1]} pixels, "
        f"{megabytes:.1f} MB each, to {SIZE[0]}×{SIZE[1]}. The rate is by CPU "
        f"time, as if the cores had nothing else to do."
    )
    return {"tables": [table(columns, rows, caption)], "CPU and wall seconds": found}


def _measure(way):
    wall, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_SELF)
    way()
    after = resource.getrusage(resource.RUSAGE_SELF)
    processor = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return processor, time.perf_counter() - wall


def _make_photographs(folder, count, sides):
    folder.mkdir()
    generator, paths = np.random.default_rng(0), []
    for index in range(count):
        paths.append(folder / f"{index:03d}.jpg")
        if index >= DIFFERENT:
            shutil.copy(paths[index % DIFFERENT], paths[-1])
            continue
        coarse = generator.integers(0, 256, (sides[1] // 8, sides[0] // 8, 3), dtype=np.uint8)
        image = Image.fromarray(coarse).resize(sides, Image.Resampling.BICUBIC)
        grain = generator.integers(0, 12, (sides[1], sides[0], 1), dtype=np.uint8)
        Image.fromarray(np.minimum(np.asarray(image), 243) + grain).save(paths[-1], quality=90)
    return paths


def _pillow(paths, threads, draft=False):
    def look(path):
        with Image.open(path) as image:
            if draft:
                image.draft("RGB", tuple(2 * side for side in SIZE))
            return np.asarray(image.resize(SIZE, Image.Resampling.BILINEAR))

    with ThreadPoolExecutor(threads) as pool:
        for _ in pool.map(look, paths):
            pass


def _score(paths):
    for _ in read_files(paths, (*SIZE, 3), "stretch", None):
        pass


def _train(paths, again=False):
    folder, names = paths[0].parent, [pathlib.PurePath(path.name) for path in paths]
    if not again:
        for path in paths:  # another time, so another entry of the cache
            os.utime(path)
    store.stored(folder, names, {}, SIZE, "stretch")
