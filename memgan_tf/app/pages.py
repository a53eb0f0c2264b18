"""The page's parts as HTML, with all names escaped."""

import shlex
from typing import Any, cast

import jinja2
import numpy as np

from memgan_tf.app import timeline
from memgan_tf.app.decisions import LONGEST_WHO
from memgan_tf.app.judges import CONFIRMED
from memgan_tf.app.session import FILTERS, Session
from memgan_tf.evaluation.calibration import needed_images
from memgan_tf.evaluation.drift import Drift
from memgan_tf.text import printable

# Numbers of images in the strip at first, and at most after many pages.
STRIP_SIZE, MAX_STRIP = 60, 600
NUM_FAILURES = 50


class Pages:
    """Makes the page's parts of a session.

    Args:
        session: The session to show.
    """

    def __init__(self, session: Session):
        self._session = session
        self._environment = jinja2.Environment(
            loader=jinja2.PackageLoader("memgan_tf.app"),
            autoescape=True,
            finalize=_shown,
            undefined=jinja2.StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._environment.filters.update(percent=percent, number=number, shell=shlex.quote)

    def whole(self, key: str | None, filter_name: str) -> str:
        """The page with a given image, by default the latest one."""
        parts = (
            self._viewer_context(key, filter_name),
            self._strip_context(filter_name, None, STRIP_SIZE),
            self._panel_context(),
            {"filters": FILTERS, "longest_who": LONGEST_WHO},
        )
        context = {name: value for part in parts for name, value in part.items()}
        return self._render("page.html", **context)

    def viewer(self, key: str | None, filter_name: str) -> str:
        """An image with its verdict, its map and the keys."""
        return self._render("viewer.html", **self._viewer_context(key, filter_name))

    def strip(self, filter_name: str, before: str | None, count: int) -> str:
        """Images of a filter, latest first, optionally only those before an image."""
        count = max(1, min(count, MAX_STRIP))
        return self._render("strip.html", **self._strip_context(filter_name, before, count))

    def panel(self) -> str:
        """Decisions, costs of the threshold, the chart, and files that were left out."""
        return self._render("panel.html", **self._panel_context())

    def price(self, threshold: float) -> str:
        """Costs of a threshold, with its rate if it is one of the slider's."""
        rate = dict(self._session.steps()).get(threshold)
        return self._render("price.html", price=self._session.price(threshold, rate))

    def neighbors(self, key: str) -> str:
        """The normal images most similar to an image."""
        image = self._session.images.get(key)
        source, found = ("", []) if image is None else self._session.neighbors(image)
        return self._render("neighbors.html", source=source, neighbors=found)

    def _render(self, template, **context):
        return self._environment.get_template(template).render(session=self._session, **context)

    def _viewer_context(self, key, filter_name) -> dict[str, Any]:
        session = self._session
        chosen = session.filtered(filter_name)
        image = session.images.get(key) if key else None
        if image is None and key is None and len(chosen):
            image = chosen[-1]
        context = {"image": image, "filter": filter_name, "next": None, "previous": None}
        if image is None:
            return context
        place, *places = (
            cast(int, session.images.position(other.id)) for other in (image, *chosen)
        )
        older = [other for other in places if other < place]
        newer = [other for other in places if other > place]
        calibration = session.judge.calibration
        interval = None
        if calibration is not None:
            interval = calibration.p_value_intervals(np.array([image.anomaly_score]))[0].tolist()
        return {
            **context,
            "next": session.images[older[-1]].id if older else None,
            "previous": session.images[newer[0]].id if newer else None,
            "is_alarm": session.is_alarm(image),
            "p_value": session.p_value(image),
            "interval": interval,
            "decision": session.decisions.of(image.id),
            "number": place + 1,
            "is_small": max(image.size) <= 96,
        }

    def _strip_context(self, filter_name, before, count):
        session = self._session
        chosen = session.filtered(filter_name)
        if before is not None:
            end = session.images.position(before)
            places = (cast(int, session.images.position(i.id)) for i in chosen)
            chosen = [i for i, p in zip(chosen, places, strict=True) if end is None or p < end]
        shown = list(reversed(chosen[-count:]))
        return {
            "shown": [(i, session.is_alarm(i), session.decisions.of(i.id)) for i in shown],
            "has_more": len(chosen) > len(shown),
            "num_chosen": len(chosen),
            "filter": filter_name,
        }

    def _panel_context(self):
        session = self._session
        steps, price = session.steps(), session.price()
        at = min(range(len(steps)), key=lambda i: abs(steps[i][0] - price.threshold), default=0)
        calibration, drift = session.judge.calibration, session.drift()
        return {
            "price": price,
            "steps": steps,
            "step": at,
            # All digits, because the page sends them back.
            "thresholds": " ".join(repr(float(threshold)) for threshold, _ in steps),
            "calibration": calibration,
            "is_confirmed": calibration is not None and calibration.source == CONFIRMED,
            "needed": None if calibration is None else needed_images(calibration.target_fpr),
            "warning": session.warning(),
            "chart": session.chart(),
            "chart_size": (timeline.WIDTH, timeline.HEIGHT),
            "drift": drift,
            "drift_sentence": drift.sentence if isinstance(drift, Drift) else drift,
            "differs": isinstance(drift, Drift) and drift.differs,
            "failures": list(session.intake.failures)[:NUM_FAILURES],
            "num_failed": session.intake.failed,
            "damaged": session.decisions.damaged[-NUM_FAILURES:],
        }


def percent(share: float) -> str:
    """A share for display, such as `4.2 %`."""
    return f"{100 * share:.3g} %"


def number(value: float) -> str:
    """A score for display."""
    return f"{value:.4g}"


def _shown(value):
    """Text without characters that hide, reorder or break lines on a page."""
    if not isinstance(value, str):
        return value
    safe = printable(value)
    return value if safe == value else type(value)(safe)
