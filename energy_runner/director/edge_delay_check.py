# SPDX-License-Identifier: Apache-2.0
"""Let the DUT start several short inferences, and measure how late its edges lie among the samples.

The place that the edge source gives an edge is compared with the step in the samples where the DUT began to work.
The pulse that starts an acquisition is left out: nothing is recorded before it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from energy_runner.analysis.facts import FloatArray
from energy_runner.analysis.placing.alignment import LAP_STEP_S
from energy_runner.analysis.placing.edge_delay import (
    LEAST_EDGES,
    EdgeDelayFound,
    NotVisible,
    find_delay,
    find_delay_of_laps,
)
from energy_runner.bench import Bench
from energy_runner.director.pulse_check import ANSWER_S, EDGE_S
from energy_runner.director.supply_off import POWER_S
from energy_runner.errors import BenchFault
from instruments.clock import NS_PER_S
from instruments.errors import ProtocolViolation, Refused
from instruments.roles import AppliedSampling, Edge, EdgeSource, Lap, Sampler, Samples, StreamItem

STEP = "edges among the samples"
EDGES = 10
MOST_S = 8.0  # no further edge is asked for after that, unless there are too few to measure by
MOST_SAMPLES = 40_000_000  # what is kept in memory
INFER_S = 30.0
SETTLE_S = 0.05  # from the last answer to the next command, so that the samples show what was before
_LOADS = ("current", "power", "energy")
_ROOT12 = 12.0**0.5
_WRAP_US = 1 << 32

By = Literal["inferences", "pulses"]


@dataclass(frozen=True)
class EdgeDelayChecked:
    """What an examination says about the delay of the edges; `found` is None where there is nothing to keep.

    `by` is what the DUT began at these edges, `period_s` the sample period (s).
    """

    says: str
    found: EdgeDelayFound | None = None
    by: By = "inferences"
    period_s: float = 0.0


def edges_among_samples(bench: Bench, look: Callable[[], None]) -> EdgeDelayChecked:
    """Return how late edges are placed among the samples, in words and numbers.

    `look` is called while answers and samples are awaited. Raises an instrument's error, and `BenchFault` if the
    sampler delivers nothing.
    """
    sampler, edges = bench.sampler, bench.edges
    if sampler is None or edges is None:
        return EdgeDelayChecked("not examined: the bench names no sampler or no edge source")
    if bench.rails:
        return EdgeDelayChecked("not examined: each rail of this bench has samples of its own")
    if edges.timebase == "microseconds" and not sampler.capabilities.starts_on_edge:
        return EdgeDelayChecked(
            "not measured: no edge starts the samples, so the host ties laps to them, in each run anew; the "
            "uncertainty budget counts the limit of that"
        )
    applied = sampler.configure(bench.sampling, bench.clock.deadline(ANSWER_S))
    named = [signal.name for signal in applied.signals]
    if not set(named) & set(_LOADS):
        return EdgeDelayChecked(f"not measured: the sampler records {' and '.join(named)} only")
    return _Acquisition(bench, sampler, edges, applied, look).measured()


@dataclass
class _Acquisition:
    """One acquisition for this purpose alone."""

    bench: Bench
    sampler: Sampler
    source: EdgeSource
    applied: AppliedSampling
    look: Callable[[], None]
    blocks: list[Samples] = field(default_factory=list)
    by: By = "inferences"

    def measured(self) -> EdgeDelayChecked:
        clock = self.bench.clock
        self.source.arm(clock.deadline(ANSWER_S))
        self.source.take(clock.deadline(ANSWER_S))
        self.sampler.start(clock.deadline(ANSWER_S))
        waiting, self.bench.dut.while_waiting = self.bench.dut.while_waiting, self._look
        try:
            answer = self.bench.dut.timestamp(clock.deadline(ANSWER_S))
            if answer.has_lap:
                return EdgeDelayChecked("not examined: this is a performance build, which prints its timestamps")
            first = self._taken(1)
            starts = self._starts()
            self._wait(SETTLE_S)
        finally:  # whatever ends it early, the tear-down ends the acquisition
            self.bench.dut.while_waiting = waiting
        limit_s = POWER_S + self.sampler.capabilities.stop_s
        self._keep(self.sampler.stop(clock.deadline(limit_s)))
        return self._in_words(first, starts)

    # --- asking -------------------------------------------------------------------------------------------

    def _starts(self) -> list[Edge | Lap]:
        """Return the edges at which the DUT began to work."""
        clock = self.bench.clock
        found: list[Edge | Lap] = []
        most_s = min(MOST_S, MOST_SAMPLES * self.applied.period_s, 0.5 * self.sampler.capabilities.longest_s)
        began_ns = clock.now_ns()
        for number in range(EDGES):
            if number >= LEAST_EDGES and (clock.now_ns() - began_ns) / NS_PER_S > most_s:
                break
            self._wait(SETTLE_S)
            self.source.take(clock.deadline(ANSWER_S))
            wanted = self._begin()
            came = self._taken(wanted)
            if len(came) == wanted:  # with one lost or one too many, nobody knows which is the first
                found.append(came[0])
        return found

    def _begin(self) -> int:
        """Let the DUT infer once, or pulse its pin if it refuses; return how many edges that makes."""
        clock = self.bench.clock
        if self.by == "inferences":
            try:
                self.bench.dut.infer(1, 0, clock.deadline(INFER_S))
            except (ProtocolViolation, Refused):  # some firmware infers only after a stimulus was loaded
                self.bench.dut.settle(clock.deadline(ANSWER_S))
                self.source.take(clock.deadline(ANSWER_S))
                self.by = "pulses"
            else:
                return 2
        self.bench.dut.timestamp(clock.deadline(ANSWER_S))
        return 1

    def _taken(self, count: int) -> list[Edge | Lap]:
        """Return the edges since the last call, as soon as `count` of them have come."""
        clock = self.bench.clock
        found: list[Edge | Lap] = []
        limit = clock.deadline(EDGE_S)
        while True:
            found += self.source.take(clock.deadline(ANSWER_S))
            if len(found) >= count or limit.expired():
                return found
            self._wait(0.02)

    def _wait(self, duration_s: float) -> None:
        self.bench.clock.sleep(duration_s)
        self._look()

    def _look(self) -> None:
        self.look()
        self._keep(self.sampler.poll(self.bench.clock.deadline(ANSWER_S)))

    def _keep(self, items: Sequence[StreamItem]) -> None:
        self.blocks += [item for item in items if isinstance(item, Samples)]

    # --- telling ------------------------------------------------------------------------------------------

    def _in_words(self, first: list[Edge | Lap], starts: list[Edge | Lap]) -> EdgeDelayChecked:
        load, instant = self._load()
        if not len(load):
            raise BenchFault("the sampler delivered no sample while the DUT inferred")
        period_s = self.applied.period_s
        if self.source.timebase == "samples":
            among = [one for one in starts if isinstance(one, Edge)]
            # Each edge's own width is in the scatter, for the edges fall anywhere in a sample.
            found = find_delay(load, [one.position for one in among], period_s, instant=instant)
        else:
            origin = next((one.lap_us for one in first if isinstance(one, Lap)), None)
            if origin is None:
                return EdgeDelayChecked("not measured: the edge that starts the samples was not seen")
            laps_s = [(one.lap_us - origin) % _WRAP_US * 1e-6 for one in starts if isinstance(one, Lap)]
            tick_s = LAP_STEP_S / _ROOT12
            found = find_delay_of_laps(load, laps_s, period_s, instant=instant, own_u_s=tick_s)
        if isinstance(found, NotVisible):
            return EdgeDelayChecked(f"the delay is not visible in the samples: {found.why}; nothing to keep")
        return EdgeDelayChecked(_said(found, self.by), found, self.by, period_s)

    def _load(self) -> tuple[FloatArray, bool]:
        """Return what the DUT drew in every sample from the first on, NaN where one is missing."""
        signals = self.applied.signals
        at = next(k for name in _LOADS for k, signal in enumerate(signals) if signal.name == name)
        end = max((one.first + one.count for one in self.blocks), default=0)
        load = np.full(min(end, MOST_SAMPLES), np.nan)
        for one in self.blocks:
            part = one.values[at][: max(0, len(load) - one.first)]
            load[one.first : one.first + len(part)] = part
        return load, signals[at].kind == "instant"


def _said(found: EdgeDelayFound, by: By) -> str:
    delay, when = _us(found.delay_s, 3), "before" if found.delay_s < 0 else "after"
    where = "at the step" if delay == _us(0.0, 3) else f"{delay} {when} the step"
    did = "inferences" if by == "inferences" else "pulses"
    return (
        f"an edge is placed {where} of the current that belongs to it, u = {_us(found.u_s, 2)}, from the starts "
        f"of {found.count} {did}; it holds for this DUT, its instruments and their wires together"
    )


def _us(time_s: float, digits: int) -> str:
    return f"{float(f'{abs(time_s) * 1e6:.{digits}g}'):g} µs"
