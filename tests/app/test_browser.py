"""The page in a real browser: drop, decide, move, recalibrate, reload, two tabs."""

import contextlib
import json
import shutil

import numpy as np
import pytest
from PIL import Image

import memgan_tf
from memgan_tf.app.decisions import Decisions
from memgan_tf.app.judges import CONFIRMED, RunJudge
from memgan_tf.app.server import running
from memgan_tf.app.session import Session
from memgan_tf.data.image_files import pillow_rules
from tests.app.conftest import TOKEN, serving
from tests.report.browser import until
from tests.report.test_browser import BROKEN, OUTSIDE

HOSTILE = '"><img src=x onerror=alert(1)>\n\u202egnp.png'
KEYS = {"ArrowRight": 39, "ArrowLeft": 37}
COUNT_GOOD = 20


class Tabs:
    """Two tabs of one browser; one of them is driven at a time."""

    def __init__(self, browser):
        self.browser, self._sessions = browser, {"first": browser._session}

    def open(self, name):
        self.browser._session = None
        target = self.browser.call("Target.createTarget", url="about:blank")["targetId"]
        attached = self.browser.call("Target.attachToTarget", targetId=target, flatten=True)
        self._sessions[name] = self.browser._session = attached["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.browser.call(f"{domain}.enable")

    def switch(self, name):
        self.browser._session = self._sessions[name]
        self.browser.call("Page.bringToFront")


def press(browser, key):
    code = KEYS.get(key) or ord(key.upper())
    text = {} if key in KEYS else {"text": key}
    event = {"key": key, "windowsVirtualKeyCode": code}
    browser.call("Input.dispatchKeyEvent", type="keyDown", **event, **text)
    browser.call("Input.dispatchKeyEvent", type="keyUp", **event)


def drop(browser, paths):
    data = {"items": [], "files": [str(path) for path in paths], "dragOperationsMask": 1}
    for kind in ("dragEnter", "dragOver", "drop"):
        browser.call("Input.dispatchDragEvent", type=kind, x=300, y=300, data=data)


def click(browser, selector):
    until(browser, f"document.querySelector('{selector}')")
    assert browser.evaluate(f"document.querySelector('{selector}').click() === undefined")


def slide(browser, selector, value):
    """Moves a slider as a hand does."""
    browser.evaluate(
        f"(s => {{ s.value = {value}; return s.dispatchEvent(new Event('input', "
        f"{{bubbles: true}})) }})(document.querySelector('{selector}'))"
    )


def write_photographs(folder):
    """Good ones, a hostile name, 50 megapixels, a damaged one."""
    folder.mkdir()
    generator = np.random.default_rng(0)
    paths = [folder / f"{index:02d}.png" for index in range(COUNT_GOOD)] + [folder / HOSTILE]
    for path in paths:
        Image.fromarray(generator.integers(0, 256, (24, 24), dtype=np.uint8)).save(path, "PNG")
    large = folder / "large.jpg"
    ramp = np.broadcast_to(np.arange(8660, dtype=np.uint16)[None] // 40, (5774, 8660))
    Image.fromarray(ramp.astype(np.uint8)).save(large, quality=60)
    damaged = folder / "damaged.png"
    damaged.write_bytes(paths[0].read_bytes()[:90])
    return [*paths, large, damaged]


@pytest.fixture
def inspected(exported, tmp_path):
    """A served session of a trained run; its folder of decisions is beside the run's copy."""
    run = shutil.copytree(exported.run, tmp_path / "seed_0")
    judge = RunJudge(memgan_tf.load(run))
    session = Session(judge, tmp_path / "inspection_seed_0", None, "ana")
    with contextlib.ExitStack() as stack:
        stack.enter_context(pillow_rules())
        stack.enter_context(running(session))
        yield session, stack.enter_context(serving(session))


def test_an_inspector_drops_decides_moves_recalibrates_and_loses_nothing(
    browser, inspected, tmp_path
):
    session, page = inspected
    tabs, base = Tabs(browser), f"{page.base}/"
    browser.show(f"{base}?token={TOKEN}", 1280)
    until(browser, "!!document.querySelector('#files')")
    assert browser.evaluate("location.href") == base, "the token leaves the address"
    assert "No image yet" in browser.evaluate("document.body.innerText")

    drop(browser, write_photographs(tmp_path / "photos"))
    done = f"{COUNT_GOOD + 2} scored, 1 left out"
    until(browser, f"document.querySelector('#progress-text').textContent === '{done}'")
    until(browser, "document.querySelector('#failures')?.textContent.includes('damaged.png')")
    assert max(image.size for image in session.images) == (5774, 8660)
    hostile = next(image for image in session.images if "onerror" in image.name)
    large = next(image for image in session.images if image.name == "large.jpg")

    # Decide: every image is on the strip, the large one is a defect, the hostile name stays open.
    for image in (large, hostile):
        click(browser, f'#strip [data-image="{image.id}"]')
        until(browser, f"document.querySelector('article')?.dataset.image === '{image.id}'")
        until(browser, f"[...document.images].every(i => i.complete) && {BROKEN} === 0")
        if image is large:
            press(browser, "d")
            until(browser, "document.querySelectorAll('#strip .mark.defect').length === 1")
    title = browser.evaluate("document.querySelector('article h2').textContent")
    assert title == HOSTILE.replace("\n", "\\n").replace("\u202e", "\\u202e")
    assert browser.evaluate("document.querySelectorAll('img[src=x]').length") == 0

    press(browser, "3")  # undecided ones
    until(browser, f"document.querySelector('#strip ol').dataset.total === '{COUNT_GOOD + 1}'")
    first = browser.evaluate("document.querySelector('article').dataset.image")
    press(browser, "ArrowRight")
    until(browser, f"document.querySelector('article').dataset.image !== '{first}'")
    press(browser, "ArrowLeft")
    until(browser, f"document.querySelector('article').dataset.image === '{first}'")
    for _ in range(COUNT_GOOD + 1):
        press(browser, "g")
    until(browser, "document.querySelector('#strip .empty')")
    press(browser, "u")
    until(browser, "document.querySelectorAll('#strip a').length === 1")
    press(browser, "1")
    good = [d for d in Decisions(session.folder).standing() if d.decision == "good"]
    assert len(good) == COUNT_GOOD
    assert {d.who for d in good} == {"ana"}

    # Move the map's strength and the threshold.
    press(browser, "-")
    until(browser, "document.querySelector('.map').style.opacity === '0.5'")
    before = session.threshold
    until(browser, f"document.querySelector('.price').innerText.includes('of {COUNT_GOOD} conf')")
    slide(browser, "#step", 0)
    until(browser, "document.querySelector('#price').textContent.includes('50 % false alarms')")
    assert session.threshold == before, "a look costs nothing"
    until(browser, "!document.querySelector('#set-threshold').disabled")
    click(browser, "#set-threshold")
    until(browser, "document.querySelector('#message').textContent.includes('the old one is')")
    assert session.threshold < before
    assert session.judge.calibration.target_fpr == 0.5

    click(browser, "#recalibrate")
    until(browser, f"document.querySelector('#message').textContent.startsWith('{COUNT_GOOD} ')")
    kept = json.loads((tmp_path / "seed_0" / "calibration.json").read_text())
    assert kept["source"] == CONFIRMED
    assert kept["scores"] == sorted(d.anomaly_score for d in good)

    # A second tab sees it, decides, and the first one shows that.
    tabs.open("second")
    browser.show(base, 390, 844, dark=True)
    until(browser, f"document.querySelectorAll('#strip .mark.good').length === {COUNT_GOOD}")
    assert browser.evaluate("document.documentElement.scrollWidth") <= 390
    until(browser, "[...document.images].every(i => i.complete || i.loading === 'lazy')")
    inside = OUTSIDE.replace(".scroll, pre", "#strip, .scroll")
    assert browser.evaluate(inside) == []
    click(browser, f'#strip [data-image="{hostile.id}"]')
    until(browser, f"document.querySelector('article').dataset.image === '{hostile.id}'")
    press(browser, "d")
    until(browser, "document.querySelectorAll('#strip .mark.defect').length === 2")
    tabs.switch("first")
    until(browser, "document.querySelectorAll('#strip .mark.defect').length === 2")

    click(browser, "#export")
    until(browser, "document.querySelector('#message').textContent.includes('2 defects')")
    (folder,) = session.folder.glob("training_*")
    assert len([*folder.glob("test/defect/*")]) == 2

    # Reload: nothing is lost.
    browser.show(base, 1280)
    assert browser.evaluate("document.querySelectorAll('#strip a').length") == COUNT_GOOD + 2
    assert browser.evaluate("document.querySelectorAll('#strip .mark.defect').length") == 2
    until(browser, "document.querySelectorAll('.neighbors img').length === 4")
    assert browser.complaints == []
    assert all(request.startswith(base) for request in browser.requests)
