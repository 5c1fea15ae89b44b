# SPDX-License-Identifier: Apache-2.0
"""When nothing was sent to the DUT and nothing by it: from the bytes of a run, or from the times of its events.

After a command the DUT is busy until it says `m-ready`, whether or not bytes pass; from then to the next command
it is quiet. A command through an IO manager is answered twice, and only the second answer is the DUT's. A
published session holds no bytes, but its log tells when commands, loads and answers were.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from energy_runner.errors import SessionError
from energy_runner.session import events as ev
from energy_runner.session.exchanges import chunk_end
from energy_runner.session.folder import Session
from energy_runner.session.journal import exchanged_bytes
from energy_runner.session.stream import STREAM, Passed, read_frames

BY_BYTES = "the bytes exchanged with the DUT"
BY_EVENTS = "the times of commands and answers"

_READY = b"m-ready"
_RELAYED = b"m-dut-passthrough("
_OF_DUT = b"[dut]: m-ready"
_KEPT = 4096  # bytes of an answer that are searched for its end
_BYTE_NS = 1_041_667  # 10 bits at 9600 baud, the slowest link in use
_ANSWER_NS = 200_000_000  # for a command whose answer no event dates; `timestamp` answers within 0.03 s
_SECOND_NS = 1_000_000_000


@dataclass(frozen=True)
class Span:
    """A stretch of host time, ns; `at_start` says that it begins with the acquisition itself, which is exact."""

    begin_ns: int
    end_ns: int
    at_start: bool = False


@dataclass
class Traffic:
    """Stretches in which nothing was sent, those in which stimuli were loaded, and what both were known by.

    `resolution_s` is that of the times: a log may round them down to whole seconds.
    """

    basis: str
    quiet: list[Span] = field(default_factory=list)
    loads: list[Span] = field(default_factory=list)
    resolution_s: float = 0.0


def traffic_of(session: Session) -> Traffic:
    """Return when a session's DUT was quiet, and when it was loaded.

    Where bytes are damaged or missing (a rule says so), or were thinned, events have to do. Raises `SessionError`
    for a journal that cannot be read.
    """
    by_events, acquired = _by_events(session)
    boxes = {
        event.box
        for event in session.journal().of(ev.Exchange)
        if event.text is not None and "m-ready" in event.text
    }
    if not boxes or session.thinned is not None:
        return by_events
    try:
        quiet = list(_within(_between_commands(_passed(session, boxes)), acquired))
    except (SessionError, OSError):
        return by_events
    return Traffic(BY_BYTES, quiet, by_events.loads, by_events.resolution_s)


# --- by events ------------------------------------------------------------------------------------------


def _by_events(session: Session) -> tuple[Traffic, Span | None]:
    """Return the traffic by events, and when samples were taken of a supplied DUT (None: never)."""
    state, whole = _Sequence(), None
    begin_ns, end_ns = None, 2**63
    for event in session.journal(exchanges=False):
        state.take(event)
        if isinstance(event, ev.InferenceDone):
            whole = event.sent_ns % _SECOND_NS == 0 and whole is not False
        elif isinstance(event, ev.AcquisitionStarted) and begin_ns is None:
            begin_ns = event.t_ns
        elif begin_ns is not None and (
            isinstance(event, ev.AcquisitionStopped) or (isinstance(event, ev.SupplySwitched) and not event.on)
        ):
            end_ns = min(end_ns, event.t_ns)
    acquired = None if begin_ns is None else Span(begin_ns, end_ns)
    quiet = sorted([*state.quiet, *(state.unsure if state.tells_loads else ())], key=lambda span: span.begin_ns)
    found = Traffic(BY_EVENTS, list(_within(quiet, acquired)), state.loads, 1.0 if whole else 0.0)
    return found, acquired


class _Sequence:
    """What the DUT is doing, by the events so far: quiet since `ready_ns`, or None while it is busy.

    Before a command something may have been loaded, so a journal that never says when a load began leaves such a
    stretch `unsure`.
    """

    def __init__(self) -> None:
        self.quiet: list[Span] = []
        self.unsure: list[Span] = []
        self.tells_loads = False
        self.loads: list[Span] = []
        self._ready_ns: int | None = None
        self._at_start = False
        self._untouched = True
        self._load_ns: int | None = None

    def take(self, event: ev.AnyEvent) -> None:
        """Process the next event."""
        t_ns = event.t_ns
        if isinstance(event, ev.AcquisitionStarted):
            if self._untouched or self._ready_ns is not None:  # nothing is known to be going on
                self._ready(t_ns, at_start=True)
        elif isinstance(event, ev.Phase):
            if event.name == "load":
                self._busy(t_ns)
                self._load_ns, self.tells_loads = t_ns, True
        elif isinstance(event, ev.StimulusLoaded):
            if self._load_ns is not None:
                self.loads.append(Span(self._load_ns, t_ns))
            self._load_ns = None
            self._ready(t_ns)  # without a known beginning, what came before may have been the load
        elif isinstance(event, ev.EdgesExpected) and event.purpose != "boot":
            self._busy(t_ns, by_command=True)
            if event.purpose == "sync":
                self._ready(t_ns + _ANSWER_NS)
        elif isinstance(event, ev.InferenceDone | ev.DutBooted | ev.DutIdentified):
            self._ready(t_ns)
        elif isinstance(event, ev.SupplySwitched | ev.AcquisitionStopped | ev.RunStopped):
            self._busy(t_ns)

    def _ready(self, t_ns: int, *, at_start: bool = False) -> None:
        self._ready_ns, self._at_start, self._untouched = t_ns, at_start, False

    def _busy(self, t_ns: int, *, by_command: bool = False) -> None:
        if self._ready_ns is not None and t_ns > self._ready_ns:
            (self.unsure if by_command else self.quiet).append(Span(self._ready_ns, t_ns, self._at_start))
        self._ready_ns, self._untouched = None, False


# --- by bytes -------------------------------------------------------------------------------------------


def _passed(session: Session, boxes: set[str]) -> Iterator[Passed]:
    """Yield what passed the links of `boxes`; stretches of the stream that hold none of them are not read."""
    path = session.path / STREAM
    end = 0
    with path.open("rb") if path.is_file() else _Nothing() as file:
        for event in session.journal().of(ev.Exchange, ev.StreamChunk):
            if isinstance(event, ev.Exchange):
                if event.box in boxes:
                    yield Passed(event.t_ns, event.box, event.direction, exchanged_bytes(event))
            elif isinstance(event, ev.StreamChunk):
                start, end = end, chunk_end(event, end)
                if not boxes.intersection(event.devices):
                    continue
                if file is None:
                    raise SessionError(f"{STREAM} is missing")
                yield from (one for one in read_frames(path, file, start, end) if one.device in boxes)


def _between_commands(passed: Iterator[Passed]) -> Iterator[Span]:
    """Yield the stretches from an answer that is complete to the next byte, in which no other is awaited either.

    Two links may say `m-ready`: that of the DUT, and that of a board which only records its edges.
    """
    ready_ns: int | None = None
    answers: dict[str, bytes] = {}
    busy: set[str] = set()
    for one in passed:
        begin_ns = one.t_ns - (len(one.data) * _BYTE_NS if one.direction == "rx" else 0)
        if ready_ns is not None and begin_ns > ready_ns:
            yield Span(ready_ns, begin_ns)
        answer = b"" if one.direction == "tx" else (answers.get(one.device, b"") + one.data)[-_KEPT:]
        answers[one.device] = answer
        if (_OF_DUT if _RELAYED in answer else _READY) in answer:
            busy.discard(one.device)
        else:
            busy.add(one.device)
        ready_ns = None if busy else one.t_ns
    if ready_ns is not None:
        yield Span(ready_ns, 2**63)


# --- both -----------------------------------------------------------------------------------------------


def _within(spans: Iterator[Span] | list[Span], whole: Span | None) -> Iterator[Span]:
    if whole is None:
        return
    for span in spans:
        begin_ns, end_ns = max(span.begin_ns, whole.begin_ns), min(span.end_ns, whole.end_ns)
        if begin_ns < end_ns:
            yield Span(begin_ns, end_ns, span.at_start)


class _Nothing:
    def __enter__(self) -> None:
        return None

    def __exit__(self, *error: object) -> None:
        return None
