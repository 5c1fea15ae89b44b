# SPDX-License-Identifier: Apache-2.0
"""The one place that sends something: a query to a time stamp authority (RFC 3161, section 3.4)."""

from queue import Empty, Queue
from threading import Thread
from urllib.parse import urlsplit

from energy_runner.certificate.needed import needed
from energy_runner.errors import BenchFault, ConfigurationError
from energy_runner.wording import shown

LONGEST_S = 30.0
MOST_BYTES = 65_536
_HEAD = {
    "Content-Type": "application/timestamp-query",
    "Accept": "application/timestamp-reply",
    "Accept-Encoding": "identity",
}


def post_query(url: str, body: bytes, longest_s: float = LONGEST_S) -> bytes:
    """Send `body` to a URL of http or https and return the answer's body, at most `MOST_BYTES` of it.

    It takes at most `longest_s` seconds, however slowly the server sends: its thread is then left alone, and
    ends with the connection. No redirect is followed. http is allowed: a token is signed, and a digest is all that
    is sent.

    Raises `ConfigurationError` for another kind of address, `BenchFault` for anything else.
    """
    if not url.startswith(("https://", "http://")):
        raise ConfigurationError(f"{address(url)}: a time stamp is asked for over http or https. Try: https://...")
    answers: Queue[bytes | Exception] = Queue(1)
    Thread(target=_ask, args=(url, body, longest_s, answers), name="time stamp", daemon=True).start()
    try:
        answer = answers.get(timeout=longest_s)
    except Empty:
        raise BenchFault(f"{address(url)}: no time stamp within {longest_s:g} s. Try again later") from None
    if isinstance(answer, BenchFault):
        raise answer
    if isinstance(answer, Exception):
        raise BenchFault(
            f"{address(url)}: no time stamp: {_reason(answer)}. Try: the address, or again later"
        ) from None
    return answer


def address(url: str) -> str:
    """Return a URL for a message: without a name and a password that it may have, and without a query."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return "the address"
    return shown(f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}")


def _ask(url: str, body: bytes, silence_s: float, answers: "Queue[bytes | Exception]") -> None:
    try:
        answers.put(_answer(url, body, silence_s))
    except Exception as error:
        answers.put(error)


def _answer(url: str, body: bytes, silence_s: float) -> bytes:
    with needed():
        import requests
    with requests.post(
        url, data=body, headers=_HEAD, timeout=silence_s, stream=True, allow_redirects=False
    ) as answer:
        if answer.status_code != requests.codes.ok:
            said = shown(f"{answer.status_code} {answer.reason}")
            raise BenchFault(f"{address(url)}: the server answered {said}. Try: the address of the authority")
        data = b""
        for piece in answer.iter_content(4096):
            data += piece
            if len(data) > MOST_BYTES:
                raise BenchFault(
                    f"{address(url)}: the answer is longer than {MOST_BYTES} bytes. Try: another authority"
                )
        return data


def _reason(error: Exception) -> str:
    import requests

    words = {
        requests.exceptions.SSLError: "the server's certificate cannot be verified",
        requests.Timeout: "the server was silent",
        requests.ConnectionError: "no connection, or it broke off",
        ValueError: "the address is not a URL",
    }
    return next(
        (text for kind, text in words.items() if isinstance(error, kind)), "the answer cannot be understood"
    )
