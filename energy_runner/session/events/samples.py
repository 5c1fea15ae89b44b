# SPDX-License-Identifier: Apache-2.0
"""The acquisition: samples, edges among them, and what is missing of either."""

from typing import Annotated, Literal

from pydantic import Field

from energy_runner.session.events.base import Event, Modulo, Rail


class AcquisitionStarted(Event):
    """The monitor acknowledged the start (or the arming) of its acquisition."""

    kind: Literal["acquisition-started"] = "acquisition-started"
    rail: Rail = ""
    """Name of the rail that it is about; left out where the DUT has one only."""


class AcquisitionStopped(Event):
    """The acquisition ended; `samples` is the length of the timebase, lost samples included."""

    kind: Literal["acquisition-stopped"] = "acquisition-stopped"
    samples: int
    """Length of the timebase in samples, lost ones included."""
    received: int
    """Samples that arrived."""
    rail: Rail = ""
    """Name of the rail that it is about; left out where the DUT has one only."""


class SamplesArrived(Event):
    """Samples up to index `end` had arrived by `t_ns`; ties sample time to host time, loosely."""

    kind: Literal["samples-arrived"] = "samples-arrived"
    end: int
    """Samples before this index had arrived by `t_ns`."""
    rail: Rail = ""
    """Name of the rail that it is about; left out where the DUT has one only."""


class EdgeCaptured(Event):
    """The monitor saw a falling edge at `position` ± `half_width` (both in samples)."""

    kind: Literal["edge-captured"] = "edge-captured"
    position: float
    """Place of the edge, in samples."""
    half_width: float
    """The edge lies within ± this of `position`, in samples."""
    counter: int | None
    """The monitor's own number of the edge, if it has one."""


class LapCaptured(Event):
    """The IO manager saw a falling edge at `lap_us` of its own clock."""

    kind: Literal["lap-captured"] = "lap-captured"
    lap_us: int
    """The IO manager's clock, µs modulo 2³²."""
    zeroed: Annotated[tuple[int, int] | None, Field(exclude_if=lambda zeroed: zeroed is None)] = None
    """Of a lap out of a record that was read later: the host times, ns, between which its clock was set to zero;
    `t_ns` is then the later of them plus the clock's own time. Left out where `t_ns` is the arrival of the lap's
    own message."""


class SamplesLost(Event):
    """`missing` samples were lost somewhere between the indices `after` and `before`."""

    kind: Literal["samples-lost"] = "samples-lost"
    after: int
    """Index of the last sample before the gap."""
    before: int
    """Index of the first sample after it."""
    missing: int
    """Samples that are missing; with `modulo`, the likeliest number."""
    detail: str
    """What the monitor reported."""
    modulo: Modulo = 0
    """Left out where `missing` is exact. Otherwise the true number may differ from it by any multiple of this."""
    rail: Rail = ""
    """Name of the rail that it is about; left out where the DUT has one only."""


class SamplesOverRange(Event):
    """`count` samples from index `at` on were outside the monitor's range."""

    kind: Literal["samples-over-range"] = "samples-over-range"
    at: int
    """Index of the first."""
    count: int
    """How many."""
    detail: str
    """What the monitor reported."""
    rail: Rail = ""
    """Name of the rail that it is about; left out where the DUT has one only."""


class MonitorTime(Event):
    """The monitor stated its elapsed time at sample index `at`."""

    kind: Literal["monitor-time"] = "monitor-time"
    at: int
    """Sample index."""
    device_time_s: float
    """Elapsed time by the monitor's clock, s."""
    buffer_fill: float | None
    """Share of its buffer in use; null if it does not say."""
    rail: Rail = ""
    """Name of the rail that it is about; left out where the DUT has one only."""


class MonitorSummary(Event):
    """What the monitor itself summed up of the acquisition, lost readings included; null where it does not say."""

    kind: Literal["monitor-summary"] = "monitor-summary"
    samples: int | None = None
    """Readings of the acquisition."""
    signal: str = ""
    """The recorded signal of which `least` and `largest` are."""
    least: float | None = None
    """Least reading, in the unit of the signal."""
    least_step: float = 0.0
    """One step of the last digit in which it came; 0 if it has none coarser than a 64-bit float."""
    largest: float | None = None
    """Largest reading, likewise."""
    largest_step: float = 0.0
    """One step of its last digit."""
    charge_coulomb: float | None = None
    """Charge, coulomb."""
    charge_step_coulomb: float = 0.0
    """One step of its last digit, coulomb."""
    energy_j: float | None = None
    """Energy, J."""
    energy_step_j: float = 0.0
    """One step of its last digit, J."""
    limit_relative: float | None = None
    """Largest limit of error that the monitor states for any reading, relative to it; null if it states none."""
    rail: Rail = ""
    """Name of the rail that it is about; left out where the DUT has one only."""
