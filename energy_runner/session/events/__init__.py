# SPDX-License-Identifier: Apache-2.0
"""The facts of a run, as they happen: one small frozen event a line of `journal.jsonl`.

Three timebases appear and are never mixed: `t_ns` is host time (monotonic, ns) of every event; `*_us` are
microseconds of the DUT or of the IO manager; `position`, `first` and `at` count the monitor's samples.
Events are only ever added, each to the file of its family; a field's meaning never changes. A reader ignores
fields that it does not know, and keeps an event whose kind it does not know as an `UnknownEvent`: a later version
may add both.
"""

from typing import Annotated, get_args

from pydantic import Field, TypeAdapter

from energy_runner.session.events.base import Event, Outcome, Purpose, UnknownEvent
from energy_runner.session.events.bench import (
    DeviceIdentified,
    MonitorConfigured,
    SupplySettled,
    SupplySwitched,
    SwitchRead,
    SwitchTurned,
    TemperatureMeasured,
    VoltageMeasured,
)
from energy_runner.session.events.dut import (
    DutBooted,
    DutCommanded,
    DutIdentified,
    EdgesExpected,
    FirmwareFlashed,
    InferenceDone,
    PhasesMarked,
    StimulusLoaded,
)
from energy_runner.session.events.links import Exchange, StreamChunk
from energy_runner.session.events.run import (
    JournalSealed,
    Phase,
    Problem,
    Remark,
    RunStarted,
    RunStopped,
    TearDownStep,
)
from energy_runner.session.events.samples import (
    AcquisitionStarted,
    AcquisitionStopped,
    EdgeCaptured,
    LapCaptured,
    MonitorSummary,
    MonitorTime,
    SamplesArrived,
    SamplesLost,
    SamplesOverRange,
)

__all__ = [
    "EVENT",
    "KINDS",
    "AcquisitionStarted",
    "AcquisitionStopped",
    "AnyEvent",
    "DeviceIdentified",
    "DutBooted",
    "DutCommanded",
    "DutIdentified",
    "EdgeCaptured",
    "EdgesExpected",
    "Event",
    "Exchange",
    "FirmwareFlashed",
    "InferenceDone",
    "JournalSealed",
    "KnownEvent",
    "LapCaptured",
    "MonitorConfigured",
    "MonitorSummary",
    "MonitorTime",
    "Outcome",
    "Phase",
    "PhasesMarked",
    "Problem",
    "Purpose",
    "Remark",
    "RunStarted",
    "RunStopped",
    "SamplesArrived",
    "SamplesLost",
    "SamplesOverRange",
    "StimulusLoaded",
    "StreamChunk",
    "SupplySettled",
    "SupplySwitched",
    "SwitchRead",
    "SwitchTurned",
    "TearDownStep",
    "TemperatureMeasured",
    "UnknownEvent",
    "VoltageMeasured",
]

KnownEvent = Annotated[
    RunStarted
    | Phase
    | Exchange
    | StreamChunk
    | DeviceIdentified
    | MonitorConfigured
    | SupplySwitched
    | SupplySettled
    | VoltageMeasured
    | TemperatureMeasured
    | SwitchTurned
    | SwitchRead
    | FirmwareFlashed
    | DutBooted
    | DutIdentified
    | DutCommanded
    | StimulusLoaded
    | EdgesExpected
    | InferenceDone
    | PhasesMarked
    | AcquisitionStarted
    | AcquisitionStopped
    | SamplesArrived
    | EdgeCaptured
    | LapCaptured
    | SamplesLost
    | SamplesOverRange
    | MonitorTime
    | MonitorSummary
    | JournalSealed
    | Remark
    | Problem
    | TearDownStep
    | RunStopped,
    Field(discriminator="kind"),
]

AnyEvent = KnownEvent | UnknownEvent

EVENT: TypeAdapter[KnownEvent] = TypeAdapter(KnownEvent)
KINDS = frozenset(event.model_fields["kind"].default for event in get_args(get_args(KnownEvent)[0]))
