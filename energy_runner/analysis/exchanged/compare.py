# SPDX-License-Identifier: Apache-2.0
"""Compare each event that was derived from exchanged bytes with those bytes: one pass over a session.

What can be compared are the DUT's answers, loads and read-backs, an IO manager's laps, and, where their commands
are known, what other instruments were set to, switched to and called. The samples and edges in a monitor's own
stream are not read again.
"""

import hashlib
from collections import defaultdict
from collections.abc import Callable
from typing import Any

from energy_runner.analysis.exchanged.dialogue import Dialogue, Infer
from energy_runner.analysis.exchanged.settings import Settings
from energy_runner.session.events import (
    DeviceIdentified,
    DutBooted,
    DutCommanded,
    DutIdentified,
    Event,
    FirmwareFlashed,
    InferenceDone,
    LapCaptured,
    MonitorConfigured,
    StimulusLoaded,
    SupplySwitched,
)
from energy_runner.session.evidence import ExchangeCheck
from energy_runner.session.folder import Session
from energy_runner.session.record import Record
from energy_runner.session.stream import Passed

# Host times are taken right after the bytes passed; a busy host may be late by as much as this.
_LATE_NS = 2_000_000_000
_LONGEST_SHOWN = 60
_ROUNDING = 0.002  # relative; instruments round what is set to their own steps


def compare_exchange(session: Session) -> ExchangeCheck | None:
    """Return how the events agree with the exchanged bytes; None for a session that holds no such bytes.

    Raises `SessionError` for a journal or stream that cannot be read.
    """
    pass_ = _Pass(session.record)
    for item in session.in_order(*_CHECKS):
        if isinstance(item, Passed):
            pass_.passed(item)
        else:
            _CHECKS[type(item)](pass_, item)
    if not pass_.compared:
        return None
    return ExchangeCheck(
        compared=pass_.compared,
        contradictions=pass_.contradictions,
        first=pass_.first,
        warmups_said=pass_.warmups_said,
    )


class _Pass:
    """What was found so far."""

    def __init__(self, record: Record) -> None:
        self.compared = self.contradictions = 0
        self.first = ""
        self.warmups_said: list[int | None] = []
        self._record = record
        self._dialogues: dict[str, Dialogue] = defaultdict(Dialogue)
        self._settings: dict[str, Settings] = defaultdict(Settings)
        self._monitors: frozenset[str] = frozenset()
        self._fed_by: dict[str, str] = {}  # the supply of each rail
        self._dut: Dialogue | None = None
        self._used: Infer | None = None
        self._loaded: StimulusLoaded | None = None
        self._laps = False

    def passed(self, item: Passed) -> None:
        """Take bytes of any link."""
        dialogue = self._dialogues[item.device]
        self._settings[item.device].passed(item)
        if item.direction == "rx" and item.device in self._monitors and not dialogue.with_dut:
            return  # a sampler's stream
        dialogue.passed(item)
        if dialogue.with_dut:
            self._dut = dialogue

    def fact(self, where: str, what: str, journal: object, link: object) -> None:
        """Compare one fact: what the journal says of it, and what passed the link."""
        self.compared += 1
        if journal != link:
            self.contradictions += 1
            self.first = (
                self.first or f"{where}: {what} {_shown(journal)} by the journal, {_shown(link)} on the link"
            )

    def moment(self, where: str, what: str, earlier_ns: int | None, later_ns: int | None) -> None:
        """Compare two host times of the same thing, of which the second is taken right after the first."""
        if earlier_ns is not None and later_ns is not None:
            near = 0 <= later_ns - earlier_ns <= _LATE_NS
            self.fact(where, what, earlier_ns, earlier_ns if near else later_ns)

    # --- the DUT ------------------------------------------------------------------------------------------

    def booted(self, event: DutBooted) -> None:
        """Compare how the DUT marks its timestamps."""
        told = [one.said["timestamp-mode"] for one in self._dialogues.values() if "timestamp-mode" in one.said]
        if event.timestamp_mode and told:
            self.fact("boot", "timestamps", event.timestamp_mode, told[-1])

    def flashed(self, _: FirmwareFlashed) -> None:
        """Forget what the DUT said at its last boot: it was that of other firmware."""
        for dialogue in self._dialogues.values():
            dialogue.said.pop("timestamp-mode", None)

    def identified(self, event: DutIdentified) -> None:
        """Compare the answers to `name` and `profile`."""
        for topic, held in (("name", event.name), ("profile", event.profile), ("model", event.model)):
            if self._dut is not None:
                self.fact("the DUT's answers", topic, held, self._dut.said.get(topic))

    def commanded(self, event: DutCommanded) -> None:
        """Compare a command of the plan with what was sent, and its answer with what came."""
        told = self._dut.told if self._dut is not None else None
        self.fact("a command", "text", event.command, told.command if told is not None else None)
        if told is not None:
            self.fact(f"the command '{event.command}'", "answer", event.answer, told.answer)
            self.moment(f"the command '{event.command}'", "time in ns", event.sent_ns, told.t_ns)

    def stimulus(self, event: StimulusLoaded) -> None:
        """Compare a stimulus with the `db` commands that carried it, with its file, and with what came back."""
        self._loaded, dut = event, self._dut
        if dut is None:
            return
        where = f"{event.file} from byte {event.offset}"
        sha256 = hashlib.sha256(dut.loaded).hexdigest()
        self.fact(where, "size in bytes", event.size, len(dut.loaded))
        self.fact(where, "SHA-256", event.sha256, sha256)
        if event.read_back:
            self.fact(where, "", "read back and equal", _read_back(dut))
        stimuli = self._record.stimuli
        planned = stimuli[event.index] if 0 <= event.index < len(stimuli) else None
        if planned is not None and (event.offset, event.size) == (planned.offset, planned.size):
            self.fact(f"{planned.file} of the record", "SHA-256", planned.sha256, sha256)

    def inferred(self, event: InferenceDone) -> None:
        """Compare an inference with its command, with the DUT's answer, and with what was loaded before it."""
        if self._dut is None:
            return
        scored = event.purpose == "window"
        number = len(self.warmups_said) + 1
        where = f"window {number}" if scored else f"stimulus {event.stimulus} ({event.purpose})"
        infer = self._dut.infer if self._dut.infer is not self._used else None
        self._used = self._dut.infer
        if scored:
            self.warmups_said.append(infer.warmed if infer is not None else None)
        if infer is None:
            self.fact(where, "inferences", event.inferences, "no command")
            return
        self.fact(where, "inferences", event.inferences, infer.inferences)
        self.fact(where, "inferences begun", event.inferences, infer.begun)
        if infer.warmups is not None:
            self.fact(where, "warm-ups", event.warmups, infer.warmups)
        if infer.warmed is not None:
            self.fact(where, "warm-ups begun", event.warmups, infer.warmed)
        self.fact(where, "results", tuple(event.results), infer.results)
        self.fact(where, "laps in µs", event.dut_laps_us, infer.laps_us)
        self.moment(where, "time of its command in ns", event.sent_ns, infer.t_ns)
        self.moment(where, "time of its first line in ns", infer.begun_ns, event.start_line_ns)
        self.moment(where, "time of its last line in ns", infer.done_ns, event.done_line_ns)
        if self._loaded is not None:
            held = (event.stimulus, event.offset)
            self.fact(where, "stimulus and offset", held, (self._loaded.index, self._loaded.offset))

    # --- other instruments --------------------------------------------------------------------------------

    def lap(self, event: LapCaptured) -> None:
        """Compare an edge with the next lap that the IO manager reported."""
        managers = [one for one in self._dialogues.values() if one.with_manager]
        source = next((one for one in managers if event.lap_us in one.laps_us), None)
        if source is None:
            if managers:
                self.fact("an edge", "lap in µs", event.lap_us, "no such lap")
            return
        while (reported := source.laps_us.popleft()) != event.lap_us:
            if self._laps:  # those before the first were of an earlier run
                self.fact("an edge", "lap in µs", "nothing", reported)
        self._laps = True
        self.compared += 1

    def configured(self, event: MonitorConfigured) -> None:
        """Compare voltage and sample period with the commands that set them."""
        self._monitors |= {event.sampler, event.supply}
        self._fed_by[event.rail] = event.supply
        self._setting("voltage in V", event.voltage_set_v, self._settings[event.supply].voltage_v)
        self._setting("sample period in s", event.period_s, self._settings[event.sampler].period_s)

    def switched(self, event: SupplySwitched) -> None:
        """Compare the supply's state with the command that switched it."""
        ours = [self._settings[self._fed_by[event.rail]]] if event.rail in self._fed_by and event.rail else None
        known = [one.on for one in ours or self._settings.values() if one.on is not None]
        if known:
            self.fact("the supply", "switched", "on" if event.on else "off", "on" if any(known) else "off")

    def device(self, event: DeviceIdentified) -> None:
        """Compare serial number and firmware of an instrument with its answer to `*IDN?`."""
        answer = self._settings[event.box].identity
        for name in ("serial", "firmware") if answer is not None else ():
            held = str(event.identity.get(name) or "")
            fields = [field.strip() for field in (answer or "").split(",")]
            told = any(field and (field in held or held in field) for field in fields)
            self.fact(f"the identity of {event.box}", name, held, held if told else answer)

    def _setting(self, what: str, journal: float, link: float | None) -> None:
        if link is not None:
            agrees = abs(journal - link) <= _ROUNDING * link
            self.fact("the monitor's settings", what, journal, journal if agrees else link)


def _read_back(dut: Dialogue) -> str:
    if dut.held is None:
        return "not read back"
    return "read back and equal" if dut.held[: len(dut.loaded)] == dut.loaded else "read back and different"


def _shown(value: object) -> str:
    if value is None:
        return "nothing"
    words = value if isinstance(value, str) else repr(value)
    return words if len(words) <= _LONGEST_SHOWN else f"{words[: _LONGEST_SHOWN - 3]}..."


_CHECKS: dict[type[Event], Callable[[_Pass, Any], None]] = {
    DutBooted: _Pass.booted,
    DutIdentified: _Pass.identified,
    DutCommanded: _Pass.commanded,
    FirmwareFlashed: _Pass.flashed,
    StimulusLoaded: _Pass.stimulus,
    InferenceDone: _Pass.inferred,
    LapCaptured: _Pass.lap,
    MonitorConfigured: _Pass.configured,
    SupplySwitched: _Pass.switched,
    DeviceIdentified: _Pass.device,
}
