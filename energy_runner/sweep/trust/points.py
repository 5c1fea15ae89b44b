# SPDX-License-Identifier: Apache-2.0
"""The facts that trust rests on: measurements of a reference, and what people decided."""

from dataclasses import dataclass
from typing import Literal

State = Literal["not watched", "trusted", "out of control"]
Baseline = Literal["kept", "new"]


@dataclass(frozen=True)
class ReferencePoint:
    """One measurement of a reference on a bench.

    `value_j` is the energy of one inference, J, more than 0. `u_independent_j` is the part of its standard
    uncertainty that does not come from errors which all sessions of the bench share (a monitor's gain is the same
    every night, so it can neither cause a shift nor excuse one); `u_j` is all of it. `utc_s` is when it was
    measured, by the host's clock, seconds since 1970. Points are compared only within a `series`: the same
    reference with the same settings. `warm_up_s` is how long the bench had been at work when the first window
    began, as far as that is known.
    """

    utc_s: float
    value_j: float
    u_independent_j: float
    u_j: float = 0.0
    series: str = ""
    temperature_c: float | None = None
    voltage_v: float | None = None
    warm_up_s: float | None = None
    monitor: str = ""
    session: str = ""
    virtual: bool = False


@dataclass(frozen=True)
class Decision:
    """A person's word that a bench may be used again.

    `baseline` says what it is compared with from then on: "kept" is what it was compared with before, "new" are
    the nights that follow. `file` is the name of the file it stands in.
    """

    bench: str
    utc_s: float
    who: str
    reason: str
    baseline: Baseline = "kept"
    file: str = ""
