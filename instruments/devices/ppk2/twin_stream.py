# SPDX-License-Identifier: Apache-2.0
"""The words of the PPK2's twin for the world's history of current, with its errors and what faults do to them.

A sample is the current at the beginning of its period. The words depend only on the seed and the world, not on how
often the host reads.
"""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from instruments.devices.ppk2.calibration import ADC_FACTOR, ADC_V, Metadata
from instruments.devices.ppk2.protocol import (
    ADC_MASK,
    COUNTER_SHIFT,
    COUNTER_WRAPS,
    LOGIC_SHIFT,
    RANGE_SHIFT,
    WORD_BYTES,
    Words,
)
from instruments.specifications import load
from instruments.world.dut import PIN_HOLD_NS
from instruments.world.world import World

FloatArray = npt.NDArray[np.float64]

PERIOD_NS = 10_000
PACKET = 100  # words that become readable together; assumed
RANGE_ENDS_A = np.array([50e-6, 500e-6, 5e-3, 60e-3])  # ends of the ranges 0 to 3
STALL_NS = 250_000_000  # what `drop_buffer_at_ns` loses
INVISIBLE = 31 * COUNTER_WRAPS  # what `lose_block_at_ns` loses: 20 ms that the counter does not show


@dataclass(frozen=True)
class Ppk2Errors:
    """The errors of one PPK2; each is drawn once, uniformly within the limits of the specification."""

    gain: float = 0.0
    offset_a: float = 0.0
    supply_v: float = 0.0
    clock: float = 0.0
    noise: float = 0.0  # standard deviation of a sample, in steps of the converter

    @staticmethod
    def draw(world: World) -> "Ppk2Errors":
        """Return the errors of this world's PPK2; all are zero in an ideal world."""
        if world.ideal:
            return Ppk2Errors()
        limits = {term.name: term for term in reversed(load("instruments.devices.ppk2").terms)}
        gain, offset, supply, clock = world.rng("ppk2 errors").uniform(-1, 1, 4).tolist()
        return Ppk2Errors(
            gain=gain * limits["gain"].relative,
            offset_a=offset * limits["offset"].absolute,
            supply_v=supply * limits["supply_voltage"].absolute,
            clock=clock * limits["clock"].relative,
            noise=1.0,
        )


class WordStream:
    """One acquisition; `data(now_ns)` returns the bytes that became due since the last call."""

    def __init__(self, world: World, errors: Ppk2Errors, metadata: Metadata, start_ns: int, counter: int) -> None:
        self.counter = counter
        self.connected = True  # the path to the DUT is closed
        self.supply_v = 0.0
        self._world = world
        self._errors = errors
        self._noise = world.rng(f"ppk2 noise {start_ns}")
        self._coefficients = np.array(
            [metadata.coefficients[name] for name in ("R", "GS", "GI", "O", "S", "I", "UG")]
        )
        self._start_ns = start_ns
        self._period_ns = PERIOD_NS * (1 + errors.clock)
        self._done = 0
        self._falls: list[int] = []

    def edge(self, at_ns: int) -> None:
        """Take note that the pin falls."""
        self._falls.append(at_ns)

    def due_ns(self) -> int:
        """Return when the next packet is complete."""
        return math.ceil(self._start_ns + (self._done + PACKET) * self._period_ns)

    def data(self, now_ns: int, *, everything: bool = False) -> bytes:
        """Return the packets that are complete by `now_ns`, or with `everything` each word that is."""
        complete = max(0, math.floor((now_ns - self._start_ns) / self._period_ns))
        last = complete if everything else complete - complete % PACKET
        if last <= self._done:
            return b""
        first, self._done = self._done, last
        at_ns = self._start_ns + np.arange(first, last + 1, dtype=np.float64) * self._period_ns
        words = self._words(first, self._current_a(first, at_ns[:-1]), self._low(at_ns[1:]))
        return self._lossy(first, words, at_ns)

    def _current_a(self, first: int, at_ns: FloatArray) -> FloatArray:
        faults = self._world.faults
        times, levels = self._world.history.levels(max(0, int(at_ns[0])), max(0, int(at_ns[-1])) + 1)
        current_a = levels[np.maximum(0, np.searchsorted(times, at_ns, side="right") - 1)]
        current_a = current_a if self.connected else np.zeros(len(at_ns))
        current_a = current_a * (1 + self._errors.gain) + self._errors.offset_a
        if faults.misread_exponent_at_ns is not None:
            place = math.floor((faults.misread_exponent_at_ns - self._start_ns) / self._period_ns) - first
            current_a[place : place + 1] *= 10.0 if 0 <= place < len(current_a) else 1.0
        if faults.odd_sample_every:
            index = np.arange(first, first + len(current_a)) + 1
            current_a[index % faults.odd_sample_every == 0] = faults.odd_sample_a
        return current_a

    def _low(self, ends_ns: FloatArray) -> npt.NDArray[np.bool_]:
        """Return in which words the pin is low: the inputs are read at the end of each period."""
        low = np.zeros(len(ends_ns), dtype=np.bool_)
        for fall_ns in self._falls:
            low |= (ends_ns > fall_ns) & (ends_ns <= fall_ns + PIN_HOLD_NS)
        self._falls = [fall_ns for fall_ns in self._falls if fall_ns + PIN_HOLD_NS > ends_ns[-1]]
        return low

    def _words(self, first: int, current_a: FloatArray, low: npt.NDArray[np.bool_]) -> Words:
        """Return the words of these currents: the calibration turned round, rounded to the converter's steps."""
        number = np.searchsorted(RANGE_ENDS_A, current_a)
        r, gs, gi, o, s, offset_a, ug = self._coefficients[:, number]
        wanted = current_a / ug - s * self.supply_v - offset_a
        x = np.where(gs == 0.0, wanted / gi, 0.0)
        curved = gs != 0.0
        root = np.sqrt(np.maximum(0.0, gi[curved] ** 2 + 4 * gs[curved] * wanted[curved]))
        x[curved] = (root - gi[curved]) / (2 * gs[curved])
        adc = (x * r / ADC_V + o) / ADC_FACTOR
        if self._errors.noise:
            adc += self._errors.noise * self._noise.standard_normal(len(adc))
        limit_a = self._world.faults.over_range_above_a
        adc = np.clip(np.rint(adc), 0, ADC_MASK)
        if limit_a is not None:
            adc[current_a > limit_a] = ADC_MASK
        counter = (self.counter + np.arange(len(adc))) % COUNTER_WRAPS
        self.counter = int((self.counter + len(adc)) % COUNTER_WRAPS)
        logic = np.where(low, 0, 1)
        words = adc.astype(np.int64) | number << RANGE_SHIFT | counter << COUNTER_SHIFT | logic << LOGIC_SHIFT
        found: Words = words.astype(np.uint32)
        return found

    def _lossy(self, first: int, words: Words, at_ns: FloatArray) -> bytes:
        """Return the bytes of the words, less what the faults of the world lose."""
        faults, index = self._world.faults, np.arange(first, first + len(words))
        kept = np.ones((len(words), WORD_BYTES), dtype=np.bool_)
        if faults.drop_sample_every:
            kept[(index + 1) % faults.drop_sample_every == 0] = False
        if faults.garble_sample_every:  # one byte of it is missing: all that follow are out of place
            kept[(index + 1) % faults.garble_sample_every == 0, 1] = False
        for began_ns, count in (
            (faults.drop_buffer_at_ns, STALL_NS // PERIOD_NS),
            (faults.lose_block_at_ns, INVISIBLE),
        ):
            if began_ns is not None:
                begin = math.ceil((began_ns - self._start_ns) / self._period_ns)
                if begin >= 0:
                    kept[(index >= begin) & (index < begin + count)] = False
        if kept.all():
            return words.astype("<u4").tobytes()
        return words.astype("<u4").view(np.uint8).reshape(-1, WORD_BYTES)[kept].tobytes()
