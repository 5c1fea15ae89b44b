# SPDX-License-Identifier: Apache-2.0
"""What Keithley's graphical multimeters and source meters have in common: language, reading buffer, trigger model.

Sources: Keithley DMM7510 Reference Manual DMM7510-901-01 Rev. B (May 2015), pages 3-15 (fill events), 6-13 (error
1133), 6-49 and 6-50 (byte order; a block begins with `#0` and ends with a new line), 6-155 and 6-158 (buffers);
Model 2461 Reference Manual 2461-901-01 Rev. A (November 2015), pages 6-209 (wait block), 6-234 (`TRIG:STAT?`),
6-236 (timer), C-10 (events). What they say of one model is taken to hold for the others.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace

import numpy as np

from instruments.clock import Clock, Deadline
from instruments.errors import ProtocolViolation, Refused, TimedOut
from instruments.links.base import ScpiLink
from instruments.roles import Identity
from instruments.scpi.identity import Known
from instruments.scpi.instrument import ScpiInstrument
from instruments.scpi.records import decode_records
from instruments.scpi.sampling import SamplingInstrument
from instruments.scpi.supply import LEFT_OVER
from instruments.scpi.trace_buffer import MOST_READINGS, Readings, TraceBuffer, TraceDialect

Block = tuple[str, tuple[str, ...]]
Blocks = tuple[Block, ...]

BUFFER = '"defbuffer1"'  # always there, on every model
STOP = "ABOR"
_AT_ONCE = 16384
_PREFIX = "MODEL "
_QUIET_S = 0.25
# The buffer keeps what it has, and is emptied; no other program's size, mode or trigger model stays.
BUFFER_SET_UP = (
    "buffer",
    (f"TRAC:FILL:MODE ONCE,{BUFFER}", f"TRAC:POIN {{readings}},{BUFFER}", f"TRAC:CLE {BUFFER}"),
)
NO_WAIT = "NOP 2"
BYTE_ORDER = "NORM"
# Events that mean that nothing is stored any more; the second is no error on every firmware.
FULL = ("+4915,", "+4917,")
_RUNS = ("RUNNING", "WAITING", "BUILDING")


def trigger_model(*blocks: str) -> Block:
    """Return the trigger model's set-up: empty the buffer, wait for the edge, then `blocks`, from number 3 on."""
    first = (f"BUFF:CLE 1,{BUFFER}", "{wait}")
    return "trigger model", ('TRIG:LOAD "Empty"', *(f"TRIG:BLOC:{block}" for block in (*first, *blocks)))


def no_arithmetic(function: str, *others: str) -> Block:
    """Return what undoes another program's reference and arithmetic on readings of `function`, and `others`."""
    return LEFT_OVER, (f"SENS:{function}:REL:STAT OFF", f"CALC:{function}:MATH:STAT OFF", *others)


def trace_dialect(arm: tuple[str, ...], *, timed: bool) -> TraceDialect:
    """Return how the buffer is read: float32 readings, or with `timed` float64 pairs of a reading and its time.

    In these formats no other element of the buffer may be asked for (error 1133).
    """
    decode: Callable[[bytes], Readings] = decode_timed if timed else decode_plain
    return TraceDialect(
        arm=(*arm, f"FORM {'REAL' if timed else 'SRE'}", f"FORM:BORD {BYTE_ORDER}", "INIT"),
        abort=(STOP,),
        held=f"TRAC:ACT? {BUFFER}",
        read=f"TRAC:DATA? {{first}},{{last}},{BUFFER},READ{',REL' if timed else ''}",
        reading_bytes=16 if timed else 4,
        at_once=_AT_ONCE,
        decode=decode,
        state="TRIG:STAT?",
        ended=ended,
        full=FULL,
    )


def decode_plain(data: bytes) -> Readings:
    """Return the readings in a block of float32 values; raise `ProtocolViolation` for a part of one."""
    return Readings(decode_records(data, 1))


def decode_timed(data: bytes) -> Readings:
    """Return the readings in a block of float64 pairs; raise `ProtocolViolation` for half a pair or no time."""
    if len(data) % 16:
        came = f"{len(data)} bytes, which is not a multiple of 16"
        raise ProtocolViolation("read timed readings", came, "check the data format")
    table = np.frombuffer(data, dtype=">f8").reshape(-1, 2)
    with np.errstate(over="ignore", invalid="ignore"):
        narrow = table[:, 0].astype(">f4")  # an overflow of 9.9e37 fits
    times_s = table[:, 1].astype(np.float64)
    if not np.all((times_s >= 0) & (times_s < 1e7)):
        raise ProtocolViolation(
            "read timed readings", "a time stamp outside 0 to 10,000,000 s", "check byte order and data format"
        )
    return Readings(decode_records(narrow.tobytes(), 1), times_s)


def ended(state: str) -> str:
    """Return in words why the trigger model does not run ("": it does), from an answer like `IDLE;IDLE;3`."""
    word = state.partition(";")[0].strip().upper()
    return "" if word in _RUNS else f"its trigger model is {word[:20] or 'in no state'}"


def known_models(*models: str) -> Known:
    """Return how these models are recognised."""
    return Known(f"a {' or '.join(models)}", lambda model: model.removeprefix(_PREFIX) in models)


class KeithleyInstrument(ScpiInstrument):
    """Base of drivers for these instruments; a later firmware says MODEL before the model."""

    to_front_panel = ""  # LOCAL is a key; an unknown command would leave a message on the screen

    def _greet(self, deadline: Deadline) -> None:
        """Make sure that it speaks SCPI: an instrument set to TSP answers no other question."""
        try:
            self._session.synchronise(deadline.at_most(0.7 * deadline.remaining_s()))
            said = self._session.ask("*LANG?", deadline.at_most(0.5 * deadline.remaining_s()))
        except (TimedOut, ProtocolViolation):
            said = ""
            with suppress(TimedOut, ProtocolViolation):
                self._link.drain(deadline.at_most(_QUIET_S))
                self._link.write_line("*LANG?", deadline)
                said = self._link.read_line(deadline)
            if said.strip().upper() != "TSP":
                raise
        if said.strip().upper() != "SCPI":
            raise Refused(
                f"open {self.name}",
                f"its command set is {said.strip()[:20] or 'not told'}, not SCPI",
                "send it *LANG SCPI, or choose SCPI as command set in its system settings, and restart it",
            )

    def _examined(self, identity: Identity, deadline: Deadline) -> Identity:
        self._session.send(STOP, deadline)
        self._session.check("end an earlier acquisition", deadline)
        terminals = self._session.ask("ROUT:TERM?", deadline).strip()
        model = identity.model.removeprefix(_PREFIX)
        return replace(identity, model=model, detail=(("terminals", terminals),))


class KeithleySampler(KeithleyInstrument, SamplingInstrument):
    """Base of drivers for those that sample into their buffer; the driver sets it up, and names its signals."""

    on_edge = ""  # the block that waits for the edge
    _log: TraceBuffer

    def __init__(self, link: ScpiLink, clock: Clock, dialect: TraceDialect, period_s: float) -> None:
        super().__init__(link, clock)
        self._log = TraceBuffer(self._session, clock, dialect, self._questionable)
        self._period_s = period_s

    def _set_up(self, blocks: Blocks, words: dict[str, str], deadline: Deadline, *, on_edge: bool) -> None:
        """Send the set-up, and read back what must not differ: the byte order and the size of the buffer.

        Raises `Refused` for another byte order: wrong numbers would look like some.
        """
        words = words | {"wait": self.on_edge if on_edge else NO_WAIT}
        super()._set_up(blocks, words, deadline, on_edge=on_edge)
        order = self._session.ask("FORM:BORD?", deadline).strip().upper()
        if not order.startswith(BYTE_ORDER):
            raise Refused("set the byte order", f"{self.name} answers {order[:20]}", "restart the instrument")
        self._log.capacity = self._session.ask_whole(f"TRAC:POIN? {BUFFER}", deadline, MOST_READINGS)
