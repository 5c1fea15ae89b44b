"""Drive an ST X-NUCLEO-LPM01A power monitor: it supplies the DUT, measures energy and captures edges on D7.

Commands and answers follow UM2269 Rev 6 ("Commands") and firmware 1.0.6, whose `eventsrc` puts the edges
into the sample stream. The shield acknowledges each command with its echo; the echo is compared, always.
Samples that arrive between a command and its answer belong to the acquisition and are kept.
"""

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import replace

from instruments.clock import Clock, Deadline
from instruments.devices.lpm01a.protocol import End, ErrorReply, Event, Summary, number
from instruments.devices.lpm01a.shell import POWER_CYCLE, Lpm01aShell
from instruments.devices.lpm01a.stream import Lpm01aStream, note
from instruments.errors import InstrumentError, ProtocolViolation, Refused, TimedOut
from instruments.links.base import Link
from instruments.roles import (
    ENERGY,
    Accuracy,
    Applied,
    Capabilities,
    Identity,
    MonitorSettings,
    Note,
    StreamItem,
)
from instruments.specifications import load

TWIN_ID = "twin-"  # our twin's id begins so; the shield's are three numbers
OLDEST_FIRMWARE = (1, 0, 6)  # the first that knows `eventsrc`
VOLTAGE_MIN_V, VOLTAGE_MAX_V = 1.8, 3.3
DEFAULT_RATE_HZ = 1000.0
# The rates that ASCII output sustains without end (UM2269 Rev 6), as `freq` takes them.
RATES = {5000: "5k", 2000: "2k", 1000: "1k"} | {hz: str(hz) for hz in (500, 200, 100, 50, 20, 10, 5, 2, 1)}
CURRENT_CEILING_A = 0.2  # more than the hardware can supply in any mode (UM2269 Rev 6, static mode)
REFERENCE_PERIOD_S = 1e-3  # the period for which the accuracy table states the noise

STOP_S = 5.0
SUMMARY_S = 0.05
CLOSE_S = 1.0

SETUP = (
    "pwr off",
    "acqtime inf",
    "trigdelay 0",
    "trigsrc sw",
    "eventsrc d7 fal",
    "output energy",
    "format ascii_dec",
)


class Lpm01a:
    """A `PowerMonitor` over one shield.

    Sample `i` covers [i, i + 1) periods after `start`. An edge line follows the last sample that was complete
    when the pin fell; the edge is placed in the middle of the sample in progress, ± half a sample. That is
    what the text can tell; no document bounds the time between pin and text inside the shield, so count on
    ± 1 sample at each edge. A window has both edges from the same path: what they share drops out.

    Samples after the last time stamp (one comes every 1000 samples) are not confirmed by any count: let the
    acquisition run for 1000 samples after the last edge that matters.
    """

    capabilities = Capabilities(
        captures_edges=True, starts_on_edge=False, voltage_min_v=VOLTAGE_MIN_V, voltage_max_v=VOLTAGE_MAX_V
    )

    def __init__(self, link: Link, clock: Clock) -> None:
        self._link = link
        self._clock = clock
        self._is_open = False
        self._shell = Lpm01aShell(link, self._account, lambda: self._stream is not None)
        self._items: list[StreamItem] = []
        self._stream: Lpm01aStream | None = None
        self._applied: Applied | None = None

    # --- PowerMonitor -----------------------------------------------------------------------------------

    def open(self, deadline: Deadline) -> Identity:
        """Connect, end a stream that an earlier run left, take host control and ask who is there.

        Raises `Refused` if the stream cannot be ended or the firmware cannot capture edges, `TimedOut` if
        nobody answers.
        """
        self._link.open(deadline)
        self._is_open = True
        leftover = self._shell.end_leftovers(deadline)
        self._shell.ask("htc", deadline)
        serial = self._shell.ask("powershield", deadline)
        firmware = self._shell.ask("version", deadline)
        version = tuple(int(part) for part in re.findall(r"[0-9]+", firmware))
        if version < OLDEST_FIRMWARE:
            raise Refused(
                f"check the firmware of {self._link.name}",
                f"it is '{firmware}', and capturing edges (`eventsrc`) needs 1.0.6",
                "update the shield's firmware with ST's STM32CubeMonitor-Power",
            )
        detail = (("samples_of_an_earlier_run", str(leftover)),) if leftover else ()
        return Identity(
            kind="monitor",
            make="STMicroelectronics",
            model="X-NUCLEO-LPM01A",
            serial=serial,
            firmware=firmware,
            virtual=serial.startswith(TWIN_ID),
            detail=detail,
        )

    def configure(self, settings: MonitorSettings, deadline: Deadline) -> Applied:
        """Switch the supply off and set up voltage, energy samples in ASCII and edge capture on D7.

        Raises `Refused` for a voltage, a rate or a current limit that the shield does not have.
        """
        voltage_mv, rate_hz = self._check(settings)
        for command in (*SETUP, f"freq {RATES[rate_hz]}", f"volt {voltage_mv}m"):
            self._shell.ask(command, deadline)
        self._applied = Applied(voltage_mv / 1000, 1 / rate_hz, (ENERGY,))
        return self._applied

    def accuracy(self) -> Accuracy:
        """Return the table's limits, its noise scaled to the sample period (white noise: √period)."""
        table = load("lpm01a")
        period_s = self._applied.period_s if self._applied else REFERENCE_PERIOD_S
        factor = math.sqrt(period_s / REFERENCE_PERIOD_S)
        terms = tuple(
            replace(term, absolute=term.absolute * factor) if term.name == "noise" else term
            for term in table.terms
        )
        return replace(table, terms=terms)

    def power_on(self, deadline: Deadline) -> None:
        """Switch the supply on and confirm it with `pwr get`."""
        self._shell.ask("pwr on nostatus", deadline)
        self._confirm_power("on", deadline)

    def power_off(self, deadline: Deadline) -> None:
        """Switch the supply off and confirm it, also during an acquisition.

        If that fails, end the acquisition, take host control again and try once more; raise `Refused` or
        what came last if the supply is still not known to be off.
        """
        try:
            half = deadline.at_most(deadline.remaining_s() / 2)
            self._shell.ask("pwr off", half)
            self._confirm_power("off", half)
        except InstrumentError as error:
            self._remark(error)
            self._try(self._end_stream, deadline)
            self._try(lambda third: self._shell.ask("htc", third), deadline)
            self._shell.ask("pwr off", deadline)
            self._confirm_power("off", deadline)

    def measured_voltage_v(self, deadline: Deadline) -> float | None:
        """Return the voltage at the output, by `volt get` (`3292-03` is 3.292 V)."""
        text = self._shell.ask("volt get", deadline)
        try:
            return number(text)
        except ValueError as error:
            raise ProtocolViolation(f"ask {self._link.name} for its voltage", f"it answered '{text}'") from error

    def start(self, deadline: Deadline) -> None:
        """Begin the acquisition; its first sample has index 0."""
        if self._applied is None:
            raise Refused(f"start {self._link.name}", "it is not configured", "call configure() first")
        period_s = self._applied.period_s
        ceiling_j = CURRENT_CEILING_A * self._applied.voltage_set_v * period_s
        self._shell.receive(self._clock.deadline(0.0))
        # The stream exists before the command is sent: its first samples may come with the acknowledgement.
        self._stream = Lpm01aStream(1 / period_s, ceiling_j)
        try:
            self._shell.ask("start", deadline)
        except Refused:
            self._stream = None
            raise

    def poll(self, deadline: Deadline) -> Sequence[StreamItem]:
        """Return what has arrived, without waiting for more."""
        self._shell.receive(deadline)
        return self._take_items()

    def stop(self, deadline: Deadline) -> Sequence[StreamItem]:
        """End the acquisition; return at once if none is running.

        Both endings are known: a line with `Acquisition completed` (firmware 1.0.6), and `end` with a summary
        (UM2269). Raises `TimedOut` if neither comes; what came stays for the next `poll()`.
        """
        if self._stream is not None:
            self._shell.receive(deadline)  # an end that came before ours was asked for is not ours
        if self._stream is not None:
            self._end_stream(deadline)
        return self._take_items()

    def close(self) -> None:
        """End what is running, give back host control as far as the shield answers, and release the port."""
        if not self._is_open:
            return
        self._is_open = False
        deadline = self._clock.deadline(CLOSE_S)
        try:
            if self._stream is not None:
                self._end_stream(deadline)
            self._shell.ask("hrc", deadline)
        except InstrumentError as error:
            self._remark(error)
        finally:
            self._link.close()

    # --- steps ------------------------------------------------------------------------------------------

    def _check(self, settings: MonitorSettings) -> tuple[int, int]:
        """Return voltage in mV and rate in Hz, or refuse what the shield cannot do."""
        asked = f"configure {self._link.name}"
        if not VOLTAGE_MIN_V <= settings.voltage_v <= VOLTAGE_MAX_V:
            raise Refused(
                asked,
                f"{settings.voltage_v:g} V is outside what it supplies",
                f"a voltage from {VOLTAGE_MIN_V} to {VOLTAGE_MAX_V} V",
            )
        rate_hz = DEFAULT_RATE_HZ if settings.sample_rate_hz is None else settings.sample_rate_hz
        if rate_hz not in RATES:
            rates = ", ".join(str(rate) for rate in RATES)
            raise Refused(asked, f"it has no endless ASCII stream at {rate_hz:g} Hz", f"one of {rates} Hz")
        if settings.current_limit_a is not None:
            raise Refused(asked, "its current limit cannot be set", "leave the current limit out")
        return round(settings.voltage_v * 1000), round(rate_hz)

    def _confirm_power(self, wanted: str, deadline: Deadline) -> None:
        state = self._shell.ask("pwr get", deadline)
        if state.split()[:1] != [wanted]:
            raise Refused(
                f"switch the supply of {self._link.name} {wanted}",
                f"`pwr get` answers '{state}'",
                POWER_CYCLE,
            )

    def _try(self, step: Callable[[Deadline], object], deadline: Deadline) -> None:
        """Do a step that may fail in a third of the time left; a failure is a remark in the stream."""
        try:
            step(deadline.at_most(deadline.remaining_s() / 3))
        except InstrumentError as error:
            self._remark(error)

    def _remark(self, error: InstrumentError) -> None:
        self._items.append(Note(f"while ending: {error}", suspicious=True))

    def _end_stream(self, deadline: Deadline) -> None:
        limit = deadline.at_most(STOP_S)
        self._shell.send("stop", limit)
        event = self._shell.wait_for(
            lambda event: (
                isinstance(event, End) or (isinstance(event, ErrorReply) and event.command in ("stop", ""))
            ),
            limit,
        )
        if event is None:
            raise TimedOut(
                f"stop {self._link.name}", "neither 'Acquisition completed' nor 'end' came", POWER_CYCLE
            )
        if isinstance(event, ErrorReply):
            raise self._shell.refusal("stop", limit)
        self._stream = None
        summary = self._shell.wait_for(lambda event: isinstance(event, Summary), limit.at_most(SUMMARY_S))
        if summary is not None:
            self._account(summary)

    def _account(self, event: Event) -> None:
        if self._stream is None:
            self._items.append(note(event))
            return
        self._items.extend(self._stream.take(event))
        if self._stream.ended:
            self._stream = None

    def _take_items(self) -> list[StreamItem]:
        items, self._items = self._items, []
        return items
