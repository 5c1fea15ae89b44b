# SPDX-License-Identifier: Apache-2.0
"""What was said on the links: the lines of the DUT both ways, and the commands to everything on the bench.

Lines are put together from the exchanges of the journal, however the bytes were split. What passed in bulk
(samples, stimuli) lies in `stream.bin` and is not shown.
"""

from array import array
from collections.abc import Iterator
from dataclasses import dataclass, field

from energy_runner.errors import SessionError
from energy_runner.session import events as ev
from energy_runner.session.folder import JOURNAL
from energy_runner.session.journal import exchanged_bytes
from energy_runner.viewer.layers.items import Family, Texts, Told
from energy_runner.viewer.layers.seen import Seen
from energy_runner.viewer.plain_text import LONGEST, LONGEST_LABEL, told

_USUAL = frozenset({"dut", "io-manager"})  # boxes that hold the DUT's UART, also where they never got ready
_READY, _FAULT = "m-ready", "e-["
_KEPT = 2 * LONGEST  # bytes of a line; more of it is only counted
_MOST_WAYS = 200  # boxes, both ways: a bench has a few
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


class Talk:
    """All lines that passed the links, in the order in which they became whole."""

    def __init__(self) -> None:
        self.times_ns = array("q")
        self.ways = array("q")  # twice the number of the box, and one more where the line went to it
        self.texts = Texts()
        self.boxes: list[str] = []
        self.ready: set[str] = set()  # boxes that passed on what a DUT says

    def add(self, t_ns: int, box: str, text: str, *, to_device: bool) -> None:
        """Add a line."""
        if box not in self.boxes:
            self.boxes.append(box)
        if not to_device and _READY in text:
            self.ready.add(box)
        self.times_ns.append(t_ns)
        self.ways.append(2 * self.boxes.index(box) + to_device)
        self.texts.append(text)

    def told(self, found: Told, *, uart: bool) -> None:
        """Put the lines of the DUT, or else the commands to all other boxes, into `found`."""
        of_dut = [box in _USUAL or box in self.ready for box in self.boxes]
        for number, way in enumerate(self.ways):
            box, to_device = self.boxes[way // 2], bool(way % 2)
            if of_dut[way // 2] == uart and (uart or to_device):
                text = self.texts[number]
                class_ = "warn" if not to_device and _FAULT in text else ""
                found.add(self.times_ns[number], text, f"{'to' if to_device else 'from'} {box}: {text}", class_)


def read_talk(seen: Seen) -> Talk:
    """Return the lines of all links, the unfinished ones last."""
    talk = Talk()
    coming: dict[tuple[str, bool], _Line] = {}
    latest_ns: dict[tuple[str, bool], int] = {}
    for event in seen.journal.of(ev.Exchange):
        try:
            data = exchanged_bytes(event)
        except SessionError as error:
            seen.note(f"{JOURNAL}: {error}. Try: energy-runner check")
            continue
        box, to_device = told(event.box, LONGEST_LABEL), event.direction == "tx"
        if (box, to_device) not in coming and len(coming) == _MOST_WAYS:
            continue
        line = coming.setdefault((box, to_device), _Line())
        latest_ns[box, to_device] = event.t_ns
        *whole, rest = data.replace(b"%", b"\n").split(b"\n") if to_device else data.split(b"\n")
        for part in whole:
            line.add(part)
            if text := line.take():
                talk.add(event.t_ns, box, text, to_device=to_device)
        line.add(rest)
    for (box, to_device), line in coming.items():
        if text := line.take():
            talk.add(latest_ns[box, to_device], box, f"{text} (unfinished)", to_device=to_device)
    return talk


def uart(seen: Seen, talk: Talk) -> Family:
    """Return a point for each line to and from the DUT, and the board that relays it."""
    found = Told("lines")
    talk.told(found, uart=True)
    return found.placed(seen.times, _no_lines(seen))


def _no_lines(seen: Seen) -> str:
    if seen.session.record.origin is not None:
        return "an imported session holds no exchanged bytes; its commands are a layer of their own"
    return "the journal holds no line of the DUT"


def commands(seen: Seen, talk: Talk) -> Family:
    """Return a point for each command: to instruments by the bytes, to the DUT by the events, with its answer."""
    found = Told("commands")
    talk.told(found, uart=False)
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
            sure = "confirmed" if event.confirmed else "which it cannot confirm"
            yield event.t_ns, f"switch {state}", f"switch {event.switch} was turned {state}, {sure}"


def _inference(event: ev.InferenceDone, what: str) -> Iterator[tuple[int, str, str]]:
    command = f"infer {event.inferences} {event.warmups}"
    yield event.sent_ns, command, f"to the DUT: {command} ({what})"
    if event.start_line_ns is not None:
        yield event.start_line_ns, "begins", f"the DUT says that {what} begins: {event.inferences} inferences"
    if event.done_line_ns is not None:
        yield event.done_line_ns, "done", f"the DUT says that {what} is done"
