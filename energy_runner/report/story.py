# SPDX-License-Identifier: Apache-2.0
"""Gather once what a report shows: the facts, the result, the devices and the power over time."""

import math
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from energy_runner.analysis.facts import Facts, Listed, gather
from energy_runner.analysis.host_time import HostTime, host_time
from energy_runner.analysis.inferences.segment import SegmentationSummary, segmentation_summary
from energy_runner.errors import SessionError
from energy_runner.published.comparison import read_comparison
from energy_runner.published.row import AuditRow
from energy_runner.report.charts.decimate import Envelope, decimate
from energy_runner.report.charts.power import Picture, PowerTrace, every_sample, picture
from energy_runner.session.events import DeviceIdentified, TearDownStep, VoltageMeasured
from energy_runner.session.folder import Session
from energy_runner.session.journal import Journal
from energy_runner.session.record import Record
from energy_runner.session.result import Result, WindowResult

DETAIL_INFERENCES = 4
DETAIL_LEAST_SAMPLES = 60
DETAIL_POINTS = 20_000


@dataclass(frozen=True)
class Detail:
    """The first `inferences` inferences of window `index`, each of about `inference_s` from `start_s` on."""

    index: int
    start_s: float
    inference_s: float
    inferences: int
    power: Envelope


@dataclass(frozen=True)
class Story:
    """Everything from which the sections of a report are written.

    `picture` is None where there is no power to draw, and `no_picture` then says why. `inferences` are the single
    inferences inside the windows, None where no trace shows them. `thinned` says what was removed since.
    `host` is what the host added to the time that a run needs, None where that cannot be told. `published` is what
    was published of an imported session; `published_problem` says why that cannot be read.
    """

    record: Record
    result: Result
    facts: Facts
    devices: dict[str, DeviceIdentified]
    voltages_v: list[float]
    tear_down: Collection[TearDownStep]
    picture: Picture | None = None
    detail: Detail | None = None
    no_picture: str = ""
    inferences: SegmentationSummary | None = None
    thinned: str = ""
    host: HostTime | None = None
    published: AuditRow | None = None
    published_problem: str = ""

    def bench(self, *path: str) -> Any:
        """Return the value under the given keys of the bench's description, or None."""
        value: Any = self.record.bench
        for key in path:
            value = value.get(key) if isinstance(value, dict) else None
        return value


def tell(session: Session, result: Result) -> Story:
    """Return the story of a session; if the trace cannot be read, `no_picture` says so.

    Raises `SessionError` if the journal cannot be read.
    """
    journal = session.journal(exchanges=False)
    facts = gather(journal)
    drawn, detail, why = _draw(session, result, facts)
    row, problem = _published(session)
    return Story(
        record=session.record,
        result=result,
        facts=facts,
        devices={event.box: event for event in journal.of(DeviceIdentified)},
        voltages_v=[e.voltage_v for e in journal.of(VoltageMeasured) if e.rail in ("", facts.rail)],
        tear_down=_steps(journal),
        picture=drawn,
        detail=detail,
        no_picture=why,
        inferences=_inferences(session, result),
        thinned=session.thinned.words if session.thinned is not None else "",
        host=_host(session, result),
        published=row,
        published_problem=problem,
    )


def _published(session: Session) -> tuple[AuditRow | None, str]:
    if session.record.origin is None:
        return None, ""
    try:
        return read_comparison(session.path), ""
    except SessionError as error:
        return None, str(error)


def _host(session: Session, result: Result) -> HostTime | None:
    try:
        return host_time(session, result)
    except SessionError:
        return None  # a finding says what is wrong with the bytes


def _steps(journal: Journal) -> Listed[TearDownStep]:
    steps = Listed(TearDownStep, journal)
    for step in journal.of(TearDownStep):
        steps.append(step)
    return steps


def _inferences(session: Session, result: Result) -> SegmentationSummary | None:
    """Return the single inferences of an energy run; None where no window has a place in a trace."""
    if result.mode != "energy" or not any(window.start_s is not None for window in result.windows):
        return None
    try:
        return segmentation_summary(session)
    except SessionError:
        return None  # the place of the picture says what is wrong with the trace


def _draw(session: Session, result: Result, facts: Facts) -> tuple[Picture | None, Detail | None, str]:
    if not session.has_trace():
        return None, None, "There is no trace: no samples were recorded."
    try:
        with session.trace() as reader:
            trace = PowerTrace(reader, facts)
            if trace.samples == 0:
                return None, None, "The trace holds no samples."
            return picture(trace), _detail(trace, result.windows), ""
    except SessionError:
        # The message names a path; reports of the same facts must be the same in any folder.
        return None, None, "The trace, trace.jls, cannot be read."


def _detail(trace: PowerTrace, windows: list[WindowResult]) -> Detail | None:
    """Return the beginning of the first window that was measured, or None."""
    for window in windows:
        if window.start_s is None or not window.duration_s or window.inferences < 1:
            continue
        inference_s = window.duration_s / window.inferences
        if inference_s <= 0:
            continue
        least = math.ceil(DETAIL_LEAST_SAMPLES * trace.period_s / inference_s)
        count = min(window.inferences, max(DETAIL_INFERENCES, least))
        margin_s = 0.3 * inference_s + 2 * trace.period_s
        start = math.floor((window.start_s - margin_s) / trace.period_s)
        stop = math.ceil((window.start_s + count * inference_s + margin_s) / trace.period_s)
        start, stop = max(0, start), min(trace.samples, stop)
        if stop <= start:
            continue
        if stop - start <= DETAIL_POINTS:
            power = every_sample(trace, start, stop)
        else:
            power = decimate(trace.chunks(start, stop), stop - start, DETAIL_POINTS, first=start)
        return Detail(window.index, window.start_s, inference_s, count, power)
    return None
