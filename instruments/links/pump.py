# SPDX-License-Identifier: Apache-2.0
"""Read a stream on a thread of its own, so that nothing is lost while the run is busy elsewhere.

The operating system buffers a few kilobytes of a serial port; a device without flow control that sends 400 kB/s
fills them in 10 to 30 ms. The thread only reads and queues: bytes are decoded, recorded and judged in the caller's
thread, so taps belong outside (`TappedLink(PumpedLink(...))`).
"""

import math
import threading

from instruments.clock import Clock, Deadline
from instruments.errors import TimedOut, Unavailable, one_line
from instruments.links import turns
from instruments.links.base import Link
from instruments.links.bounded import BoundedQueue, Overflow

DEFAULT_CAPACITY_BYTES = 16 << 20  # 40 s of 400 kB/s
# The least that operating systems buffer of a serial stream: Linux 4 KiB (N_TTY_BUF_SIZE), Windows 4 KiB.
UNPUMPED_BYTES = 4096
_CHUNK_BYTES = 1 << 16
_TURN_S = 0.05  # how long the thread waits for a byte before it checks whether it has to end
_END_S = 1.0


class PumpedLink:
    """A `Link` whose stream is read continuously, from `open()` to `close()`.

    On a virtual clock there is no thread, and calls pass straight through: a twin's stream waits in virtual time,
    so nothing is lost by reading late.

    When more than `capacity_bytes` are waiting to be read, the newest are dropped and counted: see
    `take_overflow()`. An error in the thread is raised unchanged by `read()`, after the bytes that arrived before
    it.
    """

    def __init__(self, inner: Link, clock: Clock, capacity_bytes: int = DEFAULT_CAPACITY_BYTES) -> None:
        self.name = inner.name
        self.inner = inner
        self.capacity_bytes = capacity_bytes
        self.virtual = clock.virtual
        self._clock = clock
        self._queue = self._new_queue()
        self._rest = b""  # of a chunk that was larger than the reader asked for
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def open(self, deadline: Deadline) -> None:
        """Open the link and begin to read it; drop what is still queued from an earlier use."""
        self.close()
        self.inner.open(deadline)
        if self.virtual:
            return
        self._queue, self._rest = self._new_queue(), b""
        self._stop = threading.Event()
        self._thread = threading.Thread(
            target=self._pump, args=(self._queue, self._stop), name=f"pump of {self.name}", daemon=True
        )
        try:
            self._thread.start()
        except RuntimeError as error:  # Python starts no threads once the main program has ended
            self._thread = None
            self.inner.close()
            asked = f"start to read {self.name}"
            raise Unavailable(asked, one_line(error), "let the program wait for the run: run.wait()") from error
        turns.shorten()

    def close(self) -> None:
        """End the thread and release the link; safe to call twice.

        Raises `TimedOut` if the thread does not end although the inner link was closed. Such a thread does not
        keep the process from ending.
        """
        thread, self._thread = self._thread, None
        self._stop.set()
        if thread is not None:
            turns.restore()
            thread.join(_END_S)
        self.inner.close()  # this also wakes a read that ignores its deadline
        if thread is not None and thread.is_alive():
            thread.join(_END_S)
            if thread.is_alive():
                raise TimedOut(
                    f"close {self.name}", "its reading thread does not end", "unplug the device and start again"
                )

    def write(self, data: bytes, deadline: Deadline) -> None:
        """Send all of `data` directly: serial ports and sockets are written and read independently."""
        self.inner.write(data, deadline)

    def read(self, deadline: Deadline, max_bytes: int = 65536) -> bytes:
        """Return what has arrived, waiting until the deadline for the first byte; return b'' if none arrives.

        Never returns bytes from both sides of a gap. Raises the thread's error once all bytes before it are read.
        """
        if self.virtual:
            return self.inner.read(deadline, max_bytes)
        if self._thread is None:
            raise Unavailable(f"read from {self.name}", "the link is not open", "open it first")
        if not self._rest:
            self._rest = b"".join(self._queue.take(max_bytes, deadline))
        data, self._rest = self._rest[:max_bytes], self._rest[max_bytes:]
        if not data and self._queue.ended is not None:
            raise self._queue.ended
        return data

    def take_overflow(self) -> list[Overflow]:
        """Return what was dropped, in bytes, directly before the bytes of the last `read()`."""
        return self._queue.take_overflow()

    def _pump(self, queue: BoundedQueue[bytes], stop: threading.Event) -> None:
        try:
            while not stop.is_set():
                data = self.inner.read(self._clock.deadline(_TURN_S), _CHUNK_BYTES)
                if data:
                    queue.put(data)
        except BaseException as error:  # raised where the caller can handle it: at the next read
            queue.end(error)

    def _new_queue(self) -> BoundedQueue[bytes]:
        return BoundedQueue(self.capacity_bytes, len)


def take_overflow(link: Link) -> list[Overflow]:
    """Return what the pump below `link` dropped directly before the last read; [] without a pump."""
    pump = _pump_below(link)
    return pump.take_overflow() if pump is not None else []


def unread_s(link: Link, bytes_per_s: float, clock: Clock) -> float:
    """Return how many seconds a device may send `bytes_per_s` without a read before bytes are lost.

    Infinite on a virtual clock; without a pump, the least that an operating system buffers counts.
    """
    if clock.virtual:
        return math.inf
    pump = _pump_below(link)
    return (pump.capacity_bytes if pump is not None else UNPUMPED_BYTES) / bytes_per_s


def _pump_below(link: Link) -> PumpedLink | None:
    below: object = link
    while below is not None and not isinstance(below, PumpedLink):
        below = getattr(below, "inner", None)  # the attribute of every link that wraps another
    return below
