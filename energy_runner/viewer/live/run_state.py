# SPDX-License-Identifier: Apache-2.0
"""The state of a run from its events: phase, progress, supply, boxes, last lines, outcome.

Times are seconds since the run began (`at_s` of lines, `done_s`). `run_zero_s` is that moment in trace time, so
that a line's trace time is `at_s` + `run_zero_s`; it is None until the acquisition has begun, and only as exact as
the monitor's answer to its start, some milliseconds.
"""

from typing import Any

from energy_runner.session.events import Exchange, UnknownEvent
from energy_runner.session.journal import exchanged_bytes
from energy_runner.viewer.live.boxes import Boxes
from energy_runner.viewer.live.supply import SupplyView
from energy_runner.viewer.live.talk import Talk
from energy_runner.viewer.live.time_left import NS_PER_S, TimeLeft
from energy_runner.viewer.live.words import Roles, finite, words
from instruments.clock import Clock

Changes = dict[str, Any]
Lines = list[dict[str, Any]]
_MOST_PROBLEMS = 20
_TELL_NS = 400_000_000  # how often readers are woken for progress alone: more often nobody looks at a bar


class RunState:
    """What is known of one run; `take` it event by event."""

    def __init__(self, clock: Clock, roles: Roles | None = None) -> None:
        roles = roles or Roles()
        self.fields: Changes = {
            "bench": "",
            "benchmark": "",
            "mode": "",
            "virtual": None,
            "phase": "",
            "detail": "",
            "done_s": 0.0,
            "total_s": None,
            "left_s": None,
            "outcome": None,
            "reason": "",
            "run_zero_s": None,
            "problems": [],
        }
        self.ended = False
        self.supply = SupplyView()
        self.boxes = Boxes(roles)
        self.talk = Talk(roles)
        self._clock = clock
        self._left = TimeLeft()
        self._began_ns: int | None = None
        self._told_ns: int | None = None
        self._untold: Changes = {}

    def document(self) -> Changes:
        """Return the state, with a copy of everything that may change."""
        return {
            **self.fields,
            **self._supply(),
            "problems": list(self.fields["problems"]),
            "boxes": self.boxes.document(),
            "lines": list(self.talk.kept),
        }

    def set(self, **fields: Any) -> Changes:
        """Set fields, and return those that changed."""
        changed = {name: value for name, value in fields.items() if self.fields.get(name) != value}
        self.fields |= changed
        return changed

    def problem(self, text: str) -> Changes:
        """Take note of what cannot be shown, and why."""
        said = words(text)
        known = self.fields["problems"]
        return {} if said in known else self.set(problems=[*known[-_MOST_PROBLEMS + 1 :], said])

    def no_problem(self, text: str) -> Changes:
        """Take a problem back."""
        said = words(text)
        return self.set(problems=[each for each in self.fields["problems"] if each != said])

    def supply_lost(self, text: str) -> Changes:
        """Take note that nobody tells of the supply any more."""
        self.supply.lost(text)
        return self._supply()

    def heard_again(self) -> Changes:
        """Take note that a run goes on that was silent for long."""
        self.supply.heard_again()
        return self._supply()

    def at_s(self, t_ns: int) -> float:
        """Return host time of the run as seconds since its beginning."""
        if self._began_ns is None:
            self._began_ns = t_ns
        return (t_ns - self._began_ns) / NS_PER_S

    def reached(self, t_ns: int) -> Changes:
        """Take note that the run has come to this host time, where nothing else tells of its progress."""
        done_s = self.at_s(t_ns)
        return {} if done_s <= self.fields["done_s"] else self._progress(done_s, self.fields["total_s"])

    def take(self, event: Any) -> tuple[Changes, Lines]:
        """Take an event of a run; return the fields that changed, and new lines."""
        if isinstance(event, UnknownEvent):  # of a later version, or of somebody who makes kinds up
            return {}, []
        if event.kind == "progress":
            return self._shown_progress(event), []
        if isinstance(event, Exchange) or event.kind == "link-text":
            return {}, self._passed(event)
        changes: Changes = {}
        if self.supply.take(event):
            changes |= self._supply()
        if self.boxes.take(event):
            changes["boxes"] = self.boxes.document()
        act = getattr(self, "_" + event.kind.replace("-", "_"), None)
        told, lines = act(event) if act is not None else ({}, [])
        return changes | told, lines

    def _supply(self) -> Changes:
        return {"supply": self.supply.state, "supply_text": self.supply.text}

    def _progress(self, done_s: float, total_s: float | None) -> Changes:
        now_ns = self._clock.now_ns()
        left_s = self._left.at(now_ns, done_s, total_s)
        self._untold |= self.set(
            done_s=round(done_s, 3),
            total_s=None if total_s is None else round(total_s, 3),
            left_s=None if left_s is None else round(left_s, 1),
        )
        if self._told_ns is not None and now_ns - self._told_ns < _TELL_NS:
            return {}
        self._told_ns = now_ns
        return self._all_told()

    def _all_told(self) -> Changes:
        told, self._untold = self._untold, {}
        return told

    # --- by kind of event -----------------------------------------------------------------------------------

    def _shown_progress(self, event: Any) -> Changes:
        done_s, total_s = finite(event.done_s), finite(event.total_s)
        if done_s is None:
            return {}
        return self._progress(done_s, total_s if total_s is not None and total_s > done_s else None)

    def _passed(self, event: Any) -> Lines:
        text = event.text
        if text is None:
            text = exchanged_bytes(event).decode("ascii", "backslashreplace")
        return self.talk.passed(self.at_s(event.t_ns), event.box, event.direction, text)

    def _run_started(self, event: Any) -> tuple[Changes, Lines]:
        self._began_ns = event.t_ns
        return self.set(benchmark=words(event.benchmark), mode=words(event.mode)), []

    def _phase(self, event: Any) -> tuple[Changes, Lines]:
        changes = self.set(phase=words(event.name), detail=words(event.detail))
        done_s = finite(event.done_s) if event.done_s is not None else self.at_s(event.t_ns)
        total_s = finite(event.total_s) if event.total_s is not None else self.fields["total_s"]
        if done_s is not None:
            changes |= self._progress(done_s, total_s)
        return changes, []

    def _box_identified(self, event: Any) -> tuple[Changes, Lines]:
        virtual = bool(event.identity.get("virtual")) or self.fields["virtual"]
        return self.set(virtual=virtual), []

    def _monitor_configured(self, event: Any) -> tuple[Changes, Lines]:
        self.talk.is_not_dut(event.sampler, event.supply)
        return {}, []

    def _acquisition_started(self, event: Any) -> tuple[Changes, Lines]:
        if event.rail and self.fields["run_zero_s"] is not None:
            return {}, []  # the trace's time is that of the first rail
        return self.set(run_zero_s=-self.at_s(event.t_ns)), []

    def _remark(self, event: Any) -> tuple[Changes, Lines]:
        return {}, self.talk.note(self.at_s(event.t_ns), event.box, event.text)

    def _problem(self, event: Any) -> tuple[Changes, Lines]:
        text = f"{words(event.asked)}: {words(event.came)}"
        return {}, self.talk.note(self.at_s(event.t_ns), event.error, text)

    def _tear_down_step(self, event: Any) -> tuple[Changes, Lines]:
        if not event.error:
            return {}, []
        return {}, self.talk.note(self.at_s(event.t_ns), "director", f"{words(event.name)}: {event.error}")

    def _run_stopped(self, event: Any) -> tuple[Changes, Lines]:
        self.ended = True
        changes = self.set(outcome=event.outcome, reason=words(event.reason), left_s=None)
        return self._all_told() | changes, []
