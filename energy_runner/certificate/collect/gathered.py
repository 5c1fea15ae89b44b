# SPDX-License-Identifier: Apache-2.0
"""What a session tells, read once."""

from collections.abc import Mapping
from dataclasses import dataclass

from energy_runner.analysis.facts import Facts, gather
from energy_runner.session.events import DeviceIdentified, FirmwareFlashed, VoltageMeasured
from energy_runner.session.folder import Session
from energy_runner.session.record import Record
from energy_runner.session.result import Result


@dataclass(frozen=True)
class Gathered:
    """A session's record, facts and result. `flashed` says whether it has flashed the DUT itself."""

    session: Session
    record: Record
    result: Result
    facts: Facts
    devices: Mapping[str, DeviceIdentified]
    voltages_v: tuple[float, ...]
    flashed: bool


def gathered(session: Session, result: Result) -> Gathered:
    """Return what a session tells; raise `SessionError` if its journal cannot be read."""
    journal = session.journal(exchanges=False)
    facts = gather(journal)
    voltages = tuple(one.voltage_v for one in journal.of(VoltageMeasured) if one.rail in ("", facts.rail))
    return Gathered(
        session=session,
        record=session.record,
        result=result,
        facts=facts,
        devices={event.box: event for event in journal.of(DeviceIdentified)},
        voltages_v=voltages,
        flashed=any(one.status == 0 for one in journal.of(FirmwareFlashed)),
    )
