# SPDX-License-Identifier: Apache-2.0
"""A row of a sweep's table: one point with its settings, its state, and the figures of its session."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Scalar = str | int | float | bool
State = Literal["waiting", "running", "done", "set-aside"]
Kind = Literal["point", "reference"]


@dataclass(frozen=True)
class RowComponent:
    """One input quantity of a point's uncertainty budget.

    `u_j` is its contribution, J per inference. `correlated` says that all windows of the session share its error;
    the errors of a monitor (gain, offset, clock) are also shared by all sessions of that monitor. `dof` are its
    degrees of freedom, None for infinitely many.
    """

    name: str
    u_j: float
    correlated: bool
    kind: Literal["A", "B"]
    distribution: str = "normal"
    dof: float | None = None


@dataclass(frozen=True)
class PointRow:
    """One point of a sweep. All figures are None while it has no completed session.

    `number` is its place in the plan, from 1, and `order` its place in the night. `values` are the settings of its
    axes by name. `energy_j` is the median energy of one inference with its standard uncertainty `u_j` and its
    expanded one `U_j` = `k` · `u_j` (95 %), all in J; `latency_s` and `u_latency_s` the mean duration of one
    inference, s. `accuracy` is in the unit of `metric`: percent for "top1", a fraction for "auc". `monitor` is the
    driver and, after a space, the serial number of the instrument that sampled; the driver alone does not tell
    which instrument it was. `temperature_c` is the mean of those measured in the session, °C. `voltages_v` are
    the voltages that were set, one for each rail, V. `bench_trust` is
    the state of the bench when the point was measured: "trusted", "out of control" or "not watched".
    """

    sweep: str
    number: int
    order: int
    kind: Kind
    repeat: int
    values: Mapping[str, Scalar]
    state: State
    bench: str | None = None
    session: str | None = None
    folder: str | None = None
    started_utc: str | None = None
    benchmark: str | None = None
    mode: str | None = None
    virtual: bool | None = None
    outcome: str | None = None
    valid: bool | None = None
    energy_j: float | None = None
    u_j: float | None = None
    U_j: float | None = None
    k: float | None = None
    dof: float | None = None
    complete: bool | None = None
    components: tuple[RowComponent, ...] = ()
    latency_s: float | None = None
    u_latency_s: float | None = None
    accuracy: float | None = None
    metric: str | None = None
    temperature_c: float | None = None
    monitor: str | None = None
    software: str | None = None
    bench_trust: str | None = None
    voltages_v: tuple[float, ...] = ()
    attempts: int = 0
    reason: str = ""
    remarks: tuple[str, ...] = field(default=())
