# SPDX-License-Identifier: Apache-2.0
"""`[edge_delay]`: how late edges are placed among the samples, as `bench doctor --keep` measured it."""

from typing import Annotated, Literal

from pydantic import Field

from energy_runner.bench.table import Day, Table

MOST_CHARACTERS = 1000
Text = Annotated[str, Field(max_length=MOST_CHARACTERS)]


class MeasuredWithSpec(Table):
    """`[edge_delay.sampler]` and `[edge_delay.edges]`: an instrument that the delay was measured with."""

    make: Text = ""
    """Its maker, as it states it; empty if it states none."""
    model: Text = ""
    """Its model."""
    serial: Text = ""
    """Its serial number; empty if it states none."""
    firmware: Text = ""
    """Version of its firmware; for information, not compared."""


class MeasuredDutSpec(Table):
    """`[edge_delay.dut]`: the DUT that the delay was measured with."""

    name: Text = ""
    """What it answers to `name`."""
    model: Text = ""
    """The model that it runs."""


class EdgeDelaySpec(Table):
    """`[edge_delay]`: the delay of one DUT, its instruments and their wires together, and which these are."""

    measured_on: Day
    """Day of the measurement."""
    interval_days: int = Field(default=365, gt=0, le=36500)
    """For how many days it is in force."""
    delay_s: float = Field(ge=-1.0, le=1.0)
    """How much later an edge is placed than its step in the samples, s; negative: earlier."""
    u_s: float = Field(gt=0.0, le=1.0)
    """Its standard uncertainty, s."""
    n: int = Field(ge=5, le=1000)
    """Number of edges that it was measured with."""
    by: Literal["inferences", "pulses"]
    """What the DUT began at those edges."""
    period_s: float = Field(gt=0.0, le=1e3)
    """Sample period of the measurement, s; the delay holds for no other."""
    virtual: bool | None = None
    """True for the delay of twins."""
    sampler: MeasuredWithSpec
    """The instrument that samples."""
    edges: MeasuredWithSpec
    """The instrument that captures the edges."""
    dut: MeasuredDutSpec
    """The DUT."""
