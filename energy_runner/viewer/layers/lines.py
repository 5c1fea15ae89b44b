# SPDX-License-Identifier: Apache-2.0
"""What was said on the links: the lines of the DUT both ways, and the commands to everything on the bench.

Lines are put together from the exchanges of the journal, however the bytes were split. What passed in bulk
(samples, stimuli) lies in `stream.bin` and is not shown.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from energy_runner.errors import SessionError
from energy_runner.session import events as ev
from energy_runner.session.folder import JOURNAL
from energy_runner.session.journal import exchanged_bytes
from energy_runner.viewer.layers.as_far import AsFar
from energy_runner.viewer.layers.items import Family, Told
from energy_runner.viewer.layers.seen import Seen
from energy_runner.viewer.plain_text import LONGEST

_USUAL = frozenset({"dut", "io-manager"})  # boxes that hold the DUT's UART, also where they never got ready
_READY, _FAULT = "m-ready", "e-["
_KEPT = 2 * LONGEST  # bytes of a line; more of it is only counted
_ODD = 0.3  # share of bytes that are no text: beyond it a line is binary


@dataclass
class _Line:
    """A line that is coming in: its beginning, and how long it is."""

    data: bytearray = field(default_factory=bytearray)
    length: int = 0

    def add(self, data: bytes) -> None:
        """Take the next bytes of it."""
        self.length += len(data)
        self.data += data[: max(0, _KEPT - len(self.data))]

    def take(self) -> str:
        """Return the line for a person, and begin the next one; empty if there is nothing in it."""
        data, length = bytes(self.data).strip(b"\0\r\n\t "), self.length
        self.data.clear()
        self.length = 0
        if not data:
            return ""
        odd = sum(byte < 0x20 or byte > 0x7E for byte in data)
        if odd > _ODD * len(data):
            return f"{length} bytes that are no text"
        text = data.decode("utf-8", "backslashreplace")
        return f"{text}... ({length} bytes)" if length > _KEPT else text


@dataclass(frozen=True)
class Line:
    """A line that passed a link; `to_device` says which way."""

    t_ns: int
    box: str
    to_device: bool
    text: str


def read_lines(seen: Seen) -> Iterator[Line]:
    """Yield the lines of all links as they became whole, then what was left unfinished."""
    journal = AsFar(seen.session.path / JOURNAL)
    coming: dict[tuple[str, bool], _Line] = {}
    latest_ns: dict[tuple[str, bool], int] = {}
    for event in journal.of(ev.Exchange):
        try:
            data = exchanged_bytes(event)
        except SessionError as error:
            seen.note(f"{JOURNAL}: {error}. Try: energy-runner check")
            continue
        way = (event.box, event.direction == "tx")
        line = coming.setdefault(way, _Line())
        latest_ns[way] = event.t_ns
        *whole, rest = data.replace(b"%", b"\n").split(b"\n") if way[1] else data.split(b"\n")
        for part in whole:
            line.add(part)
            if text := line.take():
                yield Line(event.t_ns, *way, text)
        line.add(rest)
    for way, line in coming.items():
        if text := line.take():
            yield Line(latest_ns[way], *way, f"{text} (unfinished)")
    for problem in journal.problems:
        seen.note(problem)


def _boxes(seen: Seen) -> frozenset[str]:
    """Return the boxes whose links lead to the DUT."""
    ready = {
        event.box
        for event in AsFar(seen.session.path / JOURNAL).of(ev.Exchange)
        if event.text is not None and _READY in event.text
    }
    return _USUAL | ready


def uart(seen: Seen) -> Family:
    """Return a point for each line to and from the DUT, and the board that relays it."""
    found, boxes = Told("lines"), _boxes(seen)
    for line in read_lines(seen):
        if line.box in boxes:
            way = "to" if line.to_device else "from"
            fault = not line.to_device and _FAULT in line.text
            found.add(line.t_ns, line.text, f"{way} {line.box}: {line.text}", "warn" if fault else "")
    return found.placed(seen.times, _no_lines(seen))


def _no_lines(seen: Seen) -> str:
    if seen.session.record.origin is not None:
        return "an imported session holds no exchanged bytes; its commands are a layer of their own"
    return "the journal holds no line of the DUT"


def commands(seen: Seen) -> Family:
    """Return a point for each command: to instruments by the bytes, to the DUT by the events, with its answer."""
    found, boxes = Told("commands"), _boxes(seen)
    for line in read_lines(seen):
        if line.to_device and line.box not in boxes:
            found.add(line.t_ns, line.text, f"to {line.box}: {line.text}")
    for t_ns, label, text in _by_events(seen):
        found.add(t_ns, label, text)
    return found.placed(seen.times, "no command is recorded")


def _by_events(seen: Seen) -> Iterator[tuple[int, str, str]]:
    window = 0
    kinds = (ev.InferenceDone, ev.DutCommanded, ev.SupplySwitched, ev.SwitchTurned, ev.StimulusLoaded)
    for event in seen.journal.of(*kinds):
        if isinstance(event, ev.InferenceDone):
            window += event.purpose == "window"
            what = f"window {window}" if event.purpose == "window" else event.purpose
            yield from _inference(event, what)
        elif isinstance(event, ev.DutCommanded):
            yield event.sent_ns, event.command, f"to the DUT: {event.command}"
            yield event.t_ns, "answer", f"the DUT answered {event.command}: {' '.join(event.answer[:5])}"
        elif isinstance(event, ev.StimulusLoaded):
            compared = ", read back and compared" if event.read_back else ""
            yield event.t_ns, "loaded", f"stimulus {event.index + 1} is loaded: {event.file}{compared}"
        elif isinstance(event, ev.SupplySwitched):
            state, rail = ("on" if event.on else "off"), (f" of rail {event.rail}" if event.rail else "")
            yield event.t_ns, f"supply {state}", f"the supply{rail} was switched {state}, confirmed"
        elif isinstance(event, ev.SwitchTurned):
            state = "on" if event.on else "off"
            told = "confirmed" if event.confirmed else "which it cannot confirm"
            yield event.t_ns, f"switch {state}", f"switch {event.switch} was turned {state}, {told}"


def _inference(event: ev.InferenceDone, what: str) -> Iterator[tuple[int, str, str]]:
    command = f"infer {event.inferences} {event.warmups}"
    yield event.sent_ns, command, f"to the DUT: {command} ({what})"
    if event.start_line_ns is not None:
        yield event.start_line_ns, "begins", f"the DUT says that {what} begins: {event.inferences} inferences"
    if event.done_line_ns is not None:
        yield event.done_line_ns, "done", f"the DUT says that {what} is done"
