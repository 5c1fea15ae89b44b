# SPDX-License-Identifier: Apache-2.0
"""A link through a vendor's library: calls and results instead of bytes.

The driver supplies a factory for the library's object; the factory imports the library when called. Tests and
twins put a stand-in in its place. Data that a library passes to a callback on its own thread goes through a
`BoundedQueue`, which counts what does not fit.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from instruments.errors import InstrumentError, TimedOut, Unavailable, named, one_line
from instruments.links.tap import ByteListener, Direction

# Return the library's object for an address such as a serial number or a device path.
VendorFactory = Callable[[str], Any]
# The control layer's error for each exception type of the library; the first match counts.
ErrorTable = Mapping[type[Exception], type[InstrumentError]]

_STANDARD: ErrorTable = {TimeoutError: TimedOut, OSError: Unavailable}
_SHOWN = 2000  # characters of an argument or a result that the journal repeats


class VendorLink:
    """A link of calls: `call(link.device.method, ...)` is recorded, and fails with an `InstrumentError`.

    `listener` receives each call as a line of text sent, and its result or exception as one received. The link
    enforces no deadline: where the library accepts a time-out, pass it the time left.
    """

    def __init__(
        self,
        name: str,
        address: str,
        *,
        stand_in: VendorFactory | None = None,
        listener: ByteListener | None = None,
    ) -> None:
        """`stand_in` makes the object to talk to instead of the library's, for tests and twins."""
        self.name = name
        self.address = address
        self._stand_in = stand_in
        self._listener = listener
        self._errors: ErrorTable = _STANDARD
        self._device: Any = None
        self._close: Callable[[Any], object] | None = None

    def open(
        self, make: VendorFactory, close: Callable[[Any], object] | None = None, errors: ErrorTable | None = None
    ) -> None:
        """Make the library's object; `close()` later calls `close` with it. `errors` precedes the standard table.

        Raises `Unavailable` if the library is not installed, or the error that `errors` names.
        """
        self.close()
        self._errors = {**(errors or {}), **_STANDARD}
        with self._translated(f"open {self.name} ({self.address})"):
            self._device = (self._stand_in or make)(self.address)
        self._close = close

    def close(self) -> None:
        """Release the library's object, even if closing it fails; safe to call twice."""
        device, self._device = self._device, None
        close, self._close = self._close, None
        if device is not None and close is not None:
            with self._translated(f"close {self.name}"):
                close(device)

    @property
    def device(self) -> Any:
        """Return the library's object; raise `Unavailable` while the link is not open."""
        if self._device is None:
            raise Unavailable(f"use {self.name}", "the link is not open", "open it first")
        return self._device

    def call[**P, R](self, function: Callable[P, R], *arguments: P.args, **options: P.kwargs) -> R:
        """Call `function` and return its result; record the call and the result."""
        given = [_shown(one) for one in arguments] + [f"{key}={_shown(one)}" for key, one in options.items()]
        self._tell("tx", f"{_name(function)}({', '.join(given)})")
        with self._translated(f"call {_name(function)} of {self.name}"):
            try:
                result = function(*arguments, **options)
            except Exception as error:
                self._tell("rx", f"raised {type(error).__name__}: {error}")
                raise
        self._tell("rx", _shown(result))
        return result

    def call_in_secret[**P, R](self, function: Callable[P, R], *arguments: P.args, **options: P.kwargs) -> R:
        """Call `function` and return its result; record only its name, as for a login."""
        self._tell("tx", f"{_name(function)}(not recorded)")
        with self._translated(f"call {_name(function)} of {self.name}"):
            return function(*arguments, **options)

    def _tell(self, direction: Direction, line: str) -> None:
        if self._listener is not None:
            self._listener(direction, f"{line}\n".encode("ascii", "backslashreplace"))

    @contextmanager
    def _translated(self, asked: str) -> Iterator[None]:
        """Turn anything that the library raises into an `InstrumentError`."""
        try:
            yield
        except InstrumentError:
            raise
        except ImportError as error:
            raise Unavailable(
                asked, str(error), "install the vendor's library, or the extra of this package that brings it"
            ) from error
        except Exception as error:
            kind = next((ours for theirs, ours in self._errors.items() if isinstance(error, theirs)), Unavailable)
            raise kind(asked, _said_by(error), f"check the device {self.address}") from error


def _said_by(error: Exception) -> str:
    """Return what an error says; of the operating system's, its own words and the file's name."""
    if not isinstance(error, OSError) or not error.strerror:
        return named(error)
    return one_line(f"{error.strerror} ({error.filename})" if error.filename else error.strerror)


def _name(function: Callable[..., object]) -> str:
    return str(getattr(function, "__name__", type(function).__name__))


def _shown(value: object) -> str:
    """Return a value as JSON, shortened; values that JSON cannot hold are named by their type."""
    try:
        text = json.dumps(value, default=_in_brief)
    except (TypeError, ValueError):  # keys of other types, or a value that contains itself
        text = f"<{type(value).__name__}>"
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}... ({len(text)} characters)"


def _in_brief(value: object) -> str:
    if isinstance(value, bytes):
        return value.hex()
    shape, kind = getattr(value, "shape", None), getattr(value, "dtype", None)
    return f"<{kind} {shape}>" if shape is not None else f"<{type(value).__name__}>"
