# SPDX-License-Identifier: Apache-2.0
"""The exceptions of the control layer.

Every message says what was asked, what came instead, and what to try:

    InstrumentError
    ├── Unavailable         the device cannot be reached (no such port, no permission, unplugged)
    ├── Refused             the device answered with a refusal, or its driver refuses the request
    ├── ProtocolViolation   the device sent bytes that its grammar does not allow
    ├── TimedOut            the device did not answer before the deadline (also a TimeoutError)
    └── SampleLoss          samples are missing from a stream that must be complete
"""


class InstrumentError(Exception):
    """Base of all errors that a device or its link can cause."""

    def __init__(self, asked: str, came: str, try_this: str = "") -> None:
        """Say what was asked, what came instead, and what the user may try."""
        self.asked = asked
        self.came = came
        self.try_this = try_this
        super().__init__(f"{asked}: {came}" + (f". Try: {try_this}" if try_this else ""))


class Unavailable(InstrumentError):
    """The device cannot be reached."""


class Refused(InstrumentError):
    """The device, or its driver, refused the request."""


class ProtocolViolation(InstrumentError):
    """The device sent something that its grammar does not allow."""


class TimedOut(InstrumentError, TimeoutError):
    """The device did not answer before the deadline."""


class SampleLoss(InstrumentError):
    """Samples are missing from a stream that must be complete."""


def one_line(said: object) -> str:
    """Return what an error, a device or a file says as one printable line; its type's name if it says nothing.

    Whatever could break or colour a line, or cannot be encoded, is written out as Python would escape it. Errors
    of strangers may fail even to say what they are.
    """
    try:
        text = " ".join(str(said).split())
    except Exception:
        text = ""
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text) or type(said).__name__


def named(error: BaseException) -> str:
    """Return an error as one line: its type's name, and what it says if it says anything."""
    name, text = type(error).__name__, one_line(error)
    return name if text == name else f"{name}: {text}"


_SHOWN = 60  # characters of a bad answer that a message repeats


def shown(data: bytes | str) -> str:
    """Return a bad answer in quotes, cut to 60 characters so that it fits into a message."""
    text = data.decode("latin-1") if isinstance(data, bytes) else data
    return repr(text[:_SHOWN]) + ("..." if len(text) > _SHOWN else "")
