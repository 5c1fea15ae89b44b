# SPDX-License-Identifier: Apache-2.0
"""The bytes that a made-up run would have exchanged with its DUT, written into its journal."""

import hashlib
from collections.abc import Callable

from energy_runner.session import events as ev
from energy_runner.session.journal import exchange
from tests.support.synthetic import Run

CHUNK = 245


def content(index: int, size: int) -> bytes:
    """The made-up bytes of a stimulus."""
    return bytes((7 * index + at) % 256 for at in range(size))


def with_exchange(
    run: Run, *, relay: bool = False, read_back: bool = True, contents: Callable[[int, int], bytes] = content
) -> Run:
    """Give the run the commands and answers of its DUT, over an IO manager or on a port of the DUT's own.

    Its stimuli become bytes that really have the SHA-256 which record and events name.
    """
    hashes = [hashlib.sha256(contents(k, one.size)).hexdigest() for k, one in enumerate(run.record.stimuli)]
    stimuli = [one.model_copy(update={"sha256": sha}) for one, sha in zip(run.record.stimuli, hashes, strict=True)]
    run.record = run.record.model_copy(update={"stimuli": stimuli})
    told = _Told(relay)
    kept: list[ev.AnyEvent] = []
    for event in run.events:
        kept_event = event
        if isinstance(event, ev.DutBooted):
            told.say(event.t_ns, f"m-timestamp-mode-{event.timestamp_mode}", "m-ready")
        elif isinstance(event, ev.DutIdentified):
            told.ask(event.t_ns, "name", f"m-name-dut-[{event.name}]")
            told.ask(event.t_ns, "profile", f"m-profile-[{event.profile}]", f"m-model-[{event.model}]")
        elif isinstance(event, ev.StimulusLoaded):
            data = contents(event.index, stimuli[event.index].size)[event.offset : event.offset + event.size]
            sha256 = hashlib.sha256(data).hexdigest()
            kept_event = event.model_copy(update={"sha256": sha256, "read_back": read_back})
            told.load(event.t_ns, data, read_back=read_back)
        elif isinstance(event, ev.InferenceDone):
            told.infer(event)
        elif isinstance(event, ev.LapCaptured) and relay:
            told.lap(event)
        kept += [*told.take(), kept_event]
    run.events = kept
    return run


class _Told:
    def __init__(self, relay: bool) -> None:
        self._relay = relay
        self._box = "io-manager" if relay else "dut"
        self._events: list[ev.AnyEvent] = []
        if relay:
            self._pass(0, "tx", "disable-timer%")

    def take(self) -> list[ev.AnyEvent]:
        events, self._events = self._events, []
        return events

    def ask(self, t_ns: int, command: str, *lines: str) -> None:
        self._pass(t_ns, "tx", f"{'dut ' if self._relay else ''}{command}%")
        self.say(t_ns, *lines, "m-ready")

    def say(self, t_ns: int, *lines: str) -> None:
        prefix = "[dut]: " if self._relay else ""
        self._pass(t_ns, "rx", "".join(f"{prefix}{line}\r\n" for line in lines))

    def lap(self, event: ev.LapCaptured) -> None:
        self._pass(event.t_ns, "rx", f"m-lap-us-{event.lap_us}\r\n")

    def load(self, t_ns: int, data: bytes, *, read_back: bool) -> None:
        self.ask(t_ns, f"db load {len(data)}", f"m-[Expecting {len(data)} bytes]")
        for at in range(0, len(data), CHUNK):
            self.ask(t_ns, f"db {data[at : at + CHUNK].hex()}")
        if read_back:
            eights = (data[at : at + 8] for at in range(0, len(data), 8))
            self.ask(t_ns, "db print", *(f"m-buffer-{eight.hex('-')}" for eight in eights))

    def infer(self, event: ev.InferenceDone) -> None:
        begun, done = event.start_line_ns or event.t_ns, event.done_line_ns or event.t_ns
        prefix = "dut " if self._relay else ""
        self._pass(event.sent_ns, "tx", f"{prefix}infer {event.inferences} {event.warmups}%")
        self.say(begun, f"m-warmup-start-{event.warmups}", f"m-infer-start-{event.inferences}")
        laps = [f"m-lap-us-{lap_us}" for lap_us in event.dut_laps_us]
        results = ",".join(map(repr, event.results))
        self.say(done, *laps, "m-infer-done", f"m-results-[{results}]", "m-ready")

    def _pass(self, t_ns: int, direction: str, text: str) -> None:
        self._events.append(exchange(t_ns, self._box, direction, text.encode()))  # type: ignore[arg-type]
