# SPDX-License-Identifier: Apache-2.0
"""The device under test: its commands and their answers, over any `DutLink`.

Source: protocols, "DUT monitor". Every wait is divided into short turns; between two turns `while_waiting()` is
called, so that the director can read the sampler's stream and check whether the user wants to stop.

A DUT that restarts loses its stimulus and sends its boot lines, whose `m-ready` looks like that of an answer; so
boot lines are an error except at power-up or before the first answer.
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
from instruments.errors import ProtocolViolation, Refused, TimedOut
from instruments.roles import DutLink, Identity

# Names of firmware that does not run on a board: a twin, an emulator, the host port.
_NO_BOARD = ("virtual twin", "emulated", "host port")
TURN_S = 0.05
ANSWER_S = 5.0
LOAD_TRIES = 3
# A line at 9600 baud takes up to 90 ms, and a relay passes on complete lines only.
QUIET_S = 0.3


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

    def at_ns(self, topic: str) -> int | None:
        """Return when the first message of a topic arrived (host ns), or None."""
        said = self._first(topic)
        return said[0] if said else None

    def _first(self, topic: str) -> tuple[int, Said] | None:
        said = ((h.at_ns, h.event) for h in self.heard if isinstance(h.event, Said))
        return next(((at_ns, event) for at_ns, event in said if event.topic == topic), None)

    def excerpt(self) -> str:
        """Return the beginning of the answer, for error messages."""
        return _excerpt(list(self.heard))


@dataclass(frozen=True)
class Inference:
    """The answer to `infer`: results, and the DUT's own laps (µs) if its firmware prints them."""

    answer: Answer
    inferences: int
    warmups: int
    results: tuple[float, ...]
    laps_us: tuple[int, ...]


@dataclass
class Dut:
    """One DUT at the far end of a `DutLink`."""

    link: DutLink
    clock: Clock
    while_waiting: Callable[[], None] = field(default=lambda: None)
    _answered: bool = field(default=False, init=False)

    def wait_for_boot(self, deadline: Deadline) -> Answer:
        """Wait for the boot lines after power-up; they end with `m-ready`."""
        answer = self._until_ready("(power-up)", self.clock.now_ns(), deadline)
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
        restarted = _booted(answer.heard) or any(_is_boot_line(event) for event in unasked)
        if restarted and self._answered:
            raise ProtocolViolation(
                f"send '{_short(command)}' to the DUT",
                "it restarted: its boot lines arrived",
                "check its supply (current limit, a voltage that dips under load) and its watchdog",
            )
        self._answered = True
        refusal = next((h.event.text for h in answer.heard if isinstance(h.event, Refusal)), None)
        if refusal is not None:
            raise Refused(f"send '{_short(command)}' to the DUT", f"e-[{refusal}]", "see the journal")
        return answer

    def identify(self, deadline: Deadline) -> Identity:
        """Return the DUT's answers to `name` and `profile`."""
        name = self._field("name", "name", deadline)
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
                "check the UART between the DUT and the host or IO manager",
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

    def _field(self, command: str, topic: str, deadline: Deadline) -> str:
        answer = self.command(command, deadline.at_most(ANSWER_S))
        if _booted(answer.heard):  # opening its port restarted it, and it was not receiving yet
            self._until_quiet(deadline)
            answer = self.command(command, deadline.at_most(ANSWER_S))
        text = answer.text(topic)
        if text is None:
            raise ProtocolViolation(f"ask the DUT for its {topic}", f"it said {answer.excerpt()}")
        return text

    def _receive(self, deadline: Deadline) -> list[DutEvent]:
        return [event for line in self.link.receive(deadline) for event in parse_line(line)]

    def _until_ready(self, command: str, sent_ns: int, deadline: Deadline) -> Answer:
        heard: list[Heard] = []
        while True:
            for event in self._receive(deadline.at_most(TURN_S)):
                heard.append(Heard(self.clock.now_ns(), event))
                if isinstance(event, Ready):
                    return Answer(command, sent_ns, tuple(heard))
            self.while_waiting()
            if deadline.expired():
                if self.link.partial:
                    heard.append(Heard(self.clock.now_ns(), Chatter(self.link.partial)))
                raise TimedOut(
                    f"wait for the DUT's 'm-ready' after '{_short(command)}' on {self.link.name}",
                    f"it said {_excerpt(heard)}",
                    _advice(heard),
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


def _excerpt(heard: list[Heard]) -> str:
    if not heard:
        return "nothing"
    text = " ".join(_word(h.event) for h in heard)
    return repr(text[:70] + ("…" if len(text) > 70 else ""))


def _word(event: DutEvent) -> str:
    if isinstance(event, Said):
        return f"{event.topic} {event.text}".strip()
    if isinstance(event, Chatter | Refusal):
        return event.text
    return "m-ready" if isinstance(event, Ready) else str(event)


def _advice(heard: list[Heard]) -> str:
    """Return what to try: bytes that are not text suggest a wrong baud rate, silence suggests wiring or power."""
    text = "".join(h.event.text for h in heard if isinstance(h.event, Chatter))
    if text and sum(not character.isascii() or not character.isprintable() for character in text) * 4 > len(text):
        return "these bytes are not text: set the port's speed (baud) to that of the firmware"
    if not heard:
        return "check power, TX and RX (often swapped), the speed (baud), and that the firmware is flashed"
    return "see the journal; the DUT may have restarted"
