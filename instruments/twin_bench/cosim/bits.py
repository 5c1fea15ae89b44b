# SPDX-License-Identifier: Apache-2.0
"""An asynchronous serial wire bit by bit (8N1): from bytes to levels, and from levels to bytes as a UART does."""

from collections.abc import Iterator

BITS_PER_FRAME = 10  # start bit, eight data bits from the lowest, stop bit


def frame_levels(byte: int, start_ns: int, baud: float) -> Iterator[tuple[int, bool]]:
    """Yield (time in ns, level) of every change of level in one byte's frame, on a wire that idles high."""
    level = True
    for number, bit in enumerate([0, *((byte >> place) & 1 for place in range(8)), 1]):
        if bool(bit) != level:
            level = bool(bit)
            yield start_ns + round(number * 1e9 / baud), level


def frame_ns(baud: float) -> int:
    """Return how long one frame takes, in ns."""
    return round(BITS_PER_FRAME * 1e9 / baud)


class BitReceiver:
    """A UART's receiver: samples each bit in its middle, counted from the start bit's falling edge.

    Call `change()` for each change of level, in order of time. A frame whose stop bit is low is dropped, as by
    hardware whose error flag is not read; a start bit that is high again in its middle is a glitch.
    """

    def __init__(self, baud: int) -> None:
        self._bit_ns = 1e9 / baud
        self._level = True
        self._start_ns: int | None = None
        self._bits: list[bool] = []

    @property
    def receiving(self) -> bool:
        """Return whether a frame has begun."""
        return self._start_ns is not None

    def reset(self, level: bool) -> None:
        """Drop a frame that has begun; the wire has `level` now."""
        self._level = level
        self._start_ns = None
        self._bits.clear()

    def change(self, at_ns: int, level: bool) -> Iterator[tuple[int, int]]:
        """Process a change of level; yield (time in ns, byte) for each frame complete by then."""
        yield from self.settle(at_ns)
        if self._start_ns is None and self._level and not level:
            self._start_ns = at_ns
        self._level = level

    def settle(self, until_ns: int) -> Iterator[tuple[int, int]]:
        """Sample the bits before `until_ns` at the present level; yield (time in ns, byte) of complete frames."""
        while self._start_ns is not None:
            middle_ns = self._start_ns + round((len(self._bits) + 0.5) * self._bit_ns)
            if middle_ns >= until_ns:
                return
            self._bits.append(self._level)
            if self._bits[0]:  # no start bit after all
                self.reset(self._level)
            elif len(self._bits) == BITS_PER_FRAME:
                bits, stop = self._bits[1:9], self._bits[9]
                self.reset(self._level)
                if stop:
                    yield middle_ns, sum(bit << place for place, bit in enumerate(bits))
