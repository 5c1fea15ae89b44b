# SPDX-License-Identifier: Apache-2.0
"""What every request has to pass, and what every answer carries.

The server listens on this computer only, but every program on it, and every page in the user's browser, can knock.
So the address holds a token that nobody can guess; the name of the host must be this computer's, else a page
elsewhere could reach us under a name of its own; and what writes needs a header that no other page can send.
"""

import json
import secrets
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from instruments.clock import Deadline, RealClock

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

WRITE_HEADER = b"x-energy-runner"
_HOSTS = (b"127.0.0.1", b"localhost")
_READING = ("GET", "HEAD")
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; "
    "form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
)
_UNKNOWN = (
    "nothing is here, or the viewer was started again, which gives it another address. "
    "Try: the whole address that it printed last"
)
_USED = "this address opens the viewer once, and soon. Try: the address that it printed"
TICKETS = "open"
TICKET_S = 60.0  # for a browser to start
_HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),  # the token is in the address
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"cache-control", b"no-store"),
)


class Guard:
    """Let requests for `/TOKEN/...` through to `app`, without that beginning, and refuse all others."""

    def __init__(self, app: App, token: str) -> None:
        self._app = app
        self._token = token
        self._tickets: dict[str, Deadline] = {}

    def ticket(self) -> str:
        """Return a path that leads to the first page once, within a minute.

        A browser is started with the address on its command line, which everyone on this computer can read.
        """
        made = secrets.token_urlsafe(16)
        self._tickets[made] = RealClock().deadline(TICKET_S)
        return f"{TICKETS}/{made}"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            if scope["type"] == "lifespan":
                await self._app(scope, receive, send)
            return
        status, why = self._refusal(scope)
        if status == 404 and scope["path"].startswith(f"/{TICKETS}/"):
            await self._let_in(scope, send)
            return
        if status:
            await _refuse(send, status, why)
            return
        inner = dict(scope)
        inner["path"] = scope["path"][len(self._token) + 1 :]
        inner["raw_path"] = inner["path"].encode()
        await self._app(inner, receive, _with_headers(send))

    async def _let_in(self, scope: Scope, send: Send) -> None:
        if scope["method"] != "GET":
            await _refuse(send, 405, "only a browser that opens a page is let in here")
            return
        until = self._tickets.pop(scope["path"].removeprefix(f"/{TICKETS}/"), None)
        if until is None or until.expired():
            await _refuse(send, 404, _USED)
            return
        headers = [(b"location", f"/{self._token}/".encode()), (b"content-length", b"0"), *_HEADERS]
        await send({"type": "http.response.start", "status": 302, "headers": headers})
        await send({"type": "http.response.body", "body": b""})

    def _refusal(self, scope: Scope) -> tuple[int, str]:
        """Return status and reason if a request is refused, else 0."""
        headers = dict(scope["headers"])
        host = headers.get(b"host", b"").rpartition(b":")[0] or headers.get(b"host", b"")
        if host not in _HOSTS:
            return 403, "this server answers to 127.0.0.1 and localhost only"
        begin, _, _ = scope["path"][1:].partition("/")
        if not secrets.compare_digest(begin.encode("utf-8", "replace"), self._token.encode()):
            return 404, _UNKNOWN
        if not scope["path"].startswith(f"/{self._token}/"):
            return 404, "not found. Try: the address with a slash at its end"
        if scope["method"] not in _READING and WRITE_HEADER not in headers:
            return 403, "what changes something has to come from the viewer's own page"
        return 0, ""


def _with_headers(send: Send) -> Send:
    """Return a `send` that adds our headers to the answer, those that it has of its own kept."""

    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            own = {name.lower() for name, _ in message["headers"]}
            policy = (b"content-security-policy", POLICY.encode())
            added = [one for one in (policy, *_HEADERS) if one[0] not in own]
            message = {**message, "headers": [*message["headers"], *added]}
        await send(message)

    return sending


async def _refuse(send: Send, status: int, why: str) -> None:
    body = json.dumps({"error": why}).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode()), *_HEADERS]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
