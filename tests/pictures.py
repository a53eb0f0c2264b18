"""Makes docs/images/report.png, app.png and app_phone.png; needs Chromium and a backbone's weights.

    python -m tests.pictures --backbone=file:backbone.keras

It trains the default detector for photographs on the part of tests/folder_sets.py, writes the
report, and decides on test photographs in the app by their labels in the set.
"""

import argparse
import io
import os
import pathlib
import tempfile

import numpy as np
from PIL import Image

from memgan_tf.app.decisions import DEFECT, GOOD
from memgan_tf.app.judges import RunJudge
from memgan_tf.app.photographs import Waiting, id_of
from memgan_tf.app.server import running
from memgan_tf.app.session import Session
from memgan_tf.data.image_files import pillow_rules
from tests import folder_sets
from tests.app.conftest import TOKEN, serving, wait_until
from tests.report.browser import find_browser, open_browser, until

IMAGES = pathlib.Path(__file__).parents[1] / "docs" / "images"
SIDE, NUM_TRAIN, NUM_GOOD, NUM_PER_DEFECT = 256, 200, 60, 30
# Widths of a desk and of a telephone, and the size of the app's window, in pixels of the page.
DESK, PHONE, APP = 1000, 390, (1280, 960)
# The report's first part, the head of its images, and height of the group that is shown.
FIRST, HEAD = "document.querySelector('#scores .charts')", "document.querySelector('#images')"
GROUPS = "[...document.querySelectorAll('#images h3')]"
GROUP_HEIGHT = 560
# Size of the picture of the report over that of the page, and gap between its two halves.
SCALE, GAP = 0.7, 20
NUM_DROPPED, NUM_DECIDED = 34, 31


def main(backbone, folder):
    """Writes the pictures; the set and the run are kept in `folder`."""
    import memgan_tf

    # Paths in the pictures are short, and name no machine.
    os.makedirs(folder, exist_ok=True)
    os.chdir(folder)
    if not pathlib.Path("parts").exists():
        folder_sets.make_mvtec("parts", NUM_TRAIN, NUM_GOOD, NUM_PER_DEFECT, SIDE)
    run = memgan_tf.train("folder:parts", **({"backbone": backbone} if backbone else {}))
    with open_browser(find_browser()) as browser:
        picture_report(browser, pathlib.Path(run.report()).resolve())
        picture_app(browser, run)


def picture_report(browser, page):
    """Verdict and images of the report on a desk and, in the dark scheme, on a telephone."""
    browser.show(page.as_uri(), DESK)
    first, head, groups, group = (
        round(browser.evaluate(f"{element}.getBoundingClientRect().{edge} + scrollY"))
        for element, edge in (
            *((FIRST, "bottom"), (HEAD, "top"), (f"{GROUPS}[0]", "top")),
            (f"{GROUPS}.find(h => h.textContent === 'Most anomalous')", "top"),
        )
    )
    shot = shot_of(browser, group + GROUP_HEIGHT)
    desk = np.concatenate([shot[:first], shot[head - GAP : groups], shot[group:]])
    browser.show(page.as_uri(), PHONE, dark=True)
    phone = shot_of(browser, len(desk))
    gap = np.full((len(desk), GAP, 3), 255, np.uint8)
    joined = Image.fromarray(np.concatenate([desk, gap, phone], axis=1))
    size = (round(SCALE * joined.width), round(SCALE * joined.height))
    save(joined.resize(size, Image.Resampling.LANCZOS), "report.png")


def shot_of(browser, height):
    """The first `height` pixels of a page, `(height, width, 3)` uint8."""
    return np.asarray(Image.open(io.BytesIO(browser.screenshot(height))).convert("RGB"))


def picture_app(browser, run):
    """The page of the app, most photographs decided by their labels."""
    folder = tempfile.mkdtemp(dir=".")
    session = Session(RunJudge(run), pathlib.Path(folder), None, "ana")
    with pillow_rules(), running(session), serving(session) as page:
        for path, key in drop(session)[:NUM_DECIDED]:
            session.decide(key, GOOD if path.parent.name == "good" else DEFECT)
        shown = next(i for i in session.filtered("undecided") if session.is_alarm(i))
        browser.show(f"{page.base}/?token={TOKEN}", APP[0])
        for name, (width, height), dark in (
            ("app.png", APP, False),
            ("app_phone.png", (PHONE, 844), True),
        ):
            browser.show(f"{page.base}/?image={shown.id}", width, height, dark)
            until(browser, "document.querySelector('.map')?.naturalWidth > 0")
            until(browser, "[...document.images].every(i => i.complete || i.loading === 'lazy')")
            save(Image.open(io.BytesIO(browser.screenshot())), name)


def drop(session):
    """Drops test photographs in random order; returns each path with its image's id."""
    paths = sorted(pathlib.Path("parts/test").glob("*/*.png"))
    order = np.random.default_rng(0).permutation(len(paths))[:NUM_DROPPED]
    found = []
    for path in (paths[i] for i in order):
        with session.dropped.arriving() as arrival:
            arrival.write(path.read_bytes())
            place = arrival.keep()
        name = f"part_{len(found):03d}.png"
        assert session.intake.put(Waiting(place, name, is_dropped=True), 60.0)
        found.append((path, id_of(path.read_bytes())))
    wait_until(lambda: all(key in session.images for _, key in found))
    return found


def save(picture, name):
    """Writes a picture with few colors, so that it stays small."""
    path = IMAGES / name
    picture.convert("RGB").quantize(256, dither=Image.Dither.NONE).save(path, optimize=True)
    print(f"{path}: {os.path.getsize(path):,} bytes")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--backbone", help="another backbone than the default")
    parser.add_argument("--folder", default=pathlib.Path("build", "pictures"))
    given = parser.parse_args()
    main(given.backbone, given.folder)
