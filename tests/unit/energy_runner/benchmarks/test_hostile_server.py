# SPDX-License-Identifier: Apache-2.0
"""Servers that lie, never end, hardly begin, or lead elsewhere: a fetch is bounded while it runs."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from energy_runner.benchmarks import fetch as fetching
from energy_runner.benchmarks import sources
from energy_runner.benchmarks.catalogue import load_benchmark
from energy_runner.benchmarks.download import Limits
from energy_runner.benchmarks.fetch import fetch
from energy_runner.errors import ConfigurationError
from instruments.clock import RealClock
from tests.support.stimuli_source import LABELS

KWS = load_benchmark("kws01")
REFUSED = "only https:// is fetched, which nobody can change on the way. Try: an https:// address"
Answer = Callable[[socket.socket, threading.Event], None]


@pytest.fixture(autouse=True)
def _nothing_is_pinned(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetching, "_pins", dict)


@contextmanager
def serving(answer: Answer) -> Iterator[str]:
    """Yield the URL of a server that gives this answer to everything, until the test is over."""
    listener, over = socket.create_server(("127.0.0.1", 0)), threading.Event()
    threads: list[threading.Thread] = []

    def one(connection: socket.socket) -> None:
        with connection, suppress(OSError):
            connection.recv(4096)
            answer(connection, over)

    def serve() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            threads.append(threading.Thread(target=one, args=(connection,)))
            threads[-1].start()

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        over.set()
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        readers = [one for one in threading.enumerate() if one.name == "fetch"]  # end with their connection
        for one_thread in (thread, *threads, *readers):
            one_thread.join()


def endless(connection: socket.socket, over: threading.Event) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
    while not over.is_set():
        connection.sendall(b"a,12,3\n" * 10_000)


def understated(connection: socket.socket, over: threading.Event) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 5000000000\r\n\r\n")
    while not over.is_set():
        connection.sendall(bytes(70_000))


def dripping(connection: socket.socket, over: threading.Event) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
    while not over.wait(0.02):
        connection.sendall(b"x")


def dripping_head(connection: socket.socket, over: threading.Event) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nX-Slow: ")
    while not over.wait(0.02):
        connection.sendall(b"x")


def leading(to: str) -> Answer:
    def answer(connection: socket.socket, over: threading.Event) -> None:
        connection.sendall(
            f"HTTP/1.1 302 Found\r\nLocation: {to}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode()
        )

    return answer


def refusal(url: str, out: Path, limits: Limits | None = None) -> str:
    with pytest.raises(ConfigurationError) as caught:
        fetch(KWS, url, out, limits=limits or Limits())
    assert str(caught.value).isprintable()
    assert not out.exists() or not list(out.iterdir())  # no part of a file stays
    return str(caught.value)


@pytest.mark.parametrize("answer", [endless, understated])
def test_a_file_that_never_ends_is_cut_at_the_largest_that_is_read(
    answer: Answer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetching, "MOST_LABEL_BYTES", 1000)
    with serving(answer) as url:
        assert "more than 1000 bytes are not a label file" in refusal(url, tmp_path / "out")


def test_so_is_an_archive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "MOST_ARCHIVE_BYTES", 1000)
    with serving(endless) as url:
        assert "set.zip: more than 1000 bytes" in refusal(f"{url}/set.zip", tmp_path / "out")


@pytest.mark.parametrize("answer", [dripping, dripping_head])
def test_a_server_that_hardly_says_anything_is_given_up_in_the_end(answer: Answer, tmp_path: Path) -> None:
    limits = Limits(remaining_s=RealClock().deadline(0.15).remaining_s)
    with serving(answer) as url:
        said = refusal(url, tmp_path / "out", limits)
    assert "too slow, the time for the whole fetch is over. Try again" in said


def test_a_fetch_whose_time_is_over_asks_for_nothing_more(tmp_path: Path) -> None:
    with serving(endless) as url:
        assert "too slow" in refusal(url, tmp_path / "out", Limits(remaining_s=lambda: 0.0))


@pytest.mark.parametrize(
    "to", ["file:///etc/passwd", "ftp://127.0.0.1/x", "http://192.0.2.1/x", "gopher://x", "//192.0.2.1/x"]
)
def test_a_server_cannot_lead_anywhere_else(to: str, tmp_path: Path) -> None:
    with serving(leading(to)) as url:
        said = refusal(url, tmp_path / "out")
    assert "leads to " in said
    assert REFUSED in said


@pytest.mark.parametrize("to", ["http://[bad", "https://a b:c/", "http://127.0.0.1:99999/x"])
def test_what_is_no_url_is_one_line(to: str, tmp_path: Path) -> None:
    refusal(to, tmp_path / "out")
    with serving(leading(to)) as url:
        refusal(url, tmp_path / "out")


def test_a_circle_ends(tmp_path: Path) -> None:
    with serving(leading("/again")) as url:
        assert "leads from one address to the next, more than 5 times" in refusal(url, tmp_path / "out")


@pytest.mark.parametrize("url", ["http://example.org/kws01", "file:///etc", "ftp://example.org/kws01", "spy://x"])
def test_only_https_is_used_beyond_this_machine(url: str, tmp_path: Path) -> None:
    assert REFUSED in refusal(url, tmp_path / "out")


def test_https_is_asked_for_as_it_is(tmp_path: Path) -> None:
    assert "https://127.0.0.1:9/kws01/y_labels.csv: cannot be fetched (no connection" in refusal(
        "https://127.0.0.1:9/kws01", tmp_path / "out"
    )


def test_a_redirect_within_the_machine_is_followed(tmp_path: Path) -> None:
    def labels(connection: socket.socket, over: threading.Event) -> None:
        body = LABELS.splitlines(keepends=True)[0]
        connection.sendall(
            b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s" % (len(body), body)
        )

    with serving(labels) as other, serving(leading(f"{other}/y_labels.csv")) as url:
        assert "s0.bin has 12 bytes" in refusal(url, tmp_path / "out")
