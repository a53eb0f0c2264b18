"""A headless Chromium, driven over a pipe by the DevTools protocol: no driver, no network."""

import base64
import contextlib
import json
import os
import select
import shutil
import subprocess
import sys
import tempfile
import time

BINARIES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
TIMEOUT = 60.0
# Chromium reads commands from descriptor 3 and writes answers to 4.
LAUNCHER = (
    "import fcntl, os, sys; "
    "pair = [fcntl.fcntl(int(n), fcntl.F_DUPFD, 10) for n in sys.argv[1:3]]; "
    "[os.dup2(n, place) for n, place in zip(pair, (3, 4))]; "
    "os.execv(sys.argv[3], sys.argv[3:])"
)


def find_browser():
    """Path of a Chromium; None without one."""
    return next(filter(None, map(shutil.which, BINARIES)), None)


@contextlib.contextmanager
def open_browser(binary):
    """Yields a `Browser`; ends its process, and no other one."""
    flags = ["--headless=new", "--no-sandbox", "--disable-gpu", "--remote-debugging-pipe"]
    flags += ["--no-first-run", "--disable-background-networking", "--hide-scrollbars"]
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        (their_input, my_output), (my_input, their_output) = os.pipe(), os.pipe()
        pair = (their_input, their_output)
        command = [sys.executable, "-c", LAUNCHER, *map(str, pair), binary, *flags]
        process = subprocess.Popen(
            [*command, f"--user-data-dir={profile}", "about:blank"],
            pass_fds=pair,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        for descriptor in pair:
            os.close(descriptor)
        try:
            yield Browser(my_output, my_input)
        finally:
            os.close(my_output)
            os.close(my_input)
            process.terminate()
            process.wait(timeout=TIMEOUT)


def until(browser, expression):
    """Waits until an expression holds; while a part of the page is not there, it does not."""
    deadline = time.monotonic() + TIMEOUT
    while not holds(browser, expression):
        assert time.monotonic() < deadline, (expression, shown(browser))
        time.sleep(0.05)


def holds(browser, expression):
    """Whether a JavaScript expression is true now."""
    safe = f"(() => {{ try {{ return !!({expression}) }} catch {{ return false }} }})()"
    try:
        return browser.evaluate(safe)
    except AssertionError:
        return False  # one page is going, the next is not there yet


def shown(browser):
    """The beginning of the page's text."""
    return browser.evaluate("String(document.body?.innerText).slice(0, 400)")


class Browser:
    """One page of a browser.

    Attributes:
        complaints: What the page wrote to the console, and errors of its loading.
        requests: Addresses that it asked for, `data:` left out.
    """

    def __init__(self, output, source):
        self._output, self._source, self._buffer = output, source, b""
        self._number, self._session = 0, None
        self.complaints, self.requests, self._events = [], [], []
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        attached = self.call("Target.attachToTarget", targetId=target, flatten=True)
        self._session = attached["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")

    def show(self, url, width, height=900, dark=False):
        """Opens a page at a width, in the light or the dark scheme."""
        mobile = width < 600
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": mobile}
        self.call("Emulation.setDeviceMetricsOverride", **size)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.call("Emulation.setEmulatedMedia", features=[scheme])
        self._events.clear()
        self.call("Page.navigate", url=url)
        while "Page.loadEventFired" not in self._events:
            self._handle(self._read())

    def evaluate(self, expression):
        """Value of a JavaScript expression in the page."""
        answer = self.call("Runtime.evaluate", expression=expression, returnByValue=True)
        return answer["result"]["value"]

    def screenshot(self, height=None):
        """The page as PNG: what is seen, or its first `height` pixels."""
        width = self.evaluate("innerWidth")
        clip = {"x": 0, "y": 0, "width": width, "height": height, "scale": 1}
        options = {} if height is None else {"clip": clip, "captureBeyondViewport": True}
        return base64.b64decode(self.call("Page.captureScreenshot", **options)["data"])

    def call(self, method, **parameters):
        """Sends a command and waits for its answer."""
        self._number += 1
        message = {"id": self._number, "method": method, "params": parameters}
        if self._session is not None:
            message["sessionId"] = self._session
        os.write(self._output, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._read()
            if answer.get("id") == self._number:
                assert "error" not in answer, answer
                return answer["result"]
            self._handle(answer)

    def _read(self):
        deadline = time.monotonic() + TIMEOUT
        while b"\0" not in self._buffer:
            ready, _, _ = select.select([self._source], [], [], deadline - time.monotonic())
            assert ready, "the browser does not answer"
            received = os.read(self._source, 1 << 20)
            assert received, "the browser has ended"
            self._buffer += received
        message, self._buffer = self._buffer.split(b"\0", 1)
        return json.loads(message)

    def _handle(self, event):
        method, parameters = event.get("method"), event.get("params", {})
        self._events.append(method)
        if method in ("Runtime.consoleAPICalled", "Runtime.exceptionThrown", "Log.entryAdded"):
            self.complaints.append(parameters)
        if method == "Network.requestWillBeSent":
            url = parameters["request"]["url"]
            if not url.startswith("data:"):
                self.requests.append(url)
