# SPDX-License-Identifier: Apache-2.0
"""Fetch one file from the web: over HTTPS only, up to a size and a time that are checked while it comes.

What a server says about itself is not believed: neither its Content-Length nor that it will end soon. It is read
in a thread of its own, because a server that sends one byte now and then would keep any read waiting.
"""

import logging
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, Queue
from threading import Event, Thread
from typing import Any
from urllib.parse import urljoin, urlsplit

from energy_runner.errors import ConfigurationError
from energy_runner.wording import shown

SILENCE_S = 30.0  # for a server to answer, and between two pieces of an answer
LONGEST_S = 3600.0  # of a whole fetch; an interrupted one continues where it ended
MOST_REDIRECTS = 5
_PIECE_BYTES = 1 << 16
_ENDING_S = 0.2
_PIECES = 4  # that wait to be written
_THIS_MACHINE = ("localhost", "127.0.0.1", "::1")
_INSTEAD = "Try: an https:// address; or fetch it in another way, and give the folder"


@dataclass(frozen=True)
class Limits:
    """How long a fetch may take: `silence_s` for a server to say something, `remaining_s()` for all of it."""

    silence_s: float = SILENCE_S
    remaining_s: Callable[[], float] = lambda: LONGEST_S


class _LateError(Exception):
    """The whole fetch takes too long."""


def download(url: str, folder: Path, name: str, most_bytes: int, limits: Limits) -> Path:
    """Fetch at most `most_bytes` + 1 bytes of a file into `folder` and return its path.

    Nothing stays of a failure. Raises `ConfigurationError` with what the server answered.
    """
    import pooch
    import requests

    pooch.get_logger().setLevel(logging.ERROR)  # it would print the hash of each file

    def bounded(address: str, output_file: Any, _pooch: object) -> None:
        _write(address, Path(output_file), most_bytes, limits)

    try:
        return Path(pooch.retrieve(url, None, fname=name, path=folder, downloader=bounded))
    except requests.HTTPError as error:
        answer = error.response
        said = shown(f"{answer.status_code} {answer.reason}") if answer is not None else "an error"
        raise ConfigurationError(f"{url}: the server answered {said}. Try: the folder that holds it") from None
    except _LateError:
        raise ConfigurationError(
            f"{url}: the server was too slow, the time for the whole fetch is over. Try again; it continues with "
            "the files that are missing"
        ) from None
    except (requests.RequestException, OSError, ValueError) as error:
        if _is_silence(error):
            raise ConfigurationError(
                f"{url}: the server was silent for {limits.silence_s:g} s. Try again later"
            ) from None
        raise ConfigurationError(f"{url}: cannot be fetched ({_reason(error)}). Try again") from error


def _write(url: str, file: Path, most_bytes: int, limits: Limits) -> None:
    pieces: Queue[bytes | BaseException | None] = Queue(_PIECES)
    enough = Event()
    reader = Thread(target=_pump, args=(url, limits.silence_s, pieces, enough), name="fetch", daemon=True)
    reader.start()
    left = most_bytes + 1
    try:
        with file.open("wb") as out:
            while left > 0 and (piece := _next(pieces, limits)) is not None:
                out.write(piece[:left])
                left -= len(piece)
    finally:
        enough.set()
        with suppress(Empty):  # makes room for the piece that the thread may hold, so that it ends
            while True:
                pieces.get_nowait()
        reader.join(_ENDING_S)  # one that waits for a slow server ends with the connection


def _next(pieces: "Queue[bytes | BaseException | None]", limits: Limits) -> bytes | None:
    remaining_s = limits.remaining_s()
    try:
        piece = pieces.get(timeout=remaining_s) if remaining_s > 0 else None
    except Empty:
        raise _LateError from None
    if remaining_s <= 0:
        raise _LateError
    if isinstance(piece, BaseException):
        raise piece
    return piece


def _pump(url: str, silence_s: float, pieces: "Queue[bytes | BaseException | None]", enough: Event) -> None:
    """Put the pieces of an answer into the queue, then None, or the error that ended it."""
    try:
        for piece in _pieces(url, silence_s):
            if enough.is_set():
                return
            pieces.put(piece)
        pieces.put(None)
    except Exception as error:
        pieces.put(error)


def _pieces(url: str, silence_s: float) -> Iterator[bytes]:
    import requests

    current, secure = url, False
    with requests.Session() as session:
        for _ in range(MOST_REDIRECTS + 1):
            secure = _checked(url, current, secure=secure)
            # No compression on the way: an archive has its own, and a small answer cannot become a large one.
            head = {"Accept-Encoding": "identity"}
            with session.get(
                current, stream=True, timeout=silence_s, allow_redirects=False, headers=head
            ) as answer:
                if answer.is_redirect:
                    current = urljoin(current, answer.headers["location"])
                    continue
                answer.raise_for_status()
                yield from answer.iter_content(_PIECE_BYTES)
                return
    raise ConfigurationError(f"{url}: leads from one address to the next, more than {MOST_REDIRECTS} times")


def _checked(url: str, current: str, *, secure: bool) -> bool:
    """Return whether an address is of https; raise `ConfigurationError` for one that must not be followed.

    Plain http is for a server on this machine, and no server may lead from https to it.
    """
    parts = urlsplit(current)
    if parts.scheme == "https":
        return True
    if parts.scheme == "http" and parts.hostname in _THIS_MACHINE and not secure:
        return False
    where = f"{url}: " if current == url else f"{url}: leads to {shown(current)}: "
    raise ConfigurationError(f"{where}only https:// is fetched, which nobody can change on the way. {_INSTEAD}")


def _is_silence(error: Exception) -> bool:
    import requests

    return isinstance(error, requests.Timeout) or "timed out" in str(error).lower()


def _reason(error: Exception) -> str:
    import requests

    words = {
        requests.exceptions.SSLError: "the server's certificate cannot be verified",
        requests.exceptions.ChunkedEncodingError: "the transfer broke off",
        requests.ConnectionError: "no connection, or it broke off",
        ValueError: "the address is not a URL",
        OSError: getattr(error, "strerror", None) or "the answer cannot be understood",
    }
    return next(text for kind, text in words.items() if isinstance(error, kind))
