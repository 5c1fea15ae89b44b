# SPDX-License-Identifier: Apache-2.0
"""Trace files of other tools: import one as a session like any other."""

import re
from collections.abc import Callable, Mapping
from os import PathLike
from pathlib import Path
from typing import Literal

from energy_runner.api.analysis import analyze
from energy_runner.api.runs import DEFAULT_PARENT
from energy_runner.benchmarks.catalogue import load_benchmark
from energy_runner.session.folder import Session, create_session, give_up_session
from energy_runner.traces.importing import Asked, import_into
from energy_runner.traces.told import SamplesKind
from instruments.clock import Clock, RealClock

__all__ = ["import_trace"]

AnyPath = str | PathLike[str]
Progress = Callable[[float, float | None], None]
_EARLIEST_S = 0.5  # after which the rest of the time can be estimated
_ODD = re.compile(r"[^A-Za-z0-9._-]+")


def import_trace(
    path: AnyPath,
    out: AnyPath | None = None,
    *,
    edges: AnyPath | None = None,
    edge: Literal["falling", "rising"] = "falling",
    voltage_v: float | None = None,
    inferences: int | None = None,
    instrument: str = "",
    columns: Mapping[str, str] | None = None,
    rate_hz: float | None = None,
    benchmark: str | None = None,
    samples: SamplesKind | None = None,
    began: str | None = None,
    progress: Progress = lambda done, left_s: None,
    clock: Clock | None = None,
) -> Session:
    """Import the trace file `path` of another tool into the folder `out`, with its result and report.

    Without `out` a new folder is made in `sessions/`. `edges` says where the windows begin and end: a column or
    input of the file itself, a table of times, or `FILE:SIGNAL` of a `.sr` or `.vcd` file; without it the session
    has no windows. Each window has a first and a last `edge`, falling or rising, and `inferences` between them.
    `voltage_v` is the supply (V) where the file holds a current only. `instrument` names the driver whose
    specification gives the uncertainty, by default what the format tells; `columns` maps columns to units
    (`{"time": "ms", "current": "uA"}`) and `times` to that of a table of edges, where they do not state them;
    `rate_hz` is the sample rate (1/s) where the file states none. `benchmark` is what ran, if it is one of ours.
    `samples` says whether samples are `means` over their period or readings at `instants`, and `began` when the
    first one was taken (ISO 8601 with its zone), where the file does not state them.
    `progress` is told the share that was read and how many seconds reading takes still, None while that is not
    known; with 1 and None the result is being derived.

    Raises `SessionError` for what cannot be read as asked, `ConfigurationError` for an `out` that is not empty or
    for what was not told; the folder is then as it was.
    """
    path = Path(path)
    asked = Asked(
        edges="" if edges is None else str(edges),
        which=edge,
        voltage_v=voltage_v,
        inferences=inferences,
        instrument=instrument,
        columns=dict(columns or {}),
        rate_hz=rate_hz,
        benchmark=load_benchmark(benchmark) if benchmark is not None else None,
        samples=samples or "",
        began=began or "",
    )
    existed = out is not None and Path(out).exists()
    folder = create_session(DEFAULT_PARENT, _name(path), Path(out) if out is not None else None)
    try:
        session = import_into(path, folder, asked, _timed(progress, clock or RealClock()))
    except BaseException:
        if not existed:
            give_up_session(folder)
        raise
    progress(1.0, None)
    analyze(session, write=True)
    return session


def _timed(progress: Progress, clock: Clock) -> Callable[[float], None]:
    """Return what tells `progress` the time left: as long for each byte as for those since the first piece.

    The first piece takes longer: libraries are loaded, and the rate is found.
    """
    first: list[tuple[float, int]] = []

    def told(done: float) -> None:
        now_ns = clock.now_ns()
        if not first:
            first.append((done, now_ns))
        begun, begun_ns = first[0]
        taken_s, read = (now_ns - begun_ns) * 1e-9, done - begun
        known = read > 0 and taken_s >= _EARLIEST_S
        progress(done, taken_s * (1 - done) / read if known else None)

    return told


def _name(path: Path) -> str:
    """Return a name for the session's folder."""
    return _ODD.sub("-", path.stem).strip("-.")[:60] or "trace"
