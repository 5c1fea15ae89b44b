# SPDX-License-Identifier: Apache-2.0
"""The viewer's pages in a browser without a server: every request is answered here, from invented data."""

import json
import re
import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import resources
from typing import Any
from urllib.parse import parse_qs, urlsplit

import numpy as np

AT = "http://127.0.0.1:9/token/"
KEY = "00000000000a"
HOSTILE = "<img src=x onerror=alert(1)>\u202egnp.exe"
LENGTH, PERIOD_S = 1_000_000, 1e-5
SPIKE, SPIKE_W = 543_210, 0.095
GAP = (300_000, 304_000)
WINDOWS = ((120_000, 220_000), (600_000, 700_000))
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; "
    "form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
)
_KINDS = {"html": "text/html", "css": "text/css", "js": "text/javascript"}


def samples() -> np.ndarray:
    """Return the power of each sample: 2 mW, 12 mW in windows, one spike, one gap."""
    power = np.full(LENGTH, 0.002, dtype=np.float32)
    for start, stop in WINDOWS:
        power[start:stop] = 0.012
    power[SPIKE] = SPIKE_W
    power[slice(*GAP)] = np.nan
    return power


def packed(power: np.ndarray, start: int, stop: int, columns: int, *, final: bool = True) -> bytes:
    """Return a tile as the server packs it."""
    width = -(-(stop - start) // columns)
    count = -(-(stop - start) // width)
    whole = np.full(count * width, np.nan)
    whole[: stop - start] = power[start:stop]
    there = np.isfinite(cells := whole.reshape(count, width))
    known = there.any(axis=1)
    low = np.where(known, np.where(there, cells, np.inf).min(axis=1), np.nan)
    high = np.where(known, np.where(there, cells, -np.inf).max(axis=1), np.nan)
    mean = np.where(known, np.where(there, cells, 0).sum(axis=1) / np.maximum(there.sum(axis=1), 1), np.nan)
    lengths = np.minimum(width, stop - start - np.arange(count) * width)
    head = b"ERT1" + struct.pack("<IddII", count, start, width, final, 0)
    return head + b"".join(one.astype("<f4").tobytes() for one in (low, mean, high, there.sum(axis=1) / lengths))


def span(start: float, stop: float, label: str, text: str = "", kind: str = "") -> dict[str, Any]:
    """Return an item of a layer."""
    return {"start_s": start, "stop_s": stop, "label": label, "text": text or label, "class": kind}


class Answers:
    """What a server would answer; `asked` are the requests in order, with their bodies."""

    def __init__(self) -> None:
        self.power = samples()
        self.asked: list[tuple[str, str, dict[str, str], Any]] = []
        self.previews = 0  # so many tiles are previews first
        self.broken: Callable[[str], bool] = lambda path: False
        self.annotations: list[dict[str, Any]] = []
        self.events: list[dict[str, Any]] = []
        self.control = True
        self.sweep: dict[str, Any] = {}  # of the list, in place of the usual one
        self.first: dict[str, Any] = {}  # of a run, what is not as usual
        windows = [
            span(a * PERIOD_S, b * PERIOD_S, str(k), f"window {k}: 12 mJ, 586.5 µJ per inference ± 4.2 µJ")
            for k, (a, b) in enumerate(WINDOWS, start=1)
        ]
        self.layers = {"windows": windows, "uart": [{"at_s": 2.0, "u_s": 0.02, "label": HOSTILE, "text": HOSTILE}]}

    def paths(self, end: str) -> list[dict[str, str]]:
        """Return the queries of the requests whose path ends so."""
        return [query for _, path, query, _ in self.asked if path.endswith(end)]

    def of(self, method: str, path: str, query: dict[str, str], body: Any) -> Any:
        """Return a document, or the bytes of a tile."""
        self.asked.append((method, path, query, body))
        if path.endswith("/tile"):
            return self._tile(query)
        if "/layer/" in path:
            items = self.layers[path.rsplit("/", 1)[1]]
            return {"kind": "span", "items": items, "total": len(items), "thinned": False}
        if path.endswith("/annotations"):
            self.annotations = body
            return body
        table = {
            "/figures": lambda _: {"figures": [], "absent": [HOSTILE]},
            "/region": self._region,
            "/listing": self._listing,
            "/overlay": self._overlay,
            "/live": self._live,
        }
        found = next((make for end, make in table.items() if path.endswith(end)), None)
        if found is not None:
            return found(query)
        return {} if path.endswith("/stop") else self._session()

    def _tile(self, query: dict[str, str]) -> bytes:
        final = self.previews <= 0
        self.previews -= 1
        start, stop, columns = (int(query[name]) for name in ("start", "stop", "columns"))
        return packed(self.power, start, stop, columns, final=final)

    def _session(self) -> dict[str, Any]:
        rows = [
            {"name": name, "title": name, "kind": "span", "total": len(items), "unit": "", "why_not": ""}
            for name, items in self.layers.items()
        ]
        missing = {"name": "losses", "title": "Lost samples", "kind": "span", "total": 0, "why_not": HOSTILE}
        return {
            "session_id": HOSTILE, "folder": HOSTILE, "benchmark": "ic01", "mode": "energy", "virtual": True,
            "outcome": "completed", "valid": False, "why": HOSTILE, "bench": HOSTILE, "supply_off": True,
            "score": "586.7\u202fµJ per inference ± 4.2\u202fµJ", "length": LENGTH, "period_s": PERIOD_S,
            "signals": [{"name": "power", "unit": "W", "recorded": True}], "rails": [], "run_zero_s": 1.0,
            "utc_at_zero_ns": 1767268800123456789, "verdicts": [], "findings": [], "links": {},
            "problems": [HOSTILE], "layers": [*rows, missing], "annotations": self.annotations,
        }  # fmt: skip

    def _region(self, query: dict[str, str]) -> dict[str, Any]:
        duration = float(query["stop_s"]) - float(query["start_s"])
        return {
            "energy_j": 0.0123456, "U_j": 0.00012, "k": 2.0, "complete": True, "duration_s": duration,
            "mean_power_w": 0.0111, "min_w": 0.001, "max_w": 0.1, "median_w": 0.01, "std_w": 0.002, "samples": 9,
            "missing": 1, "over_range": 0, "inferences": 7, "energy_per_inference_j": 1.7e-3,
            "U_per_inference_j": 2e-5, "notes": [HOSTILE],
            "histogram": {"edges_w": [0, 1e-3, 2e-3], "counts": [2, 6]},
        }  # fmt: skip

    def _listing(self, _: dict[str, str]) -> dict[str, Any]:
        row = {
            "benchmark": "ic01",
            "mode": "energy",
            "bench": HOSTILE,
            "virtual": True,
            "valid": True,
            "U_j": 4e-6,
        }
        rows = [
            {**row, "key": f"{k:012x}", "name": f"{HOSTILE}{k}", "score_j": (500 + k % 7) * 1e-6, "opens": True,
             "when": f"2026-01-{1 + k % 28:02d}T01:02:03Z", "report": True} for k in range(1000)
        ]  # fmt: skip
        rows[3] |= {"problem": HOSTILE, "opens": False, "valid": None, "score_j": None}
        point = {
            "number": 1,
            "values": {HOSTILE: HOSTILE},
            "key": KEY,
            "valid": True,
            "energy_j": 5e-4,
            "U_j": 1e-6,
        }
        return {
            "sessions": rows,
            "sweeps": [self.sweep or {"name": HOSTILE, "points": [point, point]}],
            "problems": [HOSTILE],
        }

    def _overlay(self, _: dict[str, str]) -> dict[str, Any]:
        curve = {
            "step_s": 0.1,
            "at_s": [0, 0.1, 0.2],
            "low_w": [1, 1, None],
            "mean_w": [2, 2, None],
            "high_w": [3, 3, None],
        }
        one = {
            "name": HOSTILE,
            "virtual": True,
            "windows": [0, 1],
            "curve": curve,
            "inference": None,
            "notes": [HOSTILE],
        }
        figure = {"words": [HOSTILE, " A 1", " B 2", HOSTILE], "notes": [HOSTILE]}
        pair = {"a": 0, "b": 1, "figures": [figure], "sentence": HOSTILE, "why": ""}
        return {"sessions": [one, one], "differences": [pair], "notes": [HOSTILE]}

    def _live(self, _: dict[str, str]) -> dict[str, Any]:
        power = {"mean": [1, 2], "min": [1, 1], "max": [2, 3]}
        feed = {
            "id": "one", "title": HOSTILE, "bench": HOSTILE, "virtual": True, "phase": "infer", "detail": HOSTILE,
            "done_s": 1, "total_s": 2, "left_s": 1, "outcome": None, "supply": "on", "supply_text": HOSTILE,
            "boxes": [{"name": HOSTILE, "role": "", "state": "bad", "text": HOSTILE}], "problems": [HOSTILE],
            "lines": [{"at_s": 1.0, "way": "from", "text": HOSTILE}], "signals": [{"name": "power", "unit": "W"}],
            "blocks": {"first_s": 0, "step_s": 0.1, "signals": {"power": power}},
        }  # fmt: skip
        return {"control": self.control, "feeds": [feed | self.first]}


def _answer(route: Any, answers: Answers) -> None:
    request = route.request
    parts = urlsplit(request.url)
    path = parts.path.removeprefix("/token/")
    headers = {"Content-Security-Policy": POLICY, "Cache-Control": "no-store"}
    if answers.broken(path):
        route.abort()
    elif path.startswith("api/live/events"):
        body = "".join(f"data: {json.dumps(event)}\n\n" for event in answers.events)
        route.fulfill(body=body, content_type="text/event-stream", headers=headers)
    elif path.startswith("api/"):
        query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
        found = answers.of(request.method, path, query, json.loads(request.post_data or "null"))
        kind = "application/octet-stream" if isinstance(found, bytes) else "application/json"
        route.fulfill(
            body=found if isinstance(found, bytes) else json.dumps(found), content_type=kind, headers=headers
        )
    else:
        name = re.sub(r"^assets/", "", path)
        room = "report" if name == "report.css" else "viewer"
        data = (resources.files(f"energy_runner.{room}") / "assets" / name).read_bytes()
        route.fulfill(body=data, content_type=_KINDS[name.rpartition(".")[2]], headers=headers)


def until(page: Any, expression: str, within_ms: int = 15_000) -> None:
    """Wait until an expression is true; the page's policy forbids what `wait_for_function` would do."""
    for _ in range(within_ms // 25):
        if page.evaluate(f"Boolean({expression})"):
            return
        page.wait_for_timeout(25)
    raise AssertionError(f"never true: {expression}")


@contextmanager
def opened(browser: Any, answers: Answers, **options: Any) -> Iterator[Any]:
    """Open a page in a context of its own; whatever the console or a script complains of is in `page.said`."""
    context = browser.new_context(**options)
    context.route("**/*", lambda route: _answer(route, answers))
    page = context.new_page()
    page.said = []
    page.on("console", lambda message: page.said.append(message.text))
    page.on("pageerror", lambda error: page.said.append(str(error)))
    page.on("dialog", lambda dialog: (page.said.append("a dialog"), dialog.dismiss()))
    try:
        yield page
    finally:
        context.close()
