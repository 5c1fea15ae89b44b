# SPDX-License-Identifier: Apache-2.0
"""What all VISA links share: one low-level read, time-outs, and the translation of errors."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from instruments.clock import Deadline
from instruments.errors import InstrumentError, TimedOut, Unavailable, one_line

CHECK = "check the resource name, the cable, and that no other program uses the instrument"
CHECK_NETWORK = "check the address and its port (5025 on most instruments), and that the instrument is on"
# What Python adds to the words of a library, or says of a module that is missing, after the library has said so.
_PYTHON = re.compile(r"\[Errno -?[0-9]+\] |\.? No module named '[^']*'\.?")
_LONGEST = 300  # characters of an error that a message repeats; pyvisa-sim puts whole tracebacks into one


def read_some(resource: Any, count: int, deadline: Deadline) -> bytes:
    """Return up to `count` bytes: the result of one low-level read."""
    from pyvisa.constants import StatusCode

    resource.timeout = milliseconds(deadline)
    # Not `read_bytes()`, which would copy everything twice more.
    with resource.ignore_warning(StatusCode.success_max_count_read):
        data, _ = resource.visalib.read(resource.session, count)
    return bytes(data)


def milliseconds(deadline: Deadline) -> int:
    """Return the time left in ms, at least 1: VISA libraries disagree about what 0 means."""
    return max(1, round(deadline.remaining_s() * 1000))


@contextmanager
def visa_errors(asked: str, try_this: str = CHECK) -> Iterator[None]:
    """Turn anything that pyvisa or the library below it raises into an `InstrumentError`."""
    from pyvisa.constants import StatusCode

    try:
        yield
    except InstrumentError:
        raise
    except Exception as error:
        # Besides VisaIOError, pyvisa-py raises OSError, struct.error, RuntimeError, even bare Exception.
        # Not every library gives its codes as members of the enumeration, but the numbers are the same.
        code = getattr(error, "error_code", None)
        if code == StatusCode.error_timeout or isinstance(error, TimeoutError):
            raise TimedOut(asked, "no answer", "check that the instrument is on and not busy") from error
        came = _PYTHON.sub("", one_line(getattr(error, "description", "") or error)).rstrip(".: ")
        came = came if len(came) <= _LONGEST else f"{came[:_LONGEST]}..."
        raise Unavailable(asked, came, try_this) from error
