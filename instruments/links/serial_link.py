# SPDX-License-Identifier: Apache-2.0
"""A serial port, opened with pyserial and read in chunks, never byte by byte or line by line."""

import errno
import os
import re
import select
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import serial

from instruments.clock import Deadline
from instruments.errors import TimedOut, Unavailable
from instruments.links.address import NUMBER
from instruments.links.exclusive import CONFIGURE_ERRORS, claim, release

# pyserial reconfigures the port whenever a time-out changes, and some USB adapters then pause. So the time-outs
# stay constant where possible, and deadlines are checked here.
TURN_S = 0.01
WRITE_S = 1.0

_URL = re.compile("(socket|rfc2217)://", re.IGNORECASE)

_NO_PORT = "check the cable, and the port's name with `energy-runner instruments list`"
_NO_SERIAL_PORT = "the name of a serial port: see `energy-runner instruments list`"
_IN_USE = "close the other program that uses the port"
_NOT_SERIAL = "that is no serial port: see `energy-runner instruments list` for the names of this computer's"
_ADVICE = {
    errno.ENOENT: _NO_PORT,
    errno.ENXIO: _NO_PORT,
    errno.ENODEV: _NO_PORT,
    errno.ENOTTY: _NOT_SERIAL,
    errno.EISDIR: _NOT_SERIAL,
    errno.EACCES: "add yourself to the group that owns the port (on Debian and Ubuntu: "
    "`sudo usermod -aG dialout $USER`, then log in again)",
    errno.EPERM: "add yourself to the group that owns the port (often `dialout`), then log in again",
    errno.EBUSY: _IN_USE,
    errno.EAGAIN: _IN_USE,  # the port's lock is taken
    errno.EWOULDBLOCK: _IN_USE,
    **dict.fromkeys((errno.ENOTTY, errno.EISDIR, errno.ENOTDIR, errno.ELOOP), _NO_SERIAL_PORT),
}
_NO_OUTPUT = (errno.ENOTTY, errno.EINVAL)  # what a pseudo-terminal says of its outputs
# pyserial on Windows gives no number, only the name of the error in its text; "no permission" means "in use"
# there.
_ADVICE_BY_TEXT = {"FileNotFoundError": _NO_PORT, "PermissionError": _IN_USE}


@dataclass(frozen=True)
class SerialPortInfo:
    """A serial port of this computer; `usb` is vendor and product id (`0483:5740`), empty if it is not USB."""

    port: str
    usb: str
    description: str
    serial: str


def list_serial_ports() -> list[SerialPortInfo]:
    """Return the serial ports that have hardware behind them, sorted by name; open nothing.

    Linux also lists serial ports that a PC could have but does not (`/dev/ttyS0` and so on); those are left out.
    """
    from serial.tools.list_ports import comports

    return [
        SerialPortInfo(
            port=str(found.device),
            usb=f"{found.vid:04x}:{found.pid:04x}" if found.vid is not None and found.pid is not None else "",
            description=str(found.description or ""),
            serial=str(found.serial_number or ""),
        )
        for found in sorted(comports(), key=lambda found: str(found.device))
        if found.hwid not in (None, "", "n/a")
    ]


def located(port: str) -> str:
    """Return the name of a port; one that is given by `serial-number:` is looked for among those plugged in now.

    A device with several ports has them in the order of their names; `#2` after the number means the second.
    Raises `Unavailable`, which says what is there.
    """
    if not port.startswith(NUMBER):
        return port
    number, _, nth = port.removeprefix(NUMBER).partition("#")
    ports = list_serial_ports()
    own = [one.port for one in ports if one.serial.casefold() == number.casefold()]
    if len(own) >= int(nth or 1):
        return own[int(nth or 1) - 1]
    there = ", ".join(f"{one.serial} ({one.port})" for one in ports if one.serial) or "none"
    came = f"it has {len(own)} serial ports" if own else "no serial port has that number"
    raise Unavailable(f"find the device with serial number {number}", came, f"plug it in; there are: {there}")


@dataclass(frozen=True)
class SerialOptions:
    """How a port is opened besides its speed.

    `other_bauds` are tried in turn where the port's driver refuses the speed, which an instrument on a USB port
    of its own does not notice. `dtr` and `rts` are the levels of these outputs while the port is open (True:
    asserted; None: as the operating system has it, asserted). Linux and macOS assert both for a moment at the
    opening, too.
    """

    other_bauds: tuple[int, ...] = ()
    dtr: bool | None = None
    rts: bool | None = None


class SerialLink:
    """A `Link` over one serial port, 8N1, opened exclusively where the system supports that.

    `fell_back` says in words that the port's driver refused the speed, and which one it has now; "" if it did not.
    """

    def __init__(self, name: str, port: str, baud: int, options: SerialOptions = SerialOptions()) -> None:
        self.name = name
        self.port = port
        self.baud = baud
        self.options = options
        self.fell_back = ""
        self._name = port
        self._port: serial.Serial | None = None

    def open(self, deadline: Deadline) -> None:
        """Open the port; raise `Unavailable` with advice for the usual causes."""
        self.close()
        self.fell_back = ""
        self._name = located(self.port)
        refused: Exception | None = None
        for baud in (self.baud, *self.options.other_bauds):
            try:
                self._port = self._opened_at(baud)
            except CONFIGURE_ERRORS as error:
                refused = refused or error
                if not _is_about_speed(error):
                    asked = f"open {self.name} ({self.port})"
                    raise Unavailable(asked, _plain(error), _advice(error)) from error
            else:
                if refused is not None:
                    self.fell_back = f"{baud} baud, because the port's driver refuses {self.baud}"
                return
        raise Unavailable(
            f"open {self.name} ({self.port}) at {self.baud} baud",
            "the port's driver refuses that speed",
            "set `baud` in the bench file to a speed that the port's driver and the device have, such as 115200, "
            "or use another USB adapter",
        ) from refused

    def close(self) -> None:
        """Release the port."""
        port, self._port = self._port, None
        if port is not None:
            try:
                release(port)
                port.close()
            except (serial.SerialException, OSError):
                return  # the device is gone already: nothing more can be closed

    def write(self, data: bytes, deadline: Deadline) -> None:
        """Send all of `data`; raise `TimedOut` if the port does not accept it by the deadline, or within 1 s."""
        port = self._opened("write to")
        try:
            # Never zero: with a time-out of 0, pyserial retries for ever on a port that accepts nothing.
            limit_s = min(WRITE_S, max(TURN_S, deadline.remaining_s()))
            if port.write_timeout != limit_s:
                port.write_timeout = limit_s
            port.write(data)
        except serial.SerialTimeoutException as error:
            raise TimedOut(
                f"write to {self.name} ({self.port})", "the port accepts no more bytes", "check the cable"
            ) from error
        except (serial.SerialException, OSError, TypeError) as error:
            raise self._gone("write to", error) from error

    def read(self, deadline: Deadline, max_bytes: int = 65536) -> bytes:
        """Return what has arrived, waiting until the deadline for the first byte; return b'' if none arrives.

        May return up to 10 ms after the deadline; if the deadline has passed already, does not wait.
        """
        port = self._opened("read from")
        try:
            # Exactly this class: pyserial's other classes (`socket://`, `rfc2217://`) read in their own manner.
            if os.name == "posix" and type(port) is serial.Serial:
                return _read_descriptor(port.fileno(), deadline, max_bytes)
            return _read_port(port, deadline, max_bytes)
        except (serial.SerialException, OSError, TypeError) as error:
            # pyserial raises TypeError when another thread or a disconnection has closed the file descriptor.
            raise self._gone("read from", error) from error

    def pulse_dtr(self, pause: Callable[[], None]) -> bool:
        """Release DTR, assert it, and put it back to its level; many boards restart when it is asserted.

        Return False for a port that has no such output.
        """
        port = self._opened("set DTR of")
        try:
            for level in (False, True, self.options.dtr is not False):
                if port.dtr != level:
                    port.dtr = level
                    pause()
        except (serial.SerialException, OSError, TypeError) as error:
            if getattr(error, "errno", None) in _NO_OUTPUT:
                return False
            raise self._gone("set DTR of", error) from error
        return True

    def _opened_at(self, baud: int) -> serial.Serial:
        port = _not_opened(self._name, baudrate=baud, timeout=TURN_S, write_timeout=WRITE_S)
        port.exclusive = True
        # Before the port is opened: many boards restart at the first change of DTR.
        if self.options.dtr is not None:
            port.dtr = self.options.dtr
        if self.options.rts is not None:
            port.rts = self.options.rts
        port.open()
        try:
            claim(port)
        except OSError:
            port.close()
            raise
        return port

    def _opened(self, action: str) -> serial.Serial:
        if self._port is None:
            raise Unavailable(f"{action} {self.name}", "the port is not open", "open it first")
        return self._port

    def _gone(self, action: str, error: Exception) -> Unavailable:
        return Unavailable(f"{action} {self.name} ({self.port})", _plain(error), "check the cable and start again")


def _not_opened(name: str, **settings: Any) -> serial.Serial:
    """Return a port that is not opened yet.

    Only two of pyserial's URLs are taken for URLs: others act on this computer, and `spy://` writes files.
    """
    if _URL.match(name):
        return serial.serial_for_url(name, do_not_open=True, **settings)
    port = serial.Serial(None, **settings)
    port.port = name
    return port


def _read_port(port: serial.Serial, deadline: Deadline, max_bytes: int) -> bytes:
    first = b""
    while not first and not port.in_waiting:
        if deadline.expired():
            return b""
        first = bytes(port.read(1))
    return first + bytes(port.read(min(max_bytes - len(first), port.in_waiting)))


def _read_descriptor(descriptor: int, deadline: Deadline, max_bytes: int) -> bytes:
    """Read at once, and wait only if nothing was there.

    At each system call another Python thread may take the interpreter, for up to 5 ms. pyserial makes four calls
    for each piece of a stream, too many for 400 kB/s while the process is busy; this function makes one.
    """
    while not (data := _take_all(descriptor, max_bytes)):
        expired = deadline.expired()
        wait_s = 0.0 if expired else deadline.remaining_s()
        if select.select([descriptor], [], [], wait_s)[0] and not (data := _take(descriptor, max_bytes)):
            # A port whose device is gone is always ready to be read, but never returns a byte.
            raise serial.SerialException("the device is gone, or another program also reads from the port")
        if data or expired:
            break
    return data


def _take_all(descriptor: int, max_bytes: int) -> bytes:
    """Return what is there; a system hands over a few thousand bytes at a time, however many are waiting."""
    data = _take(descriptor, max_bytes)
    while data and len(data) < max_bytes and (more := _take(descriptor, max_bytes - len(data))):
        data += more
    return data


def _take(descriptor: int, max_bytes: int) -> bytes:
    try:
        return os.read(descriptor, max_bytes)
    except BlockingIOError:
        return b""


def _is_about_speed(error: Exception) -> bool:
    """Return whether a port could not be opened because of its speed: systems and drivers say it in many ways."""
    if isinstance(error, NotImplementedError | OverflowError):
        return True
    # EINVAL; 87 is Windows' ERROR_INVALID_PARAMETER. pyserial hides both in its text.
    return _number(error) == errno.EINVAL or any(
        word in str(error) for word in ("baud", "Invalid argument", ", 87)")
    )


def _number(error: BaseException) -> int:
    """Return the operating system's number of an error; 0 for none. That of termios is its first argument."""
    for one in (error, error.__context__):
        for number in (getattr(one, "errno", None), *getattr(one, "args", ())[:1]):
            if number and isinstance(number, int):
                return number
    return 0


def _advice(error: Exception) -> str:
    number = _number(error)
    by_text = next((advice for word, advice in _ADVICE_BY_TEXT.items() if word in str(error)), "")
    return _ADVICE.get(number, by_text) or _NO_PORT


def _plain(error: Exception) -> str:
    """Return the error's text on one line, without what pyserial adds."""
    if _ADVICE.get(_number(error)) == _IN_USE:
        return "it is busy"  # the system's words for it, such as "Resource temporarily unavailable", tell less
    for cause in (error.__context__, error):
        match cause.args if cause is not None else ():
            case (int(), str(text), *_):  # an error of the system or of termios: its number and its words
                return " ".join(text.split())
    return " ".join(str(error).split())
