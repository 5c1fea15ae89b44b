# SPDX-License-Identifier: Apache-2.0
"""Who connects to the viewer and says nothing, or never ends, holds up neither the viewer nor its process."""

import socket
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest

from energy_runner import api
from energy_runner.viewer import connections, routes, streams
from energy_runner.viewer.live.feed import LiveFeed
from energy_runner.viewer.serve import Server
from energy_runner.viewer.site import Site
from tests.support.served import wait_until
from tests.support.viewer_browser import fetched

WRITE = {"X-Energy-Runner": "1"}


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    with api.view(tmp_path) as serving:
        yield serving


def _sent(server: Server, text: str, stack: ExitStack) -> socket.socket:
    made = stack.enter_context(socket.create_connection(("127.0.0.1", server.port), timeout=30))
    made.sendall(text.encode())
    return made


def _asked(server: Server, path: str, method: str = "GET", more: str = "") -> str:
    token = server.url.split("/")[3]
    return f"{method} /{token}/{path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{more}\r\n"


def _files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def _held(server: Server) -> int:
    return len(server._server.server_state.connections)


@pytest.mark.parametrize("said", ["", "GET / HT"])
def test_many_connections_that_ask_nothing_keep_nobody_out(server: Server, said: str) -> None:
    with ExitStack() as stack:
        for _ in range(300):
            with suppress(ConnectionError):  # it had to leave at once
                _sent(server, said, stack)
        assert fetched(server.url + "api/live")[0] == 200
        assert _held(server) <= connections.MOST


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="open files are counted where /proc has them")
def test_they_take_no_files_of_the_process(server: Server) -> None:
    before = _files()
    with ExitStack() as stack:
        for _ in range(200):
            _sent(server, "", stack)
        wait_until(lambda: _files() - before <= 200 + connections.MOST + 5)


def test_who_does_not_end_a_question_has_to_leave(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "PATIENCE_S", 0.3)
    with ExitStack() as stack:
        silent, half = _sent(server, "", stack), _sent(server, "GET / HTTP/1.1\r\nHost:", stack)
        again = _sent(server, _asked(server, "api/live"), stack)
        assert b"200 OK" in again.recv(100_000)
        again.sendall(b"GET")  # the second question of a connection, which never ends
        for one in (silent, half, again):
            with suppress(ConnectionResetError):
                while one.recv(1000):
                    pass
        wait_until(lambda: _held(server) == 0)


def test_half_a_body_is_told_of(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(routes, "BODY_S", 0.3)
    with ExitStack() as stack:
        head = _asked(server, "api/session/0/annotations", "PUT", "X-Energy-Runner: 1\r\nContent-Length: 9\r\n")
        answer = _sent(server, f"{head}[", stack).recv(100_000)
    assert answer.startswith(b"HTTP/1.1 408 ")


def test_no_answer_waits_for_those_who_watch(tmp_path: Path) -> None:
    feed = LiveFeed("run")
    with Server(Site([], feeds=feed)) as server, ExitStack() as stack:
        watching = [_sent(server, _asked(server, "api/live/events"), stack) for _ in range(streams.MOST_STREAMS)]
        for one in watching:
            said = b""
            while b"snapshot" not in said:
                said += one.recv(100_000)
        assert fetched(server.url + "api/live/events", headers={"Connection": "close"})[0] == 503
        # Whatever else is asked has threads of its own: 40 of them, so with as many readers all would wait.
        assert fetched(server.url + "api/live")[0] == 200
        watching.pop().close()
        last = _sent(server, "", stack)
        last.close()
        wait_until(lambda: _streams_again(server))


def _streams_again(server: Server) -> bool:
    with ExitStack() as stack:
        return b"200 OK" in _sent(server, _asked(server, "api/live/events"), stack).recv(1000)


def test_the_head_of_the_events_has_an_end(tmp_path: Path) -> None:
    with Server(Site([], feeds=LiveFeed("run"))) as server:
        assert fetched(server.url + "api/live/events", "HEAD")[0] == 200


def test_no_answer_leads_past_the_token(server: Server) -> None:
    assert fetched(server.url + "api/listing/")[0] == 404
