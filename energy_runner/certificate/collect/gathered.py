# SPDX-License-Identifier: Apache-2.0
"""What a session tells, read once."""

from collections.abc import Mapping
from dataclasses import dataclass

from energy_runner.analysis.facts import Facts, gather
from energy_runner.session.events import DeviceIdentified, FirmwareFlashed, MonitorConfigured, VoltageMeasured
from energy_runner.session.folder import Session
from energy_runner.session.record import Record
from energy_runner.session.result import Result


@dataclass(frozen=True)
class Gathered:
    """A session's record, facts and result.

    `monitors` holds how each rail was measured, in the order of the rails; `flashed` says whether the session has
    flashed the DUT itself.
    """

    session: Session
    record: Record
    result: Result
    facts: Facts
    monitors: tuple[MonitorConfigured, ...]
    devices: Mapping[str, DeviceIdentified]
    voltages_v: tuple[float, ...]
    flashed: bool


def gathered(session: Session, result: Result) -> Gathered:
    """Return what a session tells; raise `SessionError` if its journal cannot be read."""
    journal = session.journal(exchanges=False)
    facts = gather(journal)
    configured = {one.rail: one for one in journal.of(MonitorConfigured)}
    return Gathered(
        session=session,
        record=session.record,
        result=result,
        facts=facts,
        monitors=tuple(configured.values()),
        devices={event.box: event for event in journal.of(DeviceIdentified)},
        voltages_v=tuple(one.voltage_v for one in journal.of(VoltageMeasured)),
        flashed=any(one.status == 0 for one in journal.of(FirmwareFlashed)),
    )
