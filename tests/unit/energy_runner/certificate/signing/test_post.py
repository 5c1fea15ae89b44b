# SPDX-License-Identifier: Apache-2.0
"""The query to a time stamp authority, to a server of the test on 127.0.0.1."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from energy_runner.certificate.signing.post import MOST_BYTES, address, post_query
from energy_runner.certificate.signing.timestamp import read_token, request_token
from energy_runner.errors import BenchFault, ConfigurationError
from tests.support.time_authority import Authority

PATIENCE_S = 30.0


class Server:
    """Stamps at `/tsr`; answers too much, an error, a redirect, or a byte now and then at other paths."""

    def __init__(self) -> None:
        self.authority = Authority()
        self.let_go = threading.Event()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                assert self.headers["Content-Type"] == "application/timestamp-query"
                status = {"/error": 503, "/away": 302}.get(self.path, 200)
                self.send_response(status)
                if status == 302:
                    self.send_header("Location", "/tsr")
                self.end_headers()
                if self.path == "/tsr":
                    self.wfile.write(outer.authority.post(self.path, body))
                elif self.path == "/much":
                    self.wfile.write(bytes(MOST_BYTES + 1))
                elif self.path == "/slow":
                    while not outer.let_go.wait(0.01):
                        self.wfile.write(b"\0")

            def log_message(self, format: str, *arguments: object) -> None:
                pass

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.02,), name="server")
        self._thread.start()
        self.port = self._http.server_port

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.port}/{path}"

    def end(self) -> None:
        self.let_go.set()
        for thread in threading.enumerate():
            if thread.name == "time stamp":
                thread.join(PATIENCE_S)
        self._http.shutdown()
        self._http.server_close()
        self._thread.join(PATIENCE_S)


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server()
    yield server
    server.end()


def test_a_token_comes_over_http(server: Server) -> None:
    token = request_token(server.url("tsr"), b"data", post_query)
    assert read_token(token, b"data", server.authority.roots).authority == "CN=Clock"


@pytest.mark.parametrize(
    ("path", "words"),
    [("error", "503"), ("away", "302"), ("much", "longer than 65536 bytes"), ("slow", "within 0.3 s")],
)
def test_every_other_answer_is_named_within_its_time(server: Server, path: str, words: str) -> None:
    with pytest.raises(BenchFault, match="Try") as raised:
        post_query(server.url(path), b"query", 0.3 if path == "slow" else PATIENCE_S)
    assert words in str(raised.value)
    assert server.authority.asked == []


def test_no_server_is_named(server: Server) -> None:
    port = server.port
    server.end()
    with pytest.raises(BenchFault, match="no connection, or it broke off"):
        post_query(f"http://127.0.0.1:{port}/tsr", b"query")


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://x", "clock.example", ""])
def test_only_http_is_asked(url: str) -> None:
    with pytest.raises(ConfigurationError, match="over http or https"):
        post_query(url, b"query")


def test_an_address_is_shown_without_its_secrets() -> None:
    assert address("https://user:pass@word@clock.example:8/tsr?key=secret#x") == "https://clock.example:8/tsr"
    assert address("http://[") == "the address"
