# SPDX-License-Identifier: Apache-2.0
"""Serve a site on this computer, in a thread of its own, until it is closed."""

import errno
import secrets
import socket
import threading
from types import TracebackType
from typing import Any, Self

from energy_runner.errors import Argument, BenchFault, ConfigurationError, in_words
from energy_runner.viewer.guard import Guard
from energy_runner.viewer.needed import needed_module
from energy_runner.viewer.routes import application
from energy_runner.viewer.site import Site

HOST = "127.0.0.1"
_START_S = 10.0
_END_S = 3.0
_TURN_S = 0.2  # an unlimited wait cannot be interrupted on every system


class Server:
    """A site that is being served; `url` is where, with the token that opens it.

    Raises `ConfigurationError` for a port that is in use or may not be used, and where the extra `viewer` is not
    installed.
    """

    def __init__(self, site: Site, *, port: int = 0, token: str | None = None) -> None:
        uvicorn = needed_module("uvicorn")
        connections = needed_module("energy_runner.viewer.connections")
        self.site = site
        self._token = secrets.token_urlsafe(16) if token is None else token
        self._guard = Guard(application(site), self._token)
        self._socket = _listening(port)
        self.port = int(self._socket.getsockname()[1])
        config = uvicorn.Config(
            self._guard,
            log_config=None,
            log_level="critical",
            access_log=False,
            lifespan="off",
            # Named, so that what is installed besides does not change what we have tried.
            http=connections.Connection,
            loop="asyncio",
            ws="none",
            server_header=False,
            timeout_graceful_shutdown=1,
            backlog=connections.QUEUED,
        )
        self._server: Any = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._body, name="energy-runner viewer", daemon=True)
        self._ready, self._over = threading.Event(), threading.Event()
        self._problem = ""
        self._thread.start()
        self._wait_for_start()

    @property
    def url(self) -> str:
        """Return the address of the first page."""
        return f"http://{HOST}:{self.port}/{self._token}/"

    def ticket(self) -> str:
        """Return an address that opens the first page once, within a minute, and holds no secret afterwards."""
        return f"http://{HOST}:{self.port}/{self._guard.ticket()}"

    @property
    def problem(self) -> str:
        """Return why the server has ended by itself, or nothing."""
        return self._problem

    def wait(self) -> None:
        """Wait until the server has ended, or Ctrl-C."""
        while not self._over.wait(_TURN_S):
            pass

    def close(self) -> None:
        """End the server and release what it holds; safe to call twice."""
        self.site.closing()
        self._server.should_exit = True
        if not self._over.wait(_END_S):
            self._server.force_exit = True
            self._over.wait(_END_S)
        self._socket.close()
        self.site.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _body(self) -> None:
        try:
            self._server.run(sockets=[self._socket])
        except BaseException as error:  # uvicorn ends the program where it cannot start
            self._problem = in_words(error) if isinstance(error, Exception) else type(error).__name__
        else:
            self._problem = "" if self.site.over else "it stopped serving"
        finally:
            self._over.set()

    def _wait_for_start(self) -> None:
        turns = round(_START_S / _TURN_S * 20)
        for _ in range(turns):
            if self._server.started:
                return
            if self._over.wait(_TURN_S / 20):
                break
        self._socket.close()
        raise BenchFault(f"the viewer did not start ({self._problem or 'no answer'}). Try: again, or another port")


def _listening(port: int) -> socket.socket:
    """Return a socket bound to this computer only; port 0 is any that is free."""
    # The protocol has to be named: else asyncio does not set TCP_NODELAY, and each answer takes 40 ms longer.
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        if hasattr(socket, "SO_EXCLUSIVEADDRUSE"):  # Windows, where SO_REUSEADDR lets two servers share a port
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
        else:
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        listening.bind((HOST, port))
        listening.listen(128)
    except (OSError, OverflowError) as error:
        listening.close()
        in_use = getattr(error, "errno", None) == errno.EADDRINUSE
        why = "is in use by another program" if in_use else f"cannot be used ({in_words(error)})"
        raise ConfigurationError(
            f"port {port} of this computer {why}. Try: ", Argument("port", "0"), ", which takes a free one"
        ) from None
    return listening
