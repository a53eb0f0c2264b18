"""The report in a real browser, at the width of a telephone and of a desk."""

import dataclasses

from memgan_tf.report.page import write_report

LONG = "test/a_name_without_any_space_that_is_far_longer_than_a_telephone_is_wide_" + "x" * 80
# Font sizes of all elements that have text of their own.
SIZES = """[...document.body.querySelectorAll('*')]
  .filter(e => [...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim()))
  .map(e => parseFloat(getComputedStyle(e).fontSize))"""
# Elements that stick out to the right, but for those inside of what can be scrolled.
OUTSIDE = """[...document.body.querySelectorAll('*')]
  .filter(e => e.getBoundingClientRect().right > innerWidth + 1 && !e.closest('.scroll, pre'))
  .map(e => e.outerHTML.slice(0, 80))"""
BROKEN = "[...document.images].filter(i => !i.complete || !i.naturalWidth).length"


def luminance(color):
    """Relative luminance of `rgb(r, g, b)`, as WCAG 2 defines it."""
    parts = [int(part) / 255 for part in color.strip("rgb()").split(",")[:3]]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(browser, selector, background):
    style = "getComputedStyle(document.querySelector('{}')).{}"
    pair = (style.format(selector, "color"), style.format(background, "backgroundColor"))
    low, high = sorted(luminance(browser.evaluate(expression)) for expression in pair)
    return (high + 0.05) / (low + 0.05)


def test_the_report_looks_right(browser, evaluated, masked_task):
    names = [LONG, *masked_task.test.names[1:]]
    test = dataclasses.replace(masked_task.test, names=names)
    path, _ = write_report(evaluated, dataclasses.replace(masked_task, test=test), 60)
    for width in (390, 1280):
        for dark in (False, True):
            browser.show(path.as_uri(), width, dark=dark)
            assert browser.evaluate("innerWidth") == width
            assert browser.evaluate("document.documentElement.scrollWidth") <= width
            assert browser.evaluate(OUTSIDE) == []
            assert browser.evaluate(BROKEN) == 0
            assert min(browser.evaluate(SIZES)) >= 12
            body = luminance(browser.evaluate("getComputedStyle(document.body).backgroundColor"))
            assert (body < 0.05) == dark
            for selector in ("section p", ".headline", ".soft", "code", "td"):
                assert contrast(browser, selector, "section") >= 4.5, selector
            assert browser.screenshot().startswith(b"\x89PNG")
    assert browser.evaluate("document.querySelectorAll('.card').length") > 10
    assert browser.complaints == []
    assert set(browser.requests) == {path.as_uri()}


def test_the_browser_does_complain(browser, tmp_path):
    """What the test above relies on: errors, requests and overflow are seen."""
    page = tmp_path / "bad.html"
    page.write_text(
        "<!DOCTYPE html><link rel=icon href='data:,'><img src='missing.png'>"
        "<div style='width:3000px'>wide</div><script>console.error('x'); y()</script>"
    )
    seen = (len(browser.complaints), len(browser.requests))
    browser.show(page.as_uri(), 390)
    assert len(browser.complaints) >= seen[0] + 2
    assert browser.requests[seen[1] :] == [page.as_uri(), (tmp_path / "missing.png").as_uri()]
    assert browser.evaluate("document.documentElement.scrollWidth") >= 3000
    assert browser.evaluate(OUTSIDE)
    assert browser.evaluate(BROKEN) == 1
