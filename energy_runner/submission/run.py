# SPDX-License-Identifier: Apache-2.0
"""Gather the facts of one run of a submission from its session, in one reading of the journal."""

from collections.abc import Sequence
from typing import Any

from energy_runner.errors import ConfigurationError
from energy_runner.session import events as ev
from energy_runner.session.folder import Session
from energy_runner.session.record import Record
from energy_runner.session.result import Result
from energy_runner.submission.model import Firmware, Run
from energy_runner.submission.names import plain_ascii

_KINDS = (
    ev.DeviceIdentified,
    ev.DutIdentified,
    ev.InferenceDone,
    ev.MonitorConfigured,
    ev.RunStarted,
    ev.RunStopped,
    ev.VoltageMeasured,
)
_IDENTITY = ("make", "model", "serial", "firmware")


def make_run(session: Session, result: Result) -> Run:
    """Return a session as a run; raise `ConfigurationError` unless its DUT reported one identity."""
    found: dict[type[ev.Event], list[Any]] = {kind: [] for kind in _KINDS}
    for event in session.journal(exchanges=False).of(*_KINDS):
        found[type(event)].append(event)
    record, mode = session.record, session.record.run.mode
    twin = any(identified.identity.get("virtual") is True for identified in found[ev.DeviceIdentified])
    purpose = "accuracy" if mode == "accuracy" else "window"
    started, ended, configured = found[ev.RunStarted], found[ev.RunStopped], found[ev.MonitorConfigured]
    return Run(
        name=f"{record.benchmark.id} {mode}",
        mode=mode,
        session=session,
        result=result,
        firmware=_firmware(session, found[ev.DutIdentified]),
        virtual=record.virtual or record.truth is not None or "virtual_dut_answers_from" in record.bench or twin,
        inferences=tuple(done for done in found[ev.InferenceDone] if done.purpose == purpose),
        monitor=_monitor(found[ev.DeviceIdentified], configured[-1].sampler if configured else "monitor"),
        voltage_set_v=configured[-1].voltage_set_v if configured else None,
        voltages_v=tuple(measured.voltage_v for measured in found[ev.VoltageMeasured]),
        utc_offset_ns=started[0].utc_ns - started[0].t_ns if started else 0,
        ended_ns=ended[-1].t_ns if ended else 0,
        failed=tuple(verdict for verdict in result.verdicts if verdict.binding and not verdict.passed),
        stimuli=_stimuli(record, result),
    )


def _monitor(identified: Sequence[ev.DeviceIdentified], sampler: str) -> tuple[str, ...]:
    first = next((event.identity for event in identified if event.box == sampler), {})
    return tuple(str(first[key]) for key in _IDENTITY if first.get(key))


def _firmware(session: Session, identified: Sequence[ev.DutIdentified]) -> Firmware:
    answers = sorted({(dut.name, dut.profile, dut.model) for dut in identified})
    if len(answers) != 1:
        found = "; ".join(" / ".join(answer) for answer in answers) or "nothing"
        raise ConfigurationError(
            f"{session.path}: the DUT must report one identity; it reported {plain_ascii(found)}"
        )
    return Firmware(*answers[0])


def _stimuli(record: Record, result: Result) -> frozenset[tuple[str, str]]:
    used = record.stimuli
    if record.run.mode != "accuracy":
        used = [record.stimuli[window.stimulus] for window in result.windows]
    return frozenset((stimulus.file, stimulus.sha256) for stimulus in used)
