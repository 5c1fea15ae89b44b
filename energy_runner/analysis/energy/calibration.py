# SPDX-License-Identifier: Apache-2.0
"""Correct readings by the points of a calibration: what is known to be wrong is corrected.

At a point, the correction of its certificate is added to the reading (VIM 2.53). Between two points of one range
it is interpolated linearly; beyond the outermost ones it stays what it is there. A point of the current, the power
or the energy of a sample corrects whichever of these the trace holds, by the voltage and the sample period; one
of the voltage corrects the recorded voltage, or the set one where none was recorded.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, fields

import numpy as np
import numpy.typing as npt

from energy_runner.analysis.energy.source import EnergySource, energy_source
from energy_runner.analysis.energy.sums import Samples
from energy_runner.analysis.placing.clock import Clock
from energy_runner.analysis.uncertainty.inputs import Limits, Point
from energy_runner.errors import SessionError
from energy_runner.session.events import MonitorConfigured
from energy_runner.session.trace import TraceReader

FloatArray = npt.NDArray[np.float64]
_BLOCK = 1 << 19


@dataclass(frozen=True)
class Curve:
    """The points of one quantity, as curves over its readings; those of a range hold from its low to its high."""

    quantity: str
    points: tuple[Point, ...]

    def correction(self, reading: FloatArray) -> FloatArray:
        """Return what is to be added to each reading; NaN stays NaN."""
        return self._over(reading, [point.correction for point in self.points])

    def u(self, reading: FloatArray, which: Sequence[bool]) -> FloatArray:
        """Return the standard uncertainty of each correction that the points in `which` bring about.

        Points of one certificate rest on one standard, so their errors add up and do not cancel (JCGM 100:2008,
        5.2.2, note 1).
        """
        return self._over(reading, [p.u if counts else 0.0 for p, counts in zip(self.points, which, strict=True)])

    def beyond(self, reading: FloatArray) -> npt.NDArray[np.bool_]:
        """Return which readings lie beyond the outermost points of their range."""
        out = np.zeros(len(reading), dtype=np.bool_)
        for chosen, here in self._ranges(reading):
            values = [self.points[k].value for k in chosen]
            out |= here & ((reading < min(values)) | (reading > max(values)))
        return out

    def _over(self, reading: FloatArray, heights: Sequence[float]) -> FloatArray:
        result = np.full(len(reading), np.nan)
        for chosen, here in self._ranges(reading):
            values = [self.points[k].value for k in chosen]
            result[here] = np.interp(reading[here], values, [heights[k] for k in chosen])
        return result

    def _ranges(self, reading: FloatArray) -> Iterator[tuple[list[int], npt.NDArray[np.bool_]]]:
        """Yield the points of each range, by their values, and which readings belong to it.

        A reading between two ranges, or beyond all, belongs to the one below it, or else to the lowest.
        """
        lows = sorted({point.low for point in self.points})
        for k, low in enumerate(lows):
            chosen = [n for n, point in enumerate(self.points) if point.low == low]
            chosen.sort(key=lambda n: self.points[n].value)
            from_here = reading >= low if k else np.isfinite(reading)
            to_here = reading < lows[k + 1] if k + 1 < len(lows) else np.isfinite(reading)
            yield chosen, from_here & to_here


@dataclass(frozen=True)
class Reading:
    """Readings of one quantity, and the joule that an error of one unit makes in each sample."""

    curve: Curve
    values: FloatArray
    joule: FloatArray


@dataclass(frozen=True)
class Corrections:
    """The curves of one monitor, applied to its trace; `raw` is the source before any correction."""

    trace: TraceReader
    raw: EnergySource
    voltage_set_v: float
    load: Curve | None
    voltage: Curve | None

    def read(self, start: int, stop: int) -> Samples:
        """Return the corrected samples [start, stop), in the unit of the raw ones."""
        current_a, voltage_v = self._corrected(*self._measured(start, stop))
        return current_a * voltage_v / np.float64(self.raw.watt)

    def current_a(self, start: int, stop: int) -> FloatArray:
        """Return the corrected current (A) of the samples [start, stop)."""
        return self._corrected(*self._measured(start, stop))[0]

    def voltage_v(self, start: int, stop: int) -> FloatArray:
        """Return the corrected voltage (V) of the samples [start, stop); the one set, where none was recorded."""
        return self._corrected(*self._measured(start, stop))[1]

    def readings(self, start: int, stop: int) -> list[Reading]:
        """Return what was read in the samples [start, stop) of each quantity that has points."""
        current_a, voltage_v = self._measured(start, stop)
        right_a, right_v = self._corrected(current_a, voltage_v)
        found = []
        if self.load is not None:
            scale = self._scale(voltage_v)
            joule = right_v * self.raw.step_s / scale
            found.append(Reading(self.load, current_a * scale, joule))
        if self.voltage is not None:
            found.append(Reading(self.voltage, voltage_v, right_a * self.raw.step_s))
        return found

    def _measured(self, start: int, stop: int) -> tuple[FloatArray, FloatArray]:
        """Return current and voltage as they were read; energy and power are divided by the voltage set."""
        names = {name for name, _ in self.trace.signals}
        if {"current", "voltage"} <= names and not {"energy", "power"} & names:
            current_a, voltage_v = (self.trace.read(name, start, stop) for name in ("current", "voltage"))
            return np.asarray(current_a, dtype=np.float64), np.asarray(voltage_v, dtype=np.float64)
        power_w = np.asarray(self.raw.power_w(start, stop), dtype=np.float64)
        return power_w / self.voltage_set_v, np.full(len(power_w), self.voltage_set_v)

    def _corrected(self, current_a: FloatArray, voltage_v: FloatArray) -> tuple[FloatArray, FloatArray]:
        if self.load is not None:
            scale = self._scale(voltage_v)
            current_a = current_a + self.load.correction(current_a * scale) / scale
        if self.voltage is not None:
            voltage_v = voltage_v + self.voltage.correction(voltage_v)
        return current_a, voltage_v

    def _scale(self, voltage_v: FloatArray) -> FloatArray:
        """Return the factor from a current to the quantity of the load's points."""
        assert self.load is not None  # noqa: S101
        if self.load.quantity == "current":
            return np.ones(len(voltage_v))
        return voltage_v * (self.raw.step_s if self.load.quantity == "energy" else 1.0)


@dataclass(frozen=True)
class CalibratedSource(EnergySource):
    """A source whose samples are corrected."""

    corrections: Corrections = field(kw_only=True)


def configured_source(trace: TraceReader, monitor: MonitorConfigured, clock: Clock | None = None) -> EnergySource:
    """Return the source of energy in `trace`, corrected by the calibration of the monitor that recorded it.

    `clock` says how long a sample really lasts.

    Raises `SessionError` as `energy_source` does, and for a specification that is damaged.
    """
    kinds = {signal.get("name", ""): signal.get("kind", "mean") for signal in monitor.signals}
    raw = energy_source(trace, monitor.voltage_set_v, kinds, clock)
    points = Limits.of(monitor.accuracy).points
    if not points:
        return raw
    names = {name for name, _ in trace.signals}
    by_voltage = [point for point in points if point.quantity in ("current", "voltage")]
    if not monitor.voltage_set_v > 0 and by_voltage and "voltage" not in names:
        raise SessionError("its calibration needs a supply voltage, which was neither set nor recorded")
    corrections = Corrections(
        trace=trace,
        raw=raw,
        voltage_set_v=monitor.voltage_set_v if monitor.voltage_set_v > 0 else 1.0,
        load=_curve([point for point in points if point.quantity != "voltage"]),
        voltage=_curve([point for point in points if point.quantity == "voltage"]),
    )
    kept = {one.name: getattr(raw, one.name) for one in fields(raw)}
    return CalibratedSource(**{**kept, "read": corrections.read}, corrections=corrections)


def blocks(source: CalibratedSource, start: float, stop: float) -> Iterator[tuple[list[Reading], FloatArray]]:
    """Yield the readings between two positions, and which share of each sample lies between them."""
    first, last = int(start), min(source.length, int(np.ceil(stop)))
    for begin in range(first, last, _BLOCK):
        end = min(begin + _BLOCK, last)
        at = np.arange(begin, end, dtype=np.float64)
        share = np.minimum(at + 1, stop) - np.maximum(at, start)
        yield source.corrections.readings(begin, end), np.clip(share, 0.0, 1.0)


def _curve(points: Sequence[Point]) -> Curve | None:
    return Curve(points[0].quantity, tuple(points)) if points else None
