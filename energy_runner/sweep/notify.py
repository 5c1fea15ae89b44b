# SPDX-License-Identifier: Apache-2.0
"""Tell somebody that a sweep has ended or is in trouble, by apprise (extra `notify`); nothing here stops a sweep.

Each message is sent in a thread of its own, and a service that does not answer is left behind. The address of a
service usually contains a token, so no message of ours and no log shows more of it than its beginning (`slack://`).
The text of a plan becomes part of every session: write `$NAME` there, and keep the address in that variable of the
environment.
"""

import logging
import os
import re
import threading
import warnings
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Literal

from energy_runner.errors import ConfigurationError
from energy_runner.wording import printable, shown, visible
from instruments.clock import Deadline, RealClock

Occasion = Literal["end", "trouble"]
OCCASIONS: tuple[Occasion, ...] = ("end", "trouble")
LIMIT_S = 20.0
LONGEST_TITLE, LONGEST_BODY = 200, 8000  # characters; services that take less cut it themselves

_THREAD = "notification"
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]{0,29})://")
# These loggers write addresses, with what is secret in them.
_TELLTALES = ("apprise", "urllib3.connectionpool")


class Notifier:
    """Services that are told at the end of a sweep, in trouble, or both."""

    def __init__(
        self,
        urls: Sequence[str],
        on: Collection[Occasion] = OCCASIONS,
        *,
        limit_s: float = LIMIT_S,
        variables: Mapping[str, str] | None = None,
    ) -> None:
        """Understand the addresses; nothing is sent.

        `urls` are addresses as apprise has them (`ntfys://ntfy.sh/my-topic`), or `$NAME` for the address in a
        variable of the environment (or of `variables`). `on` holds "end", "trouble" or both. `limit_s` is the
        longest that one `tell` may take (s). Raises `ConfigurationError` for an address or a word in `on` that is
        not understood, a variable that is not set, or if apprise is not installed.
        """
        unknown = [word for word in on if word not in OCCASIONS]
        if unknown:
            raise ConfigurationError(
                f"notifications on '{shown(unknown[0])}' are not known. Try: {' or '.join(OCCASIONS)}"
            )
        self.on = frozenset(on)
        self._limit_s = limit_s
        environment = os.environ if variables is None else variables
        found = [_looked_up(url, number, environment) for number, url in enumerate(urls, 1)]
        self._services = [_service(url, number) for number, url in enumerate(found, 1)]
        self._sending: dict[str, threading.Thread] = {}

    def tell(self, title: str, body: str, occasion: Occasion = "trouble") -> list[str]:
        """Send a message to every service and return what went wrong, one line for each service; raise nothing.

        Sends nothing if this is not among the occasions. Returns after `limit_s` seconds at the latest; what was
        not sent by then may still be sent later.
        """
        if occasion not in self.on:
            return []
        try:
            message = {"title": printable(title)[:LONGEST_TITLE], "body": visible(body)[:LONGEST_BODY]}
            message["notify_type"] = "info" if occasion == "end" else "warning"
            results: dict[str, str] = {}
            begun = {name: self._begin(name, service, message, results) for name, service in self._services}
            limit = RealClock().deadline(self._limit_s)
            problems = [begun[name] or _outcome(self._sending[name], name, results, limit) for name in begun]
        except Exception as error:
            return [f"the message could not be sent ({type(error).__name__})"]
        return [problem for problem in problems if problem]

    def _begin(self, name: str, service: Any, message: Mapping[str, str], results: dict[str, str]) -> str:
        """Begin to send to one service; return why that cannot be done, or ""."""
        before = self._sending.get(name)
        if before is not None and before.is_alive():
            return f"{name}: still busy with an earlier message; this one was not sent"

        def send() -> None:
            try:
                with _in_secret():
                    sent = service.notify(**message)
            except BaseException as error:  # its words may hold the address
                results[name] = f"{name}: failed ({type(error).__name__})"
            else:
                results[name] = "" if sent else f"{name}: was not sent. Try: apprise -vv with the same address"

        thread = threading.Thread(target=send, name=f"{_THREAD} {name}", daemon=True)
        try:
            thread.start()
        except RuntimeError as error:
            return f"{name}: no thread could be started ({type(error).__name__})"
        self._sending[name] = thread
        return ""


def _outcome(thread: threading.Thread, name: str, results: Mapping[str, str], limit: Deadline) -> str:
    thread.join(limit.remaining_s())
    return results.get(name, f"{name}: no answer in time. Try: whether the service can be reached from here")


def _looked_up(url: str, number: int, environment: Mapping[str, str]) -> str:
    """Return an address, from the environment if it is given as `$NAME`."""
    if not url.startswith("$"):
        return url
    name = url[1:].strip("{}")
    found = environment.get(name, "").strip()
    if not found:
        raise ConfigurationError(
            f"notification {number}: the variable {shown(name)} of the environment is not set. "
            f"Try: export {shown(name)}=ADDRESS"
        )
    return found


def _service(url: str, number: int) -> tuple[str, Any]:
    """Return the name of a service for messages, without anything secret, and what sends to it."""
    try:
        from apprise import Apprise, AppriseAsset
    except ImportError:
        raise ConfigurationError("notifications need apprise. Try: pip install 'energy-runner[notify]'") from None
    scheme = _SCHEME.match(url)
    name = f"notification {number} ({scheme[1].lower()}://)" if scheme else f"notification {number}"
    try:
        with _in_secret(), warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # of modules that its plug-ins import
            service = Apprise.instantiate(url, asset=AppriseAsset(async_mode=False), suppress_exceptions=True)
    except Exception:  # of a plug-in; its words may hold the address
        service = None
    if service is None:
        raise ConfigurationError(
            f"{name}: the address is not understood. Try: apprise's list of services, for example "
            "'ntfys://ntfy.sh/TOPIC', and `apprise -vv -b test ADDRESS`"
        )
    return name, service


class _Quiet(logging.Filter):
    """Drops what is logged in a thread while it understands an address or sends a message."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Return whether a record may be written."""
        return not getattr(_here, "secret", False)


_here = threading.local()
_QUIET = _Quiet()


@contextmanager
def _in_secret() -> Iterator[None]:
    """Let nothing be logged by this thread that could hold an address, while the body runs."""
    for logger in _TELLTALES:
        logging.getLogger(logger).addFilter(_QUIET)  # once, however often it is added
    _here.secret = True
    try:
        yield
    finally:
        _here.secret = False
