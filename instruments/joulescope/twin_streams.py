# SPDX-License-Identifier: Apache-2.0
"""What a Joulescope's twin streams: exact means with the errors of its table, its counts, and its losses.

A model whose count jumps closes its messages at a loss and goes on behind it; one whose count slips goes on with
the next count, as if nothing had been lost.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from instruments.clock import NS_PER_S, to_ns
from instruments.joulescope.dialect import CURRENT, VOLTAGE, Model
from instruments.scpi.twin_log import MeterErrors, MeterTable
from instruments.world.dut import PIN_HOLD_NS
from instruments.world.history import FloatArray
from instruments.world.world import World

STALL_NS = to_ns(0.3)  # what a host that does not read loses (`drop_buffer_at_ns`)
BLOCK_NS = to_ns(0.02)  # what `lose_block_at_ns` takes
BOUNCE_NS = 20_000  # a pin that falls a second time was high for so long before
UTC_EPOCH_S = 1_514_764_800  # 2018-01-01T00:00:00Z
# Full scale (A), limits of gain and of offset (A), noise of a sample of 1 us (A); see the `specification.toml`s.
METER = MeterTable(
    name="joulescope",
    ranges=np.array(
        [
            (18e-6, 0.005, 5e-9, 2e-9),
            (180e-6, 0.005, 50e-9, 20e-9),
            (1.8e-3, 0.005, 0.5e-6, 0.2e-6),
            (18e-3, 0.005, 5e-6, 2e-6),
            (180e-3, 0.005, 50e-6, 20e-6),
            (10.0, 0.005, 5e-3, 1e-3),
        ]
    ),
    voltage=(0.005, 5e-3, 5e-3),
    clock=50e-6,
    aperture_s=1e-6,
    over_range=float("nan"),
)
# The messages of each stream end elsewhere: in so many parts of a second, at whole elements.
_PARTS = {CURRENT: 1000, VOLTAGE: 1300}
_PIN_CHUNK = 1000  # whole bytes of eight bits


@dataclass
class _On:
    """A stream that is on: `step` counts between two elements; `next` is the count of the next one."""

    step: int
    chunk: int
    next: int


@dataclass(frozen=True)
class _Stretch:
    """From `start_ns` on nothing was lost; the count was `first` at its start, and is `end` behind it.

    `resumes`: a loss lies before it. `whole`: it ends because a loss begins, not because more is to come.
    """

    start_ns: int
    first: int
    end: int
    resumes: bool
    whole: bool


Message = tuple[str, dict[str, object]]
Measured = npt.NDArray[np.float64] | npt.NDArray[np.float32]


class TwinStreams:
    """The streams of one twin; `open_range` says that the current range is off."""

    def __init__(self, world: World, model: Model) -> None:
        self._world = world
        self._model = model
        self._errors = MeterErrors(world, replace(METER, name=model.name))
        self._hz = model.base_hz * (1 + self._errors.clock)
        rng = world.rng(f"{model.name} count")
        self._first = int(rng.integers(1 << 20, 1 << 36)) // 1024 * 1024
        self._began_ns = self._done_ns = world.clock.now_ns()
        self._slipped_ns = 0
        self._broken = False  # something was lost since the last stretch
        self._noise = {stream: world.rng(f"{model.name} noise of {stream}") for stream in (CURRENT, VOLTAGE)}
        self._on: dict[str, _On] = {}
        self._falls: list[int] = []
        self.open_range: Callable[[], bool] = lambda: False
        world.on_edge(self._falls.append)

    @property
    def any(self) -> bool:
        """Return whether a stream is on."""
        return bool(self._on)

    def switch(self, stream: str, on: bool, stream_hz: int) -> None:
        """Switch a stream on, from its next whole message on, or off."""
        if not on:
            self._on.pop(stream, None)
            return
        if stream in self._on:
            return
        now_ns = self._world.clock.now_ns()
        if not self._on:
            self._done_ns = now_ns
        pin = stream.startswith("s/gpi")
        step = self._model.gpi_step if pin else self._model.base_hz // stream_hz
        chunk = _PIN_CHUNK if pin else max(1, self._model.base_hz // step // _PARTS[stream])
        at = self._count(now_ns)
        self._on[stream] = _On(step, chunk, -(-at // (8 * step)) * 8 * step)

    def produce(self, *, reaches: bool) -> list[Message]:
        """Return the messages that are due by now; without a host that `reaches` them, they are lost."""
        messages: list[Message] = []
        for stretch in self._stretches(reaches):
            for stream, on in self._on.items():
                end = stretch.end if stretch.whole else stretch.end - stretch.end % (on.chunk * on.step)
                width = on.step * (8 if stream.startswith("s/gpi") else 1)
                if stretch.resumes and not self._model.slips:
                    on.next = -(-stretch.first // width) * width
                first = on.next
                count = (end - first) // width * width // on.step
                if count > 0:
                    messages.append((f"{stream}/!data", self._message(stream, on, stretch, first, count)))
                    on.next = first + count * on.step
        horizon_ns = self._done_ns - to_ns(2.0)
        self._falls[:] = [at for at in self._falls if at > horizon_ns]
        return messages

    # --- counts and losses --------------------------------------------------------------------------------

    def _count(self, at_ns: int) -> int:
        passed_ns = at_ns - self._began_ns - (self._slipped_ns if self._model.slips else 0)
        return self._first + int(passed_ns * self._hz / NS_PER_S)

    def _stretches(self, reaches: bool) -> list[_Stretch]:
        """Return what was streamed since the last time, in the pieces that losses leave."""
        start_ns, stop_ns = self._done_ns, self._world.clock.now_ns()
        self._done_ns = stop_ns
        if not reaches:
            self._slipped_ns += stop_ns - start_ns
            self._broken = True
            return []
        found: list[_Stretch] = []
        for lost_ns, again_ns in sorted(self._lost(start_ns, stop_ns)):
            if lost_ns > start_ns:
                found.append(self._stretch(start_ns, lost_ns, whole=True))
            self._slipped_ns += again_ns - max(start_ns, lost_ns)
            start_ns, self._broken = max(start_ns, again_ns), True
        if stop_ns > start_ns:
            found.append(self._stretch(start_ns, stop_ns, whole=False))
        return found

    def _stretch(self, start_ns: int, stop_ns: int, *, whole: bool) -> _Stretch:
        resumes, self._broken = self._broken, False
        return _Stretch(start_ns, self._count(start_ns), self._count(stop_ns), resumes, whole)

    def _lost(self, start_ns: int, stop_ns: int) -> list[tuple[int, int]]:
        faults = self._world.faults
        begins = ((faults.drop_buffer_at_ns, STALL_NS), (faults.lose_block_at_ns, BLOCK_NS))
        spans = [(at, at + length) for at, length in begins if at is not None]
        return [(max(a, start_ns), min(b, stop_ns)) for a, b in spans if a < stop_ns and b > start_ns]

    # --- messages -----------------------------------------------------------------------------------------

    def _message(self, stream: str, on: _On, stretch: _Stretch, first: int, count: int) -> dict[str, object]:
        ns_per_count = NS_PER_S / self._hz
        bounds = stretch.start_ns + (first + on.step * np.arange(count + 1.0) - stretch.first) * ns_per_count
        if stream == CURRENT:
            values: npt.NDArray[np.generic] = self._current(bounds, on.step).astype(np.float32, copy=False)
        elif stream == VOLTAGE:
            values = self._voltage(bounds, on.step).astype(np.float32, copy=False)
        else:
            values = np.packbits(self._levels(bounds), bitorder="little")
        utc = int((self._world.clock.utc_ns() / NS_PER_S - UTC_EPOCH_S) * (1 << 30))
        return {
            "sample_id": first,
            "utc": utc,
            "field_id": 0,
            "index": 0,
            "sample_rate": self._model.base_hz,
            "decimate_factor": on.step,
            "time_map": {"offset_time": utc, "offset_counter": first, "counter_rate": float(self._model.base_hz)},
            "data": values,
        }

    def _current(self, bounds: FloatArray, step: int) -> Measured:
        period_s = step / self._model.base_hz
        noise = self._noise[CURRENT].standard_normal(len(bounds) - 1, dtype=np.float32)
        times, levels = self._world.history.levels(int(bounds[0]), int(bounds[-1]) + 1)
        if self.open_range():
            times, levels = times[:1], np.zeros(1)
        # Level by level, which is much faster than sample by sample; those in which the level changes after that.
        still = self._errors.current(levels, np.zeros(len(levels)), period_s)
        sigma = self._errors.current(levels, np.ones(len(levels)), period_s) - still
        changes = np.searchsorted(bounds[1:-1], times[1:], side="right")
        counts = np.diff(np.concatenate(([0], changes, [len(noise)])))
        measured = (
            np.repeat(still.astype(np.float32), counts) + np.repeat(sigma.astype(np.float32), counts) * noise
        )
        if len(changes):
            history, mixed = self._world.history, np.unique(changes)
            true_a = (history.charge_c(bounds[mixed + 1]) - history.charge_c(bounds[mixed])) * (self._hz / step)
            measured[mixed] = self._errors.current(true_a, noise[mixed].astype(np.float64), period_s)
        faults, index = self._world.faults, np.arange(len(measured))
        if faults.odd_sample_every:
            measured[index % faults.odd_sample_every == faults.odd_sample_every - 1] = faults.odd_sample_a
        if faults.flip_sign_every:
            measured[index % faults.flip_sign_every == faults.flip_sign_every - 1] *= -1.0
        return measured

    def _voltage(self, bounds: FloatArray, step: int) -> Measured:
        period_s = step / self._model.base_hz
        noise = self._noise[VOLTAGE].standard_normal(len(bounds) - 1, dtype=np.float32)
        times, _ = self._world.history.levels(int(bounds[0]), int(bounds[-1]) + 1)
        levels_v = self._world.history.voltage_v(times)
        if np.all(levels_v == levels_v[0]):
            still, one_more = self._errors.voltage(np.repeat(levels_v[:1], 2), np.array([0.0, 1.0]), period_s)
            return np.float32(still) + np.float32(one_more - still) * noise
        true_v = self._world.history.voltage_v((bounds[:-1] + bounds[1:]) / 2)
        return self._errors.voltage(true_v, noise.astype(np.float64), period_s)

    def _levels(self, bounds: FloatArray) -> npt.NDArray[np.uint8]:
        """Return the level of the timestamp pin at the beginning of each element."""
        times = bounds[:-1]
        levels = np.ones(len(times), np.uint8)
        for fall_ns in self._falls:
            high, low, up = np.searchsorted(times, (fall_ns - BOUNCE_NS, fall_ns, fall_ns + PIN_HOLD_NS))
            levels[high:low] = 1
            levels[low:up] = 0
        return levels
