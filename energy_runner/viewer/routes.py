# SPDX-License-Identifier: Apache-2.0
"""The addresses of the viewer: each is one call of `Site`, with its parameters read and its errors told."""

import asyncio
import json
import math
from collections.abc import Callable, Iterator
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any

from energy_runner.errors import STOPPED_IN_VIEWER, ConfigurationError, RunnerError, SessionError, in_words
from energy_runner.report.html import page_policy
from energy_runner.session.json_text import finite
from energy_runner.viewer.annotations import AnnotationsChangedError
from energy_runner.viewer.guard import App
from energy_runner.viewer.needed import needed_module
from energy_runner.viewer.site import Site
from energy_runner.viewer.streams import MOST_STREAMS, Streams
from energy_runner.wording import shown

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

MOST_COLUMNS = 8192
MOST_ITEMS = 20_000
MOST_BINS = 1000
_MOST_BODY = 4 << 20
BODY_S = 10.0  # for a body to come
_KINDS = {".html": "text/html", ".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
_PAGES = ("list.html", "trace.html", "compare.html", "live.html")
Answer = Callable[["Request"], "Response"]
# Status and words by kind of error, the first that fits.
_TOLD: dict[type[Exception], tuple[int, Callable[[Exception], str]]] = {
    KeyError: (404, lambda error: "no such session or sweep here. Try: the list of sessions"),
    FileNotFoundError: (404, lambda error: f"this session has no {shown(error, 60)}"),
    ConfigurationError: (400, str),
    AnnotationsChangedError: (412, str),
    SessionError: (409, str),
    RunnerError: (500, str),
    OSError: (500, in_words),
}
_FAULT: tuple[int, Callable[[Exception], str]] = (
    500,
    lambda error: f"{type(error).__name__}: {shown(error, 300)}. Try: report this as a fault",
)


def application(site: Site) -> App:
    """Return the application that serves a site."""
    starlette = needed_module("starlette.applications")
    route = needed_module("starlette.routing").Route
    session = "/api/session/{key:str}"
    table = (
        ("/", _first(site), "GET"),
        ("/assets/{name:str}", _asset, "GET"),
        *((f"/{name}", _page(name), "GET") for name in _PAGES),
        ("/api/listing", _told(lambda request: site.listing()), "GET"),
        ("/api/overlay", _told(lambda request: _overlay(site, request)), "GET"),
        (session, _told(lambda request: site.page(request.path_params["key"], _rail(request))), "GET"),
        (f"{session}/tile", _tile(site), "GET"),
        (f"{session}/layer/{{name:str}}", _told(lambda request: _layer(site, request)), "GET"),
        (f"{session}/region", _told(lambda request: _region(site, request)), "GET"),
        (f"{session}/region.csv", _rows(site), "GET"),
        (f"{session}/annotations", _annotate(site), "PUT"),
        (f"{session}/report", _document(site, "report"), "GET"),
        (f"{session}/certificate", _document(site, "certificate"), "GET"),
        (
            "/api/sweep/{id:str}/figures",
            _told(lambda request: site.figures.table(request.path_params["id"])),
            "GET",
        ),
        ("/api/sweep/{id:str}/figures/{name:str}", _figure(site), "GET"),
        ("/api/sweep/{id:str}/page", _figures_page(site), "GET"),
        ("/api/live", _told(lambda request: _live(site)), "GET"),
        ("/api/live/events", _events(site), "GET"),
        ("/api/live/stop", _stop(site), "POST"),
    )
    app: Any = starlette.Starlette(
        routes=[route(path, answer, methods=[method]) for path, answer, method in table]
    )
    app.router.redirect_slashes = False  # its addresses would lack the token
    return app  # type: ignore[no-any-return]


# --- reading parameters ------------------------------------------------------------------------------------------


def _number(request: "Request", name: str, default: float | None = None) -> float:
    text = request.query_params.get(name)
    if text is None and default is not None:
        return default
    try:
        value = float(text or "")
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise ConfigurationError(f"{name} is {shown(text or 'missing', 40)!r}. Try: a number")
    return value


def _whole(request: "Request", name: str, low: int, high: int, default: int | None = None) -> int:
    value = _number(request, name, default)
    if value != int(value) or not low <= value <= high:
        raise ConfigurationError(f"{name} is {value:g}. Try: a whole number from {low} to {high}")
    return int(value)


def _rail(request: "Request") -> str | None:
    return request.query_params.get("rail") or None


# --- answers -----------------------------------------------------------------------------------------------------


def _told(find: Callable[["Request"], Any]) -> Answer:
    """Return what answers with a JSON document."""

    def answer(request: "Request") -> "Response":
        return _json(find(request))

    return _guarded(answer)


def _guarded(answer: Answer) -> Answer:
    """Return the same with its errors told in words: nothing that a session holds ends the server."""

    def careful(request: "Request") -> "Response":
        try:
            return answer(request)
        except Exception as error:  # whatever a hostile session provokes, the page says so and the rest goes on
            status, why = next((told for kind, told in _TOLD.items() if isinstance(error, kind)), _FAULT)
            return _error(status, why(error))

    return careful


def _json(document: Any, status: int = 200) -> "Response":
    text = json.dumps(finite(document), ensure_ascii=False, separators=(",", ":"))
    response: Response = needed_module("starlette.responses").Response(
        text.encode("utf-8", "replace"), status, media_type="application/json"
    )
    return response


def _error(status: int, why: str) -> "Response":
    return _json({"error": why}, status)


def _first(site: Site) -> Answer:
    def answer(request: "Request") -> "Response":
        redirect = needed_module("starlette.responses").RedirectResponse
        if site.feeds is not None:
            place = "live.html"
        else:
            place = f"trace.html?s={site.single}" if site.single else "list.html"
        response: Response = redirect(place, 302)
        return response

    return answer


def _page(name: str) -> Answer:
    return lambda request: _file(name)


def _asset(request: "Request") -> "Response":
    return _file(request.path_params["name"])


def _file(name: str) -> "Response":
    """Return a file of the page; only names that are there can be asked for, so no path leads elsewhere."""
    held = _files().get(name)
    if held is None:
        return _error(404, "not found")
    response = needed_module("starlette.responses").Response
    return response(held[1], media_type=held[0])  # type: ignore[no-any-return]


@cache
def _files() -> dict[str, tuple[str, bytes]]:
    """Return type and content of the files of the pages, and of those of the report that they share."""
    rooms = [resources.files(f"energy_runner.{room}") / "assets" for room in ("report", "viewer")]
    files = [held for room in rooms for held in room.iterdir()]
    kinds = {held.name: _KINDS[end] for held in files if (end := held.name[held.name.rfind(".") :]) in _KINDS}
    return {held.name: (kinds[held.name], held.read_bytes()) for held in files if held.name in kinds}


def _overlay(site: Site, request: "Request") -> dict[str, Any]:
    return site.overlay(request.query_params.getlist("s"), _whole(request, "columns", 16, MOST_COLUMNS, 600))


def _tile(site: Site) -> Answer:
    def answer(request: "Request") -> "Response":
        data = site.tile(
            request.path_params["key"],
            request.query_params.get("signal", "power"),
            _whole(request, "start", 0, 1 << 52),
            _whole(request, "stop", 0, 1 << 52),
            _whole(request, "columns", 1, MOST_COLUMNS),
            _rail(request),
        )
        response: Response = needed_module("starlette.responses").Response(
            data, media_type="application/octet-stream"
        )
        return response

    return _guarded(answer)


def _layer(site: Site, request: "Request") -> dict[str, Any]:
    start_s, stop_s = _number(request, "start_s"), _number(request, "stop_s")
    most = _whole(request, "most", 1, MOST_ITEMS, 2000)
    key, name = request.path_params["key"], request.path_params["name"]
    return site.layer(key, name, start_s, stop_s, most, _rail(request))


def _region(site: Site, request: "Request") -> dict[str, Any]:
    start_s, stop_s = _number(request, "start_s"), _number(request, "stop_s")
    bins = _whole(request, "bins", 1, MOST_BINS, 64)
    return site.region(request.path_params["key"], start_s, stop_s, bins, _rail(request))


def _rows(site: Site) -> Answer:
    def answer(request: "Request") -> "Response":
        key = request.path_params["key"]
        start_s, stop_s = _number(request, "start_s"), _number(request, "stop_s")
        rows = site.region_rows(key, start_s, stop_s, _rail(request))
        first = next(rows, "")  # what is wrong is told before the answer begins
        streaming = needed_module("starlette.responses").StreamingResponse
        name = f'attachment; filename="region-{key}.csv"'
        response: Response = streaming(
            _after(first, rows), media_type="text/csv", headers={"content-disposition": name}
        )
        return response

    return _guarded(answer)


def _after(first: str, rows: Iterator[str]) -> Iterator[str]:
    yield first
    yield from rows


def _document(site: Site, name: str) -> Answer:
    def answer(request: "Request") -> "Response":
        path = site.document(request.path_params["key"], name)
        # A report may come from anywhere: it gets no origin, and runs only the scripts that our reports have.
        policy = {"content-security-policy": f"sandbox allow-scripts allow-downloads; {page_policy()}"}
        kind, headers = ("application/pdf", {}) if name == "certificate" else ("text/html", policy)
        file = needed_module("starlette.responses").FileResponse
        return file(path, media_type=kind, headers=headers)  # type: ignore[no-any-return]

    return _guarded(answer)


def _figure(site: Site) -> Answer:
    def answer(request: "Request") -> "Response":
        data = site.figures.svg(request.path_params["id"], request.path_params["name"])
        policy = {
            "content-security-policy": "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:"
        }
        response: Response = needed_module("starlette.responses").Response(
            data, media_type="image/svg+xml", headers=policy
        )
        return response

    return _guarded(answer)


def _figures_page(site: Site) -> Answer:
    def answer(request: "Request") -> "Response":
        from energy_runner.sweep.reading.plots.page import page_policy as of_figures

        data = site.figures.page(request.path_params["id"])
        policy = {"content-security-policy": f"sandbox allow-scripts allow-downloads; {of_figures()}"}
        response: Response = needed_module("starlette.responses").Response(
            data, media_type="text/html", headers=policy
        )
        return response

    return _guarded(answer)


# --- writing -----------------------------------------------------------------------------------------------------


def _annotate(site: Site) -> Any:
    async def answer(request: "Request") -> "Response":
        run = needed_module("starlette.concurrency").run_in_threadpool
        body, lack = await _body(request)
        if lack is not None:
            return lack
        known = request.headers.get("if-match")
        told = _told(lambda asked: site.annotate(asked.path_params["key"], body, known and known.strip('" ')))
        response: Response = await run(told, request)
        return response

    return answer


async def _body(request: "Request") -> tuple[Any, "Response | None"]:
    """Return the JSON that was sent, or what is to be answered."""
    data = bytearray()
    try:
        async with asyncio.timeout(BODY_S):
            async for part in request.stream():
                data += part
                if len(data) > _MOST_BODY:
                    return None, _error(413, f"more than {_MOST_BODY} bytes were sent")
    except TimeoutError:
        return None, _error(408, f"{len(data)} bytes came in {BODY_S:g} s, and no end. Try: again")
    try:
        return json.loads(bytes(data)), None
    except (ValueError, RecursionError):
        return None, _error(400, "what was sent is not JSON")


# --- live --------------------------------------------------------------------------------------------------------


def _live(site: Site) -> dict[str, Any]:
    return {"control": site.stop is not None, "feeds": site.feeds.snapshot() if site.feeds is not None else []}


def _events(site: Site) -> Any:
    streams = Streams(site)

    async def answer(request: "Request") -> "Response":
        responses = needed_module("starlette.responses")
        kind = "text/event-stream"
        if request.method == "HEAD":  # has no end to wait for
            head: Response = responses.Response(media_type=kind)
            return head
        if streams.full:
            return _error(503, f"{MOST_STREAMS} pages show these runs already. Try: close some of them")
        response: Response = responses.StreamingResponse(streams.events(request.is_disconnected), media_type=kind)
        return response

    return answer


def _running(site: Site) -> list[str]:
    feeds = site.feeds.snapshot() if site.feeds is not None else []
    return [one["id"] for one in feeds if one["outcome"] is None]


def _stop(site: Site) -> Any:
    async def answer(request: "Request") -> "Response":
        body, lack = await _body(request)
        if lack is not None:
            return lack
        if site.stop is None:
            return _error(403, "this viewer only looks. Try: --control, where the run is started")
        if not isinstance(body, dict) or body.get("sure") is not True:
            return _error(400, 'the run is stopped only if asked twice. Try: {"sure": true}')
        if body.get("feed", "") not in {"", *_running(site)}:
            return _error(409, "this run has ended, or is another viewer's. Try: its own page")
        site.stop(STOPPED_IN_VIEWER)
        return _json({"asked": True})

    return answer
