# SPDX-License-Identifier: Apache-2.0
"""The sample stream of the LPM01A's twin: the text for the world's history of current.

Everything due is emitted at once when the host reads, so that a minute of samples costs milliseconds. The bytes
depend only on the seed and the world, never on how often the host reads, as long as it reads often enough for the
transmit buffer (UM2269 Rev 6: the acquisition stops when that overflows).
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from instruments.specifications import load
from instruments.world.world import World

FloatArray = npt.NDArray[np.float64]

SAMPLES_PER_TIME_STAMP = 1000
LINE_BYTES = 9
SMALLEST_EXPONENT = -14
# The host's own buffer, then the shield's; both sizes are assumptions.
HOST_BUFFER_BYTES = 65536
SHIELD_BUFFER_BYTES = 65536
STALL_NS = 250_000_000  # what `drop_buffer_at_ns` loses
REFERENCE_PERIOD_S = 1e-3

_MANTISSAS = np.array([list(b"%04d" % i) for i in range(10000)], dtype=np.uint8)
_EXPONENTS = np.array([list(b"%02d" % i) for i in range(100)], dtype=np.uint8)


@dataclass(frozen=True)
class ShieldErrors:
    """The errors of one shield; each is drawn once, uniformly within the limits of the specification."""

    gain: float = 0.0
    offset_w: float = 0.0
    supply: float = 0.0
    clock: float = 0.0
    noise_j: float = 0.0  # standard deviation of one sample of a millisecond

    @staticmethod
    def draw(world: World) -> "ShieldErrors":
        """Return the errors of this world's shield; all are zero in an ideal world."""
        if world.ideal:
            return ShieldErrors()
        limits = {term.name: term for term in load("instruments.devices.lpm01a").terms}
        gain, offset, supply, clock = world.rng("lpm01a errors").uniform(-1, 1, 4).tolist()
        return ShieldErrors(
            gain=gain * limits["gain"].relative,
            offset_w=offset * limits["offset"].absolute,
            supply=supply * limits["supply_voltage"].relative,
            clock=clock * limits["clock"].relative,
            noise_j=limits["noise"].absolute,
        )


@dataclass(frozen=True)
class StreamPlan:
    """The settings of one acquisition, from the commands before `start`."""

    start_ns: int
    rate_hz: float
    voltage_set_v: float
    output: str = "energy"
    count: int | None = None  # None: endless
    first_stamp: int = 0  # samples before the first of this stream, for one that was running at open
    glue_every: int = 0
    highest_a: float | None = None  # the end of the only range; None: ranges change
    edges_move: bool = False  # a late edge line takes a later position instead of delaying the stream


class Mark(NamedTuple):
    """Text before sample `at`, in place of `replaces` samples from there on."""

    at: int
    order: int  # among marks at the same position: errors, time stamp, events, then replaced samples
    replaces: int
    text: bytes


class ShieldStream:
    """One acquisition; `text(now_ns)` returns the bytes that became due since the last call."""

    sample_bytes = LINE_BYTES

    def __init__(self, world: World, errors: ShieldErrors, plan: StreamPlan, noise: np.random.Generator) -> None:
        self.ended = False
        self.smallest, self.largest = math.inf, 0.0
        self._world = world
        self._errors = errors
        self._plan = plan
        self._noise = noise
        self._period_ns = 1e9 / plan.rate_hz * (1 + errors.clock)
        self._done = 0
        self._seen_ns = plan.start_ns
        self._edges: list[tuple[int, int]] = []  # time of its position in the stream, time of its output
        self._event_count = 0
        self._over = False

    def edge(self, at_ns: int) -> None:
        """Record a falling edge on D7."""
        late_ns = self._world.faults.late_edge_line_ns
        self._edges.append(
            (at_ns + late_ns, at_ns + late_ns) if self._plan.edges_move else (at_ns, at_ns + late_ns)
        )

    def due_ns(self) -> int:
        """Return when the next bytes are due (virtual ns)."""
        next_ns = math.ceil(self._plan.start_ns + (self._done + 1) * self._period_ns) + 1
        if self._edges and self._edges[0][0] < next_ns:
            return self._edges[0][1]
        return next_ns

    def text(self, now_ns: int, *, everything: bool = False, unread: bool = True) -> bytes:
        """Return the bytes that are due by `now_ns`.

        `everything` includes bytes that a late edge line delays. `unread` means that the bytes wait in the
        transmit buffer, which overflows if there are too many.
        """
        released = sum((place_ns if everything else out_ns) <= now_ns for place_ns, out_ns in self._edges)
        horizon_ns = min([now_ns] + [place_ns for place_ns, _ in self._edges[released:]])
        first, last = self._done, max(self._done, self._complete(horizon_ns))
        capacity = (HOST_BUFFER_BYTES + SHIELD_BUFFER_BYTES) // self.sample_bytes
        overflow = unread and last - first > capacity
        if overflow:
            last = first + capacity
        if self._plan.count is not None and last >= self._plan.count:
            last, self.ended = self._plan.count, True
        values, errors = self._measure(first, last)
        marks = errors + self._stamps(first, last) + self._events(released) + self._reports(horizon_ns)
        body = self._assemble(first, last, values, self._with_faults(first, last, values, marks))
        self._done, self._seen_ns = last, horizon_ns
        if overflow:
            self.ended = True
            body += self._error(b"buffer overflow")
        return body

    def _complete(self, at_ns: float) -> int:
        """Return how many samples are complete at `at_ns`."""
        return max(0, math.floor((at_ns - self._plan.start_ns) / self._period_ns))

    # --- samples ----------------------------------------------------------------------------------------

    def _measure(self, first: int, last: int) -> tuple[FloatArray, list[Mark]]:
        """Return samples [first, last) as measured, and the error lines for those over range."""
        ends_ns = self._plan.start_ns + np.arange(first, last + 1) * self._period_ns
        true_period_s = self._period_ns * 1e-9
        current_a = np.diff(self._world.history.charge_c(ends_ns)) / true_period_s
        current_a, marks = self._limit(first, current_a)
        period_s = 1 / self._plan.rate_hz  # the shield does not know the error of its clock
        energy_j = current_a * self._plan.voltage_set_v * period_s * (1 + self._errors.gain)
        energy_j += self._errors.offset_w * period_s
        if self._errors.noise_j:
            sigma_j = self._errors.noise_j * math.sqrt(period_s / REFERENCE_PERIOD_S)
            energy_j += sigma_j * self._noise.standard_normal(last - first)
        values = energy_j if self._plan.output == "energy" else energy_j / self._plan.voltage_set_v / period_s
        values = np.maximum(values, 0.0)
        if len(values):
            self.smallest = min(self.smallest, float(values.min()))
            self.largest = max(self.largest, float(values.max()))
        self._misread(first, values)
        return values, marks

    def _misread(self, first: int, values: FloatArray) -> None:
        """Let the text of samples be wrong, by a digit of its exponent or altogether; the summary is right."""
        at_ns = self._world.faults.misread_exponent_at_ns
        place = -1 if at_ns is None else self._complete(at_ns) - first
        if 0 <= place < len(values):
            values[place] *= 10.0
        every = self._world.faults.odd_sample_every
        if every:
            index = np.arange(first, first + len(values)) + 1
            unit_per_a = self._plan.voltage_set_v / self._plan.rate_hz if self._plan.output == "energy" else 1.0
            values[index % every == 0] = (
                max(0.0, self._world.faults.odd_sample_a) * unit_per_a
            )  # lines have no sign

    def _limit(self, first: int, current_a: FloatArray) -> tuple[FloatArray, list[Mark]]:
        limits = [one for one in (self._world.faults.over_range_above_a, self._plan.highest_a) if one is not None]
        limit_a = min(limits, default=None)
        if limit_a is None or not len(current_a):
            return current_a, []
        over = current_a > limit_a
        begins = over & ~np.concatenate(([self._over], over[:-1]))
        self._over = bool(over[-1])
        marks = [Mark(first + int(i) + 1, 0, 0, self._error(b"overcurrent")) for i in np.flatnonzero(begins)]
        return np.minimum(current_a, limit_a), marks

    # --- the lines between ------------------------------------------------------------------------------

    def _error(self, text: bytes) -> bytes:
        return b"\r\nerror %b\r\n" % text

    def _stamps(self, first: int, last: int) -> list[Mark]:
        every = SAMPLES_PER_TIME_STAMP
        return [
            Mark(at, 1, 0, self._stamp(at, first)) for at in range((first // every + 1) * every, last + 1, every)
        ]

    def _stamp(self, at: int, first: int) -> bytes:
        ms = round((at + self._plan.first_stamp) * 1000 / self._plan.rate_hz)
        percent = self._percent(at - first)
        flag = b">" if ms >= 1_000_000 else b" "
        return b"\r\nTimeStamp:%b%03ds %03dms, buff %02d%%\r\n\0" % (flag, ms // 1000 % 1000, ms % 1000, percent)

    def _percent(self, waiting: int) -> int:
        """Return how full the transmit buffer is with so many samples waiting."""
        beyond = waiting * self.sample_bytes - HOST_BUFFER_BYTES
        return 100 if self._world.faults.buffer_full else min(99, max(0, beyond * 100 // SHIELD_BUFFER_BYTES))

    def _events(self, released: int) -> list[Mark]:
        edges, self._edges = self._edges[:released], self._edges[released:]
        first = self._event_count
        self._event_count += released
        return [
            Mark(self._complete(place_ns), 2, 0, b"event %02d ris\r\n" % ((first + i) % 100))
            for i, (place_ns, _) in enumerate(edges)
        ]

    def _reports(self, horizon_ns: int) -> list[Mark]:
        faults = self._world.faults
        reports = (
            (faults.brown_out_at_ns, self._error(b"voltage drop")),
            (faults.error_at_ns, self._error(b"target voltage drop")),
        )
        return [
            Mark(self._complete(at_ns), 0, 0, text)
            for at_ns, text in reports
            if at_ns is not None and self._seen_ns < at_ns <= horizon_ns
        ]

    # --- faults and text --------------------------------------------------------------------------------

    def _with_faults(self, first: int, last: int, values: FloatArray, marks: list[Mark]) -> list[Mark]:
        faults = self._world.faults
        spoiled: dict[int, bytes] = {}
        for every, change in self._spoil():
            for i in range(first + (-first - 1) % every, last, every) if every else ():
                if i not in spoiled:
                    spoiled[i] = change(self._rows(values[i - first : i - first + 1]).tobytes())
        marks = marks + [Mark(i, 3, 1, text) for i, text in spoiled.items()]
        if faults.drop_buffer_at_ns is None:
            return marks
        begin = self._complete(faults.drop_buffer_at_ns)
        end = self._complete(faults.drop_buffer_at_ns + STALL_NS)
        kept = [mark for mark in marks if not begin < mark.at + mark.replaces <= end]
        begin, end = max(begin, first), min(end, last)
        return [*kept, Mark(begin, 3, end - begin, b"")] if begin < end else kept

    def _spoil(self) -> tuple[tuple[int, Callable[[bytes], bytes]], ...]:
        """Return what happens to one of so many samples."""
        faults = self._world.faults
        return (
            (faults.drop_sample_every, lambda line: b""),
            (faults.garble_sample_every, lambda line: line[:2] + b"#" + line[3:]),
            (faults.extra_characters_every, lambda line: line[:7] + b"??" + line[7:]),
            (self._plan.glue_every, lambda line: line[:7]),
        )

    def _rows(self, values: FloatArray) -> npt.NDArray[np.uint8]:
        """Return the bytes of each sample as a row."""
        return sample_lines(values)

    def _assemble(self, first: int, last: int, values: FloatArray, marks: list[Mark]) -> bytes:
        lines = self._rows(values)
        parts = []
        position = first
        for mark in sorted(marks, key=lambda mark: mark[:2]):
            parts.append(lines[position - first : mark.at - first].tobytes())
            parts.append(mark.text)
            position = mark.at + mark.replaces
        parts.append(lines[position - first : last - first].tobytes())
        return b"".join(parts)


def sample_lines(samples: npt.ArrayLike) -> npt.NDArray[np.uint8]:
    """Return samples (zero or above) as rows of 9 bytes, `DDDDsEE` and a line end: four significant digits."""
    values = np.asarray(samples, dtype=np.float64)
    with np.errstate(divide="ignore"):
        exponent = np.floor(np.log10(values)) - 3
    exponent = np.maximum(exponent, SMALLEST_EXPONENT)  # also for a zero, which has no exponent
    mantissa = np.rint(values / 10.0**exponent)
    rounded_up = mantissa >= 10000
    exponent = np.where(rounded_up, exponent + 1, exponent).astype(np.int64)
    mantissa = np.where(rounded_up, 1000, mantissa).astype(np.int64)
    rows = np.empty((len(values), LINE_BYTES), dtype=np.uint8)
    rows[:, :4] = _MANTISSAS[mantissa]
    rows[:, 4] = np.where(exponent < 0, ord("-"), ord("+"))
    rows[:, 5:7] = _EXPONENTS[np.abs(exponent)]
    rows[:, 7:] = list(b"\r\n")
    return rows
