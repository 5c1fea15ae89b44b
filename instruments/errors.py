"""The error tree of the control layer.

Every message says what was asked, what came, and what to try:

    InstrumentError
    ├── Unavailable         the box cannot be reached (no such port, no permission, unplugged)
    ├── Refused             the box answered and said no
    ├── ProtocolViolation   the box sent bytes that its grammar does not allow
    ├── TimedOut            the box did not answer before the deadline (also a TimeoutError)
    └── SampleLoss          samples are missing from a stream that must be whole
"""


class InstrumentError(Exception):
    """Base of all errors that a box or the way to it can cause."""

    def __init__(self, asked: str, came: str, try_this: str = "") -> None:
        """Say what was asked, what came instead, and what the user may try."""
        self.asked = asked
        self.came = came
        self.try_this = try_this
        super().__init__(f"{asked}: {came}" + (f". Try: {try_this}" if try_this else ""))


class Unavailable(InstrumentError):
    """The box cannot be reached."""


class Refused(InstrumentError):
    """The box answered and refused."""


class ProtocolViolation(InstrumentError):
    """The box sent something that its grammar does not allow."""


class TimedOut(InstrumentError, TimeoutError):
    """The box did not answer before the deadline."""


class SampleLoss(InstrumentError):
    """Samples are missing from a stream that must be whole."""


_SHOWN = 60  # characters of a bad answer that a message repeats


def shown(data: bytes | str) -> str:
    """Return a bad answer in quotes, cut to a length that fits into a message."""
    text = data.decode("latin-1") if isinstance(data, bytes) else data
    return repr(text[:_SHOWN]) + ("..." if len(text) > _SHOWN else "")
