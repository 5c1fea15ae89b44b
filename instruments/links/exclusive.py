# SPDX-License-Identifier: Apache-2.0
"""Keep a serial port for one program, where the operating system can (TIOCEXCL; Linux tty_ioctl(4)).

pyserial takes a file lock (`flock`), which only programs that ask for it respect: a terminal program would still
read half of the bytes. Windows opens every port exclusively by itself.
"""

import array
import errno
import os
import re
from contextlib import suppress
from typing import Any

import serial

try:
    import fcntl
    import termios
except ImportError:  # Windows
    fcntl = termios = None  # type: ignore[assignment]

_GET = 0x80045440  # TIOCGEXCL of Linux; no module of Python has it
# Pseudo-terminals of Linux and macOS. Their other end holds them open, so a client that was killed would leave
# them exclusive for ever.
_PSEUDO_TERMINAL = re.compile(r"/dev/(pts/|ttys[0-9]|ttyp)")

# What opening a port may raise: pyserial lets the errors of termios through, which are no `OSError`.
CONFIGURE_ERRORS: tuple[type[Exception], ...] = (
    serial.SerialException,
    OSError,
    ValueError,
    NotImplementedError,
    OverflowError,
    *((termios.error,) if termios is not None else ()),
)


def claim(port: Any) -> None:
    """Keep an open port; raise `OSError` (EBUSY) if another program keeps it: root may open such a port, too."""
    descriptor = _descriptor(port)
    if descriptor is None:
        return
    if _is_kept(descriptor):
        raise OSError(errno.EBUSY, os.strerror(errno.EBUSY))
    with suppress(OSError):  # not every driver can
        fcntl.ioctl(descriptor, termios.TIOCEXCL)


def release(port: Any) -> None:
    """Let others open the port, which stays exclusive if something else has it open."""
    descriptor = _descriptor(port)
    if descriptor is not None:
        with suppress(OSError):
            fcntl.ioctl(descriptor, termios.TIOCNXCL)


def _descriptor(port: Any) -> int | None:
    """Return the descriptor of a real serial port; None for other URLs, pseudo-terminals and on Windows."""
    if fcntl is None or type(port) is not serial.Serial or not port.is_open:
        return None
    try:
        descriptor = int(port.fileno())
        return None if _PSEUDO_TERMINAL.match(os.ttyname(descriptor)) else descriptor
    except (OSError, serial.SerialException):
        return None


def _is_kept(descriptor: int) -> bool:
    state = array.array("i", [0])
    try:
        fcntl.ioctl(descriptor, _GET, state)
    except OSError:  # another system, or an old one
        return False
    return bool(state[0])
