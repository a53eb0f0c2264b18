"""The addresses of the page, and the server for this machine only."""

import contextlib
import hashlib
import pathlib
import socket
from collections.abc import Iterator

import uvicorn
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from memgan_tf import files
from memgan_tf.app.answers import action, integer, number, placeholder, refused, safely, text
from memgan_tf.app.connections import BoundedProtocol
from memgan_tf.app.guard import Guard
from memgan_tf.app.images import last_part
from memgan_tf.app.pages import STRIP_SIZE, Pages
from memgan_tf.app.photographs import Waiting
from memgan_tf.app.pictures import kind_of
from memgan_tf.app.session import Session
from memgan_tf.text import printable

STATIC = pathlib.Path(__file__).parent / "static"
# Seconds that a dropped file waits for room before the browser tries again.
PATIENCE = 10.0
# Pictures with an id never change.
KEPT = {"Cache-Control": "private, max-age=86400, immutable"}


class Site:
    """Answers requests about a session.

    Args:
        session: The session.
    """

    def __init__(self, session: Session):
        self._session, self._pages = session, Pages(session)

    def routes(self) -> list:
        """Every address."""
        gets = {
            "/": self._page,
            "/status": self._status,
            "/part/viewer": self._viewer,
            "/part/strip": self._strip,
            "/part/panel": self._panel,
            "/part/price": self._price,
            "/part/neighbors": self._neighbors,
            "/random": self._random,
            "/image/{key}/{kind}": self._picture,
            "/training/{number:int}": self._training,
        }
        actions = {
            "/decide": self._decide,
            "/threshold": self._set_threshold,
            "/recalibrate": self._recalibrate,
            "/export": self._export,
        }
        return [
            *(Route(path, safely(get)) for path, get in gets.items()),
            *(Route(path, action(act), methods=["POST"]) for path, act in actions.items()),
            Route("/drop", self._drop, methods=["POST"]),
            Mount("/static", StaticFiles(directory=STATIC)),
        ]

    def _page(self, request):
        self._session.refresh()
        return HTMLResponse(self._pages.whole(*_place(request)))

    def _viewer(self, request):
        self._session.refresh()
        return HTMLResponse(self._pages.viewer(*_place(request)))

    def _strip(self, request):
        before, count = request.query_params.get("before"), request.query_params.get("count")
        count = integer("count", count) if count else STRIP_SIZE
        return HTMLResponse(self._pages.strip(_place(request)[1], before, count))

    def _panel(self, request):
        return HTMLResponse(self._pages.panel())

    def _price(self, request):
        return HTMLResponse(
            self._pages.price(number("threshold", request.query_params.get("threshold")))
        )

    def _neighbors(self, request):
        return HTMLResponse(self._pages.neighbors(request.query_params.get("image", "")))

    def _random(self, request):
        found = self._session.random_undecided()
        return JSONResponse({"image": None if found is None else found.id})

    def _status(self, request):
        version = self._session.refresh()
        intake, watch = self._session.intake, self._session.watch
        return JSONResponse(
            {
                "version": hashlib.sha256(version.encode()).hexdigest()[:16],
                "scored": len(self._session.images),
                "waiting": intake.waiting,
                "failed": intake.failed,
                "error": None if watch is None or watch.error is None else printable(watch.error),
            }
        )

    def _picture(self, request):
        image = self._session.images.get(request.path_params["key"])
        if image is None:
            return Response(status_code=404)
        kind, pictures = request.path_params["kind"], self._session.pictures
        try:
            if kind == "map":
                found = pictures.map(image, self._session.is_alarm(image))
                return Response(found or b"", 200 if found else 404, media_type="image/png")
            make = {"photograph": pictures.photograph, "thumbnail": pictures.thumbnail}[kind]
            found = make(image)
        except KeyError:
            return Response(status_code=404)
        except Exception as error:
            return Response(placeholder(error), media_type="image/svg+xml")
        return Response(found, media_type=kind_of(found), headers=KEPT)

    def _training(self, request):
        training = self._session.training
        found = None if training is None else training.picture(request.path_params["number"])
        if found is None:
            return Response(status_code=404)
        return Response(found, media_type=kind_of(found))

    def _decide(self, given):
        who = text("who", given.get("who") or "") or None
        image, decision = (text(name, given.get(name)) for name in ("image", "decision"))
        made = self._session.decide(image, decision, who)
        return {"decision": made.decision, "image": made.image}

    def _set_threshold(self, given):
        # The value, not its place in a list that another page may have changed meanwhile.
        threshold = number("threshold", given.get("threshold"))
        backup = self._session.set_threshold(threshold)
        return {"message": f"The threshold is {threshold:.6g} now; the old one is {backup.name}."}

    def _recalibrate(self, given):
        count, backup = self._session.recalibrate()
        return {
            "message": f"{count} confirmed good images set the threshold: "
            f"{self._session.threshold:.6g}. The old one is {backup.name}."
        }

    def _export(self, given):
        made = self._session.export()
        left = "".join(f" Left out {name}: {reason}." for name, reason in made.left_out[:5])
        return {
            "message": f"{made.num_defects} defects in test/defect, {made.num_good} good images in "
            f"test/good and {made.num_train} in train/good: {made.path}.{left}"
        }

    async def _drop(self, request: Request) -> Response:
        """A file's content as the body; its name in the query."""
        name = last_part(request.query_params.get("name", ""))
        try:
            with self._session.dropped.arriving() as arrival:
                async for part in request.stream():
                    arrival.write(part)
                place = await run_in_threadpool(arrival.keep)
            file = Waiting(place, name, is_dropped=True)
            if not await run_in_threadpool(self._session.intake.put, file, PATIENCE):
                return JSONResponse({"error": "many files wait; this one is sent again"}, 503)
            return JSONResponse({"image": place.name})
        except ClientDisconnect:
            return Response(status_code=400)
        except Exception as error:
            self._session.intake.leave_out(name, files.first_line(error))
            return refused(error)


def _place(request):
    return request.query_params.get("image") or None, request.query_params.get("filter") or "all"


def make_app(session: Session, token: str, port: int) -> Guard:
    """The page as an ASGI application."""
    return Guard(Starlette(routes=Site(session).routes()), token, port)


def make_server(session: Session, token: str, bound: socket.socket) -> uvicorn.Server:
    """The server; `serve` runs it."""
    config = uvicorn.Config(
        make_app(session, token, bound.getsockname()[1]),
        # Handlers of its own would outlive the streams of a program that calls this one.
        log_config=None,
        log_level="warning",
        # Its log would include the token.
        access_log=False,
        server_header=False,
        http=BoundedProtocol,
        ws="none",
        lifespan="off",
        timeout_graceful_shutdown=3,
    )
    return uvicorn.Server(config)


@contextlib.contextmanager
def running(session: Session) -> Iterator[None]:
    """A context in which a session works."""
    session.dropped.sweep()
    session.start()
    try:
        yield
    finally:
        session.stop()
