# SPDX-License-Identifier: Apache-2.0
"""The device under test: its commands and their answers, over any `DutLink`.

Source: protocols, "DUT monitor". Every wait is divided into short turns; between two turns `while_waiting()` is
called, so that the director can read the sampler's stream and check whether the user wants to stop.

A DUT that restarts loses its stimulus and sends its boot lines, whose `m-ready` looks like that of an answer; so
boot lines are an error except at power-up or before the first answer.

The first command is asked again: opening a port may restart the board, whose boot loader swallows what comes too
early, and half a command of a run that died may still wait in the DUT's line buffer and spoil the next one.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from instruments.clock import Clock, Deadline
from instruments.devices.dut.protocol import (
    BufferBytes,
    Chatter,
    DutEvent,
    Lap,
    Ready,
    Refusal,
    Results,
    Said,
    parse_line,
)
from instruments.devices.dut.wording import advice, advice_on_name, advice_on_refusal, advice_on_text, excerpt
from instruments.errors import InstrumentError, ProtocolViolation, Refused, TimedOut
from instruments.roles import AnswersOnly, DutLink, Identity

# Names of firmware that does not run on a board: a twin, an emulator, the host port.
_NO_BOARD = ("virtual twin", "emulated", "host port")
TURN_S = 0.05
ANSWER_S = 5.0
LOAD_TRIES = 3
# How long to wait for the first answer before asking again, and how many answers may come without the name.
ASK_AGAIN_S = 1.0
FIRST_ANSWERS = 3
# A line at 9600 baud takes up to 90 ms, and a relay passes on complete lines only.
QUIET_S = 0.3
# Events of one answer. A million are a line for each layer of every inference of a long window; a DUT that prints
# without end over USB would fill the memory before any deadline.
MOST_HEARD = 1_000_000


@dataclass(frozen=True)
class Heard:
    """One event of the DUT with the host time at which it arrived."""

    at_ns: int
    event: DutEvent


@dataclass(frozen=True)
class Answer:
    """Everything the DUT sent up to `m-ready`; times are in host nanoseconds."""

    command: str
    sent_ns: int
    heard: tuple[Heard, ...]

    def text(self, topic: str) -> str | None:
        """Return the text of the first message of a topic, or None if there was none."""
        said = self._first(topic)
        return said[1].text if said else None

    @property
    def has_lap(self) -> bool:
        """Return whether the DUT printed a timestamp, as a performance build does instead of a pulse."""
        return any(isinstance(one.event, Lap) for one in self.heard)

    def at_ns(self, topic: str) -> int | None:
        """Return when the first message of a topic arrived (host ns), or None."""
        said = self._first(topic)
        return said[0] if said else None

    def _first(self, topic: str) -> tuple[int, Said] | None:
        said = ((h.at_ns, h.event) for h in self.heard if isinstance(h.event, Said))
        return next(((at_ns, event) for at_ns, event in said if event.topic == topic), None)

    def excerpt(self, *, last: bool = False) -> str:
        """Return the beginning of the answer for error messages, or its end with `last`."""
        return excerpt(self.events, last=last)

    @property
    def events(self) -> list[DutEvent]:
        """Return what was said, without the times."""
        return [one.event for one in self.heard]


@dataclass(frozen=True)
class Inference:
    """The answer to `infer`: results, and the DUT's own laps (µs) if its firmware prints them."""

    answer: Answer
    inferences: int
    warmups: int
    results: tuple[float, ...]
    laps_us: tuple[int, ...]


@dataclass(frozen=True)
class FirstContact:
    """How the DUT answered at last: how often it was asked, and all that it said until then."""

    asked: int
    answer: Answer

    @property
    def booted(self) -> bool:
        """Return whether the DUT was booting, as it does where opening its port restarts it."""
        return _booted(self.answer.heard)


@dataclass
class Dut:
    """One DUT at the far end of a `DutLink`; `first_contact` says how it answered `identify` at last."""

    link: DutLink
    clock: Clock
    while_waiting: Callable[[], None] = field(default=lambda: None)
    first_contact: FirstContact | None = field(default=None, init=False)
    _answered: bool = field(default=False, init=False)

    def wait_for_boot(self, deadline: Deadline) -> Answer:
        """Wait for the boot lines after power-up; they end with `m-ready`."""
        began_ns = self.clock.now_ns()
        if isinstance(self.link, AnswersOnly):
            events = [event for line in self.link.first_words(deadline) for event in parse_line(line)]
            answer = Answer("(power-up)", began_ns, tuple(Heard(self.clock.now_ns(), event) for event in events))
        else:
            answer = self._until_ready("(power-up)", began_ns, deadline)
        self._answered = True
        return answer

    def command(self, command: str, deadline: Deadline) -> Answer:
        """Send a command and return the answer.

        Raises `Refused` if the answer contains an `e-[…]`, `TimedOut` if there is no `m-ready` by the deadline,
        and `ProtocolViolation` if the DUT has restarted since its last answer.
        """
        unasked = self._receive(self.clock.deadline(0.0))
        sent_ns = self.clock.now_ns()
        self.link.send(command, deadline)
        answer = self._until_ready(command, sent_ns, deadline)
        if _booted(answer.heard) or any(_is_boot_line(event) for event in unasked):
            self._check_restart(command)
        self._answered = True
        refusal = next((h.event.text for h in answer.heard if isinstance(h.event, Refusal)), None)
        if refusal is not None:
            asked = f"send '{_short(command)}' to the DUT"
            raise Refused(asked, f"e-[{refusal}]", advice_on_refusal(refusal))
        return answer

    def identify(self, deadline: Deadline, boot_s: float = ANSWER_S) -> Identity:
        """Return the DUT's answers to `name` and `profile`.

        A DUT that has not answered yet may take `boot_s` seconds until it does, and is asked for its name again
        and again meanwhile.
        """
        name = self._greet(deadline.at_most(ANSWER_S + (0.0 if self._answered else boot_s)))
        answer = self.command("profile", deadline.at_most(ANSWER_S))
        profile, model = answer.text("profile"), answer.text("model")
        if profile is None or model is None:
            raise ProtocolViolation("ask the DUT for its profile", f"it said {answer.excerpt()}")
        return Identity(
            kind="dut",
            model=model,
            serial="",
            make=name,
            firmware=profile,
            virtual=any(word in name for word in _NO_BOARD),
        )

    def load(self, stimulus: bytes, deadline: Deadline) -> int:
        """Load a stimulus with `db` commands; return the number of attempts.

        After a damaged chunk (`e-[…]`, or no `m-load-done`) the whole stimulus is sent again, at most three times
        in all: loading is outside every window, so a repetition changes no figure. First, the rest of the answer
        to the damaged command is read, or it would be mistaken for the next answer.
        """
        for attempt in range(1, LOAD_TRIES + 1):
            try:
                self._load_once(stimulus, deadline)
            except (Refused, ProtocolViolation):
                if attempt == LOAD_TRIES or deadline.expired():
                    raise
                self._until_quiet(deadline)
            else:
                return attempt
        raise AssertionError("the loop above returns or raises")

    def read_back(self, size: int, deadline: Deadline) -> bytes:
        """Return the first `size` bytes of the DUT's input buffer (`db print`)."""
        answer = self.command("db print", deadline)
        return b"".join(h.event.data for h in answer.heard if isinstance(h.event, BufferBytes))[:size]

    def settle(self, deadline: Deadline) -> None:
        """Read until the DUT is silent, so that no line that came late or twice is taken for the next answer."""
        self._until_quiet(deadline)

    def timestamp(self, deadline: Deadline) -> Answer:
        """Make the DUT pulse its timestamp pin once, or print a lap in a performance build."""
        return self.command("timestamp", deadline.at_most(ANSWER_S))

    def infer(self, inferences: int, warmups: int, deadline: Deadline) -> Inference:
        """Execute warm-ups, then inferences between two timestamps; the deadline covers all of it.

        Raises `ProtocolViolation` unless the DUT confirms the number of inferences (a digit lost in transit would
        make every figure wrong) and that it is done. `results` is empty if its line was damaged.
        """
        answer = self.command(f"infer {inferences} {warmups}", deadline)
        if answer.text("infer-start") != str(inferences) or answer.text("infer-done") is None:
            raise ProtocolViolation(
                f"let the DUT infer {inferences} times",
                f"it said {answer.excerpt()}",
                advice_on_text(answer.events) or "check the UART between the DUT and the host or IO manager",
            )
        laps = tuple(h.event.lap_us for h in answer.heard if isinstance(h.event, Lap))
        results = next((h.event.values for h in answer.heard if isinstance(h.event, Results)), ())
        return Inference(answer, inferences, warmups, results, laps)

    # --- inside -------------------------------------------------------------------------------------------

    def _load_once(self, stimulus: bytes, deadline: Deadline) -> None:
        size = len(stimulus)
        answer = self.command(f"db load {size}", deadline.at_most(ANSWER_S))
        if answer.text("expecting") != str(size):
            raise ProtocolViolation(f"load {size} bytes", f"the DUT said {answer.excerpt()}")
        done = False
        for at in range(0, size, self.link.chunk_bytes):
            chunk = stimulus[at : at + self.link.chunk_bytes]
            answer = self.command(f"db {chunk.hex()}", deadline.at_most(ANSWER_S))
            last = at + len(chunk) == size
            done = answer.text("load-done") is not None
            if done != last:
                raise ProtocolViolation(
                    f"load byte {at} to {at + len(chunk)} of {size}",
                    "the DUT " + ("received fewer bytes than were sent" if last else "was done too early"),
                    "check the UART between DUT and IO manager",
                )

    def _greet(self, deadline: Deadline) -> str:
        """Ask for the name until it comes, and return it; then no late answer to an earlier question is left."""
        sent_ns, heard, answers, asked = self.clock.now_ns(), list[Heard](), 0, 0
        while True:
            self.link.send("name", deadline)
            asked += 1
            said, ready = self._hear(deadline.at_most(ASK_AGAIN_S))
            if not ready and _booted(tuple(said)):
                more, ready = self._hear(deadline)  # what is sent while it boots would be swallowed
                said += more
            heard += said
            answer = Answer("name", sent_ns, tuple(heard))
            if _booted(tuple(said)):
                self._check_restart("name")
            name = Answer("name", sent_ns, tuple(said)).text("name")
            if ready and name is not None:
                if asked > 1:
                    self._until_quiet(deadline)
                self.first_contact, self._answered = FirstContact(asked, answer), True
                return name
            answers += ready and not _booted(tuple(said))
            if answers == FIRST_ANSWERS:
                raise self._nameless(answer)
            if deadline.expired():
                raise self._silent("name", heard, asked)

    def _nameless(self, answer: Answer) -> InstrumentError:
        asked = "ask the DUT for its name"
        refusal = next((event.text for event in answer.events if isinstance(event, Refusal)), None)
        if refusal is not None:
            return Refused(asked, f"e-[{refusal}], {FIRST_ANSWERS} times", advice_on_name(answer.events))
        return ProtocolViolation(asked, f"it said {answer.excerpt()}", advice_on_name(answer.events))

    def _check_restart(self, command: str) -> None:
        """Raise `ProtocolViolation` for a restart, which only a DUT that has not answered yet may do."""
        if self._answered:
            raise ProtocolViolation(
                f"send '{_short(command)}' to the DUT",
                "it restarted: its boot lines arrived",
                "check its supply (current limit, a voltage that dips under load) and its watchdog",
            )

    def _receive(self, deadline: Deadline) -> list[DutEvent]:
        return [event for line in self.link.receive(deadline) for event in parse_line(line)]

    def _until_ready(self, command: str, sent_ns: int, deadline: Deadline) -> Answer:
        heard, ready = self._hear(deadline)
        if not ready:
            raise self._silent(command, heard)
        return Answer(command, sent_ns, tuple(heard))

    def _hear(self, deadline: Deadline) -> tuple[list[Heard], bool]:
        """Return what the DUT says up to `m-ready`, or up to the deadline, and whether `m-ready` came."""
        heard: list[Heard] = []
        while True:
            for event in self._receive(deadline.at_most(TURN_S)):
                heard.append(Heard(self.clock.now_ns(), event))
                if isinstance(event, Ready):
                    return heard, True
            if len(heard) > MOST_HEARD:
                raise ProtocolViolation(
                    f"wait for the DUT's 'm-ready' on {self.link.name}",
                    f"it does not stop printing: {excerpt([one.event for one in heard[:20]])}",
                    "look at what its firmware prints, and where",
                )
            self.while_waiting()
            if deadline.expired():
                return heard, False

    def _silent(self, command: str, heard: list[Heard], asked: int = 1) -> TimedOut:
        """Return the error for an answer that did not end; the line that has begun tells more than its absence."""
        events = [one.event for one in heard]
        if self.link.partial:
            events.append(Chatter(self.link.partial))
        times = f", asked {asked} times," if asked > 1 else ""
        held_up = self.link.held_up if isinstance(self.link, AnswersOnly) else ""
        return TimedOut(
            f"wait for the DUT's 'm-ready' after '{_short(command)}'{times} on {self.link.name}",
            f"it said {excerpt(events)}",
            advice(events, answered=self._answered) + (f". Then {held_up}" if held_up else ""),
        )

    def _until_quiet(self, deadline: Deadline) -> None:
        """Read until the DUT is silent, so that no late answer is mistaken for the next one."""
        limit = deadline.at_most(ANSWER_S)
        while self._receive(limit.at_most(QUIET_S)) and not limit.expired():
            self.while_waiting()


def _is_boot_line(event: DutEvent) -> bool:
    return isinstance(event, Said) and event.topic in {"timestamp-mode", "init-done"}


def _booted(heard: tuple[Heard, ...]) -> bool:
    return any(_is_boot_line(h.event) for h in heard)


def _short(command: str) -> str:
    return command if len(command) <= 24 else command[:20] + "…"
