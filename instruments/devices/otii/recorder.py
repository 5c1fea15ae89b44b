# SPDX-License-Identifier: Apache-2.0
"""Record with an Otii: start and stop a recording of the project, and fetch by index what it holds so far.

Readings stay in the recording, so an answer that was lost in transit is simply asked for again.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from instruments.clock import NS_PER_S, Clock, Deadline
from instruments.devices.otii.dialect import CURRENT, PIN, PIN_NUMBER, READINGS_AT_ONCE, VOLTAGE
from instruments.devices.otii.protocol import analog, digital
from instruments.devices.otii.stream import RecordingAccount, in_readings
from instruments.errors import ProtocolViolation, Refused, TimedOut
from instruments.json_lines.dialogue import JsonDialogue
from instruments.json_lines.messages import flag, number, whole
from instruments.json_lines.supply import Ask, JsonSupply
from instruments.roles import Edge, Lost, Note, StreamItem, Timebase
from instruments.scpi.sample_counter import SampleCounter

_WATCH_EVERY_S = 1.0
_HELD_BACK_S = 0.5  # assumed: how long readings may take through the device's USB port and the server
_ARRIVES_S = 0.1
_SILENT_S, _SILENT_SAMPLES = 2.0, 3  # a recording that brings nothing for both has ended
# How far the recording's time may run ahead of the host's clock: a fixed part (s) and a share of the time passed.
_AHEAD_S, _AHEAD = 1.0, 1e-3
NONE = -1  # the server's id of a project or recording that is not there


class Recorder:
    """The recordings of one device, one after the other; also its `EdgeSource`."""

    timebase: Timebase = "samples"

    def __init__(self, dialogue: JsonDialogue, ask: Ask, supply: JsonSupply, clock: Clock) -> None:
        self.running = False
        self.project = NONE
        self._dialogue = dialogue
        self._ask = ask  # about the device
        self._supply = supply
        self._clock = clock
        self._items: list[StreamItem] = []
        self._edges: list[Edge] = []
        self._recording = NONE
        self._readings = 1

    def adopt_project(self, deadline: Deadline) -> bool:
        """Use the open project, or a new one; end a recording that runs in it, and return whether one did."""
        ask = self._dialogue.ask
        self.running = False
        self.project = whole(ask("otii_get_active_project", deadline), "project_id", least=NONE)
        if self.project == NONE:
            self.project = whole(ask("otii_create_project", deadline), "project_id")
        last = self._last(deadline)
        if last == NONE or not flag(ask("recording_is_running", deadline, recording_id=last), "running"):
            return False
        ask("project_stop_recording", deadline, project_id=self.project)
        return True

    def start(self, period_s: float, readings: int, deadline: Deadline) -> None:
        """Begin a recording; in each `period_s` come one reading of the voltage and `readings` of the current.

        The recorder counts in these periods; what it hands over is counted in readings of the current, each with
        the voltage beside it. Raises `Refused` if the server then has no new recording: the readings of an older
        one are not ours.
        """
        self._items, self._edges, self._counted, self._fetched, self._changes, self._noted = [], [], 0, 0, 0, 0
        self._dialogue.take_unasked()
        self._readings, self._period_s = readings, period_s
        self._account = RecordingAccount(
            period_s, readings, flag(self._ask("arc_get_gpi", deadline, pin=PIN_NUMBER), "value")
        )
        self._recording, before = NONE, self._last(deadline)
        self.running, self._began_ns = True, self._clock.now_ns()
        self._dialogue.ask("project_start_recording", deadline, project_id=self.project)
        last = self._last(deadline)
        if last in (before, NONE):
            came = f"the last recording of the project is {last}, as before"
            raise Refused(f"start a recording of {self._dialogue.name}", came, "start it in the Otii application")
        self._recording = last
        self._watched_ns = self._grown_ns = self._clock.now_ns()
        self._counter = SampleCounter(period_s, self._watched_ns, math.inf, _HELD_BACK_S)

    def poll(self, deadline: Deadline) -> Sequence[StreamItem]:
        """Return what was recorded since the last call; after an error, the next one returns what was complete.

        Raises `TimedOut` where the recording no longer grows.
        """
        if self.running and self._recording != NONE:
            self._fetch(deadline)
            if self._clock.now_ns() - self._watched_ns >= _WATCH_EVERY_S * NS_PER_S:
                self._watch(deadline)
        items, self._items = self._items, []
        return [in_readings(item, self._readings) for item in items]

    def stop(self, deadline: Deadline) -> Sequence[StreamItem]:
        """End the recording and return the rest of it."""
        if self.running:
            self._dialogue.ask("project_stop_recording", deadline, project_id=self.project)
            if self._recording != NONE:
                # What is on its way still arrives, no later than readings usually do: times stay comparable.
                self._clock.sleep(min(_ARRIVES_S, deadline.remaining_s()))
                self._fetch(deadline, final=True)
                self._watch(deadline)
            self.running = False
        return self.poll(deadline)

    def arm(self, deadline: Deadline) -> None:
        """Do nothing: the sampler's set-up includes edge capture."""

    def take(self, deadline: Deadline) -> Sequence[Edge]:
        """Return the edges that the last polls brought."""
        edges, self._edges = self._edges, []
        return [in_readings(edge, self._readings) for edge in edges]

    def disarm(self, deadline: Deadline) -> None:
        """Do nothing: edge capture ends with the recording."""

    def _fetch(self, deadline: Deadline, *, final: bool = False) -> None:
        asked_ns = self._clock.now_ns()
        info = self._about(CURRENT, "info", deadline)
        recorded_s = number(info, "to") - number(info, "from")
        counts = [whole(self._about(name, "data_count", deadline), "count") for name in (CURRENT, VOLTAGE)]
        passed_s = (self._clock.now_ns() - self._began_ns) / NS_PER_S
        self._account.latest_s = passed_s * (1 + _AHEAD) + _AHEAD_S
        ready = min(counts[0] // self._readings, counts[1])
        if ready < self._counted:
            came = f"{ready} samples, and {self._counted} before"
            raise ProtocolViolation(f"count the samples of {self._dialogue.name}", came, "start again")
        first = self._counter.next_index
        lost = self._counter.account(asked_ns, self._clock.now_ns(), ready - self._counted, final=final)
        self._check_grows(ready, final)
        self._counted = ready
        if lost is not None:
            self._items.append(lost)
        while self._fetched < self._counted:
            self._block(min(self._counted - self._fetched, READINGS_AT_ONCE // self._readings), deadline)
        self._account.changes(self._new_changes(deadline))
        self._edges += self._account.edges()
        short = self._account.shortage(first, self._counter.next_index, recorded_s)
        if short is not None:
            self._items.append(short)
            self._counter.next_index += short.missing

    def _check_grows(self, ready: int, final: bool) -> None:
        """Raise `TimedOut` for a recording that has ended by itself, or that another program has ended."""
        now_ns, limit_s = self._clock.now_ns(), max(_SILENT_S, _SILENT_SAMPLES * self._period_s)
        if ready > self._counted:
            self._grown_ns = now_ns
        elif not final and now_ns - self._grown_ns > limit_s * NS_PER_S:
            asked, came = f"fetch samples of {self._dialogue.name}", f"no reading has come for {limit_s:g} s"
            raise TimedOut(asked, came, "let no other program stop the recording; restart the Otii application")

    def _block(self, count: int, deadline: Deadline) -> None:
        """Fetch the next `count` samples."""
        each = self._readings
        wanted = ((CURRENT, self._fetched * each, count * each), (VOLTAGE, self._fetched, count))
        current, voltage = (
            analog(self._about(name, "data", deadline, index=index, count=many)) for name, index, many in wanted
        )
        if (len(current.values), len(voltage.values)) != (count * each, count):
            came = f"{len(current.values)} of current and {len(voltage.values)} of voltage"
            raise ProtocolViolation(f"fetch {count} samples of {self._dialogue.name}", came, "start again")
        begin = self._counter.next_index - (self._counted - self._fetched)
        self._fetched += count
        for item in self._account.block(begin, current, voltage):
            if isinstance(item, Lost):
                self._counter.next_index += item.missing
            self._items.append(item)

    def _new_changes(self, deadline: Deadline) -> list[tuple[float, bool]]:
        count = whole(self._about(PIN, "data_count", deadline), "count")
        if count <= self._changes:
            return []
        data = self._about(PIN, "data", deadline, index=self._changes, count=count - self._changes)
        changes = digital(data)
        if len(changes) > count - self._changes:
            came = f"{len(changes)} changes"
            raise ProtocolViolation(f"fetch {count - self._changes} changes of the input", came, "start again")
        self._changes += len(changes)
        return changes

    def _watch(self, deadline: Deadline) -> None:
        """Note what the server said unasked, and a supply that is off unasked."""
        self._watched_ns, here = self._clock.now_ns(), self._counter.next_index
        span = {"after": self._noted, "before": here + math.ceil(_HELD_BACK_S / self._period_s)}
        self._noted = here
        for message in self._dialogue.take_unasked():
            bad = message.kind == "error"
            self._items.append(Note(message.text, suspicious=bad, about="error" if bad else "", **span))
        if self._supply.wanted and not self._supply.is_on(deadline):
            self._supply.wanted = False
            text = "its main output is off: the current was above the limit, or the device has tripped"
            self._items.append(Note(text, suspicious=True, about="supply-off", **span))

    def _last(self, deadline: Deadline) -> int:
        last = self._dialogue.ask("project_get_last_recording", deadline, project_id=self.project)
        return whole(last, "recording_id", least=NONE)

    def _about(self, channel: str, what: str, deadline: Deadline, **data: int) -> Mapping[str, Any]:
        command = f"recording_get_channel_{what}"
        return self._ask(command, deadline, recording_id=self._recording, channel=channel, **data)
