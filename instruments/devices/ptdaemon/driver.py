# SPDX-License-Identifier: Apache-2.0
"""A client of SPEC's PTDaemon: one sample a second of the power that an analyzer measures. It feeds nothing.

The daemon's answers are not numbered; after a time-out the dialogue is brought into step again by its greeting. A
line of a sample is accounted for whenever it comes. Sources: see `protocol.py`.
"""

from collections import deque
from collections.abc import Sequence
from contextlib import suppress

from pydantic import BaseModel, ConfigDict, Field

from instruments.clock import NS_PER_S, Clock, Deadline
from instruments.devices.ptdaemon.protocol import (
    GREETING,
    Answer,
    Count,
    Event,
    Reading,
    figures,
    identity,
    parse_line,
    ranges,
)
from instruments.devices.ptdaemon.stream import MeasurementAccount
from instruments.devices.ptdaemon.summary import summed_up
from instruments.errors import InstrumentError, ProtocolViolation, Refused, TimedOut, shown
from instruments.links.base import Link
from instruments.links.lines import LineSplitter
from instruments.roles import (
    AppliedSampling,
    Identity,
    Instrument,
    Note,
    Rates,
    Sampler,
    SamplerCapabilities,
    SamplingSettings,
    StreamItem,
    signals,
)
from instruments.specifications import Specification, load
from instruments.strangers import stranger

ANSWER_S = 5.0
QUIET_S = 0.3
CLOSE_S = 2.0
PERIOD_S = 1.0
MARK = "energy-runner"
_LOOK_S = 0.05
MOST_V, MOST_A = 10e3, 1e3  # no analyzer that the daemon knows has larger ranges: assumed


class Options(BaseModel):
    """Ranges of the analyzer, which the daemon sets; None leaves them as they are."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)
    voltage_range_v: float | None = Field(default=None, gt=0, le=MOST_V, description="voltage range in volt")
    current_range_a: float | None = Field(default=None, gt=0, le=MOST_A, description="current range in ampere")


class PtDaemon(Instrument):
    """A `Sampler` of `power`, taken to be the mean of each second; the daemon keeps what was not read yet."""

    rates = Rates(1.0, 1.0, only=(1.0,))
    capabilities = SamplerCapabilities()

    def __init__(self, link: Link, clock: Clock, options: Options | None = None) -> None:
        self.name = link.name
        self._link = link
        self._clock = clock
        self._options = options or Options()
        self._ranges: dict[str, str] = {}
        self._read_command = "RL"
        self._lines = LineSplitter()
        self._events: deque[Event] = deque()
        self._items: list[StreamItem] = []
        self._account: MeasurementAccount | None = None
        self._in_step = self._is_open = self._changed = False
        self._heard = ""

    def sampler(self, channel: str = "") -> Sampler:
        """Return the sampler."""
        return self

    def open(self, deadline: Deadline) -> Identity:
        """Connect, end a measurement that was left running, and return who measures."""
        self._lines.clear()
        self._events.clear()
        self._items, self._account, self._ranges = [], None, {}
        self._in_step = self._changed = False
        self._link.open(deadline)
        self._is_open = True
        model, version, named = identity(self._ask("Identify", deadline))
        self._stop_measuring(deadline)
        self._find_read_command(deadline)
        self._ranges = ranges(self._ask("RR", deadline))
        detail = tuple((f"range_{name}", value) for name, value in self._ranges.items())
        return Identity("monitor", "SPEC PTDaemon", model, "", version, named.get("OS") == "twin", detail)

    def close(self) -> None:
        """End a measurement, put the ranges back as they were found, and release the link."""
        if not self._is_open:
            return
        self._is_open = False
        deadline = self._clock.deadline(CLOSE_S)
        try:
            with suppress(InstrumentError):
                if self._account is not None:
                    self._stop_measuring(deadline)
                for name, value in self._ranges.items() if self._changed else ():
                    self._ask(f"SR,{name},{value}", deadline)
        finally:
            self._account = None
            self._link.close()

    def configure(self, settings: SamplingSettings, deadline: Deadline) -> AppliedSampling:
        """Set the ranges, and read them back."""
        self.rates.checked(settings.sample_rate_hz)
        wanted = {"V": self._options.voltage_range_v, "A": self._options.current_range_a}
        for name, value in wanted.items():
            if value is None:
                continue
            self._changed = True
            said = self._ask(f"SR,{name},{value:g}", deadline)
            found = ranges(self._ask("RR", deadline))[name]
            if said != f"Range {name} changed" or found == "Auto" or abs(float(found) - value) > 1e-6 * value:
                raise Refused(f"set the range {name} to {value:g}", f"'{said}', and the range is {found}")
        return AppliedSampling(signals("power", period_s=PERIOD_S))

    def specification(self) -> Specification:
        """Return what is known of any analyzer behind a daemon."""
        return load("instruments.devices.ptdaemon")

    def start(self, deadline: Deadline) -> None:
        """Begin a measurement without an end."""
        self._items = []
        self._read(deadline)  # what an earlier measurement left unread
        said = self._ask(f"Go,{PERIOD_S * 1000:.0f},0,{MARK}", deadline)
        if not said.startswith("Starting untimed measurement"):
            raise Refused(f"start a measurement on {self.name}", f"it says {shown(said)}", "restart PTDaemon")
        self._account, self._items = MeasurementAccount(PERIOD_S, MARK), []

    def poll(self, deadline: Deadline) -> Sequence[StreamItem]:
        """Return the samples that nobody has read yet; after an error, what came before it is kept."""
        if self._account is not None:
            self._read(deadline)
        items, self._items = self._items, []
        return items

    def stop(self, deadline: Deadline) -> Sequence[StreamItem]:
        """Wait for the sample in progress, end the measurement, and return the rest and the daemon's summary."""
        if self._account is not None:
            soon, index = deadline.at_most(1.5 * PERIOD_S), self._account.next_index
            while self._account.next_index == index and not soon.expired():
                self._clock.sleep(min(_LOOK_S, soon.remaining_s()))
                self._read(deadline)
            self._stop_measuring(deadline)
            self._read(deadline)
            received, self._account = self._account.next_index, None
            power = figures("Watts", self._told("Watts", deadline))
            uncertainty = figures("Uncertainty", self._told("Uncertainty", deadline))
            self._items += summed_up(power, uncertainty, received, PERIOD_S)
        return self.poll(deadline)

    # --- the dialogue --------------------------------------------------------------------------------------

    def _told(self, word: str, deadline: Deadline) -> str:
        """Return what the daemon states of the measurement, and note it as text; older daemons answer an error."""
        answer = self._exchange(word, deadline)
        text = answer.text if isinstance(answer, Answer) else "no answer but samples"
        self._items.append(Note(f"{word}: {text}"))
        return text

    def _stop_measuring(self, deadline: Deadline) -> None:
        said = self._ask("Stop", deadline)
        if not said.startswith(("Stopping", "Error: no measurement")):
            raise Refused(f"stop the measurement of {self.name}", f"it says {shown(said)}", "restart PTDaemon")

    def _find_read_command(self, deadline: Deadline) -> None:
        """Learn how an analyzer of alternating or of direct current is read, and drop what is unread."""
        for command in ("RL", "DC-RL"):
            self._read_command = command
            if self._read(deadline):
                return
        raise Refused(f"read samples of {self.name}", "it knows neither RL nor DC-RL", "a newer PTDaemon")

    def _read(self, deadline: Deadline) -> bool:
        """Read all that is unread; return whether the daemon knows the command."""
        answer = self._exchange(self._read_command, deadline)
        if isinstance(answer, Answer):
            if "Unknown command" in answer.text or "Invalid" in answer.text:
                return False
            raise Refused(f"read samples of {self.name}", f"it says {shown(answer.text)}", "restart PTDaemon")
        return True

    def _ask(self, command: str, deadline: Deadline) -> str:
        answer = self._exchange(command, deadline)
        if isinstance(answer, Count):
            raise ProtocolViolation(
                f"ask {self.name} for {command}", "samples instead of an answer", "start again"
            )
        if answer.text.startswith("Error") and command != "Stop":
            raise Refused(f"ask {self.name} for {command}", f"it says {shown(answer.text)}")
        return answer.text

    def _exchange(self, command: str, deadline: Deadline) -> Answer | Count:
        limit = deadline.at_most(ANSWER_S)
        if not self._in_step:
            self._get_into_step(limit)
        self._in_step = False
        answer = self._said_to(command, limit)
        left = answer.samples if isinstance(answer, Count) else 0
        while left:
            event = self._next(command, limit)
            left -= isinstance(event, Reading)
            self._account_for(event)
        self._in_step = True
        return answer

    def _get_into_step(self, deadline: Deadline) -> None:
        """Let late answers pass, until the greeting comes back."""
        while self._link.read(deadline.at_most(QUIET_S)) and not deadline.expired():
            continue  # samples among them are missed, and their time stamps will say so
        self._lines.clear()
        self._events.clear()
        answer = self._said_to("Hello", deadline)
        while answer != Answer(GREETING):
            if not self._events and len(self._heard) > 2 * len(GREETING):
                who = stranger(self._heard) or "check that the port is PTDaemon's, 8888 by default"
                raise ProtocolViolation(f"greet {self.name}", shown(self._heard), who)
            event = self._next("Hello", deadline)
            answer = event if isinstance(event, Answer | Count) else answer

    def _said_to(self, command: str, deadline: Deadline) -> Answer | Count:
        self._heard = ""
        self._link.write(command.encode("ascii") + b"\r\n", deadline)
        while not isinstance(event := self._next(command, deadline), Answer | Count):
            self._account_for(event)
        return event

    def _next(self, command: str, deadline: Deadline) -> Event:
        while not self._events:
            if deadline.expired():
                raise TimedOut(
                    f"ask {self.name} for {command}", "no answer", "check that PTDaemon runs, and its port"
                )
            for line in self._lines.feed(self._link.read(deadline)):
                self._heard += line[:100] if len(self._heard) < 200 else ""
                self._events.extend([parse_line(line)] if line else [])
        return self._events.popleft()

    def _account_for(self, event: Event) -> None:
        if self._account is not None:
            self._items += self._account.take(event, self._clock.now_ns() / NS_PER_S)
