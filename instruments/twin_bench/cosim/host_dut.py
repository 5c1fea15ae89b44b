# SPDX-License-Identifier: Apache-2.0
"""The DUT firmware's host port in this process: a board's code, with its network but without its time or current.

Answers are identical to those of the emulated board and come hundreds of times sooner: for accuracy runs and
tests. Its times are not measurements, and its `name` says that it is not a board.
"""

import ctypes
import shutil
import tempfile
from pathlib import Path

from instruments.clock import Deadline
from instruments.errors import Unavailable

_TAKE_BYTES = 1 << 16
_BUILD_IT = "make -C dut_firmware library NETWORK=model.tflite BENCHMARK=kws01"


class HostDut:
    """One DUT: the shared library `libdut_host.so`, in a copy of its own.

    The firmware's state is static, as on a board, so a second object loads a second copy. A loaded copy stays in
    memory until the process ends. Raises `Unavailable` for a file that is missing or is not this library.
    """

    def __init__(self, library: Path) -> None:
        # The system identifies a library by its file: loading the same file again would give the same DUT.
        with tempfile.TemporaryDirectory(prefix="host-dut-", ignore_cleanup_errors=True) as folder:
            try:
                self._library = ctypes.CDLL(str(shutil.copy(library, folder)))
                self._library.er_host_take.restype = ctypes.c_size_t
                self._library.er_host_boot.restype = None
                self._library.er_host_feed.restype = None
            except (OSError, AttributeError) as error:
                raise Unavailable(f"load the DUT firmware's host port {library}", str(error), _BUILD_IT) from error
        self._buffer = ctypes.create_string_buffer(_TAKE_BYTES)

    def boot(self) -> None:
        """Switch the DUT on, or off and on again; `take()` then returns the boot lines."""
        self._library.er_host_boot()

    def feed(self, data: bytes) -> None:
        """Send bytes to its UART; return when all that they request is done, including inferences."""
        self._library.er_host_feed(data, ctypes.c_size_t(len(data)))

    def take(self) -> bytes:
        """Return what the DUT has sent since the last call."""
        said = bytearray()
        while count := self._library.er_host_take(self._buffer, ctypes.c_size_t(_TAKE_BYTES)):
            said += ctypes.string_at(self._buffer, count)
        return bytes(said)


class HostDutLink:
    """The DUT driver's link to a `HostDut`; opening it switches the DUT on."""

    def __init__(self, dut: HostDut) -> None:
        self.name = "DUT (host port)"
        self._dut = dut
        self._said = b""

    def open(self, deadline: Deadline) -> None:
        """Boot the DUT."""
        self._said = b""
        self._dut.take()
        self._dut.boot()

    def close(self) -> None:
        """Do nothing: there is nothing to release."""

    def write(self, data: bytes, deadline: Deadline) -> None:
        """Send all of `data`; return when the DUT has processed it, even if that is after the deadline."""
        self._dut.feed(data)

    def read(self, deadline: Deadline, max_bytes: int = 65536) -> bytes:
        """Return what has been sent; if nothing, wait until the deadline, as for any silent device."""
        self._said += self._dut.take()
        if not self._said:
            deadline.clock.sleep(deadline.remaining_s())
        said, self._said = self._said[:max_bytes], self._said[max_bytes:]
        return said
