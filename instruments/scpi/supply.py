# SPDX-License-Identifier: Apache-2.0
"""A supply over SCPI: the settings are a table of commands, on and off are confirmed by read-back."""

import math
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

from instruments.clock import Clock, Deadline
from instruments.errors import InstrumentError, Refused, Unavailable
from instruments.links.base import ScpiLink
from instruments.roles import AppliedSupply, SupplyLimits, SupplySettings
from instruments.scpi.blocks import format_number, parse_number
from instruments.scpi.output_watchdog import OutputWatchdog, WatchdogDialect
from instruments.scpi.session import ScpiSession

OFF_BELOW_V = 0.5
COARSEST = 0.0055  # V and A: half a step of 10 mV and 10 mA, and a little more
_LOOK_S = 0.05  # between two looks at what is to change
# The block of commands that undo what another program may have left, such as an arbitrary waveform. A model that
# does not know one has nothing to undo: these errors of SCPI-1999 and Keysight say so.
LEFT_OVER = "what another program may have left"
_UNKNOWN = ("-113,", "-114,", "-241,", "+310,")


@dataclass(frozen=True)
class SupplyDialect:
    """One instrument's commands for what every supply can do.

    `set_up` holds named blocks of commands; the error queue must be empty after each. In them, `{voltage}` (V),
    `{limit}` (A) and `{protection}` (V) are replaced by numbers, and other names by their entries in `words`.
    `is_on`, `voltage_set` and `measure` are queries that return one number; `off` holds one tuple of commands for
    each attempt to switch off. No command may affect another channel of a mainframe.

    After switching, it may take `settles_s` seconds until `is_on` says so; meanwhile the answer to `measure` may
    be the word `no_value`. `says_on` reads the answer to `is_on`.

    `limit_set` asks for the current limit. Voltage (V) and limit (A) must be read back to `within`, and to a tenth
    of what was asked. `checks`, for supplies that tell no errors, are queries after the set-up, each with a
    function that says what is wrong with its answer.
    """

    limits: SupplyLimits
    set_up: tuple[tuple[str, tuple[str, ...]], ...]
    on: str
    off: tuple[tuple[str, ...], ...]
    is_on: str
    voltage_set: str
    measure: str
    default_limit_a: float
    words: dict[str, str] = field(default_factory=dict)
    settles_s: float = 0.0
    no_value: str = ""
    watchdog: WatchdogDialect | None = None
    says_on: Callable[[str], bool] = lambda answer: parse_number(answer) != 0
    limit_set: str = ""
    checks: tuple[tuple[str, Callable[[str], str]], ...] = ()
    within: float = COARSEST


def set_up_in_blocks(
    session: ScpiSession,
    blocks: tuple[tuple[str, tuple[str, ...]], ...],
    words: dict[str, str],
    deadline: Deadline,
) -> None:
    """Send blocks of commands with `words` filled in; on an error raise `Refused`, which names the block.

    In the block `LEFT_OVER`, commands that the model does not know are no errors.
    """
    for block, lines in blocks:
        if block == LEFT_OVER:
            _put_back(session, [line.format_map(words) for line in lines], deadline)
            continue
        commands = [line.format_map(words) for line in lines]
        for command in commands:
            session.send(command, deadline)
        session.check(f"set up the {block} ({commands[0]} ...)", deadline)


def _put_back(session: ScpiSession, commands: list[str], deadline: Deadline) -> None:
    for command in commands:
        session.send(command, deadline)
        refused = [error for error in session.errors(deadline) if not error.startswith(_UNKNOWN)]
        if refused:
            came = f"{session.name} answers {'; '.join(refused)}"
            raise Refused(f"undo {LEFT_OVER} ({command})", came, "switch the instrument off and on")


class ScpiSupply:
    """A `Supply` over a SCPI session.

    A driver may set `before_off`, called before the output goes off so that a logger on the same link drops its
    acquisition, `reason`, which says in words why the output does not come on, and `busy`, which says that the
    only meter is taken by an acquisition, so that no voltage can be measured. An output watchdog is armed while
    the output is on.
    """

    def __init__(
        self,
        session: ScpiSession,
        link: ScpiLink,
        clock: Clock,
        dialect: SupplyDialect,
    ) -> None:
        self.limits = dialect.limits
        self._session = session
        self._link = link
        self._clock = clock
        self._dialect = dialect
        self.before_off: Callable[[], None] = lambda: None
        self.reason: Callable[[Deadline], str] = lambda deadline: ""
        self.busy: Callable[[], bool] = lambda: False
        self._watchdog = OutputWatchdog(session, dialect.watchdog)
        self._voltage_v = 0.0

    def configure(self, settings: SupplySettings, deadline: Deadline) -> AppliedSupply:
        """Set voltage and current limit with the output off; return the applied settings."""
        low_v, high_v, highest_a = self.limits.voltage_min_v, self.limits.voltage_max_v, self.limits.current_max_a
        voltage_v, limit_a = settings.voltage_v, settings.current_limit_a
        if not low_v <= voltage_v <= high_v:
            raise Refused("set the supply", f"{voltage_v:g} V is outside {low_v:g} to {high_v:g} V")
        if limit_a is not None and highest_a is not None and not 0 < limit_a <= highest_a:
            raise Refused("set the supply", f"a current limit of {limit_a:g} A is outside 0 to {highest_a:g} A")
        limit_a = self._dialect.default_limit_a if limit_a is None else limit_a
        words = self._dialect.words | {
            "voltage": format_number(voltage_v),
            "limit": format_number(limit_a),
            "protection": format_number(max(1.1 * voltage_v, voltage_v + 0.2)),
        }
        self.before_off()
        set_up_in_blocks(self._session, self._dialect.set_up, words, deadline)
        self._voltage_v = self._read_back(self._dialect.voltage_set, voltage_v, deadline)
        if self._dialect.limit_set:
            limit_a = self._read_back(self._dialect.limit_set, limit_a, deadline)
        for question, complaint in self._dialect.checks:
            wrong = self._session.ask_word(question, deadline, complaint)
            if wrong:
                raise Refused("set the supply", f"{self._session.name}: {wrong}", "set it up at the front panel")
        return AppliedSupply(self._voltage_v, limit_a)

    def use(self, dialect: SupplyDialect) -> None:
        """Use the commands and limits of the model that has answered."""
        self._dialect, self.limits = dialect, dialect.limits

    def _read_back(self, question: str, asked: float, deadline: Deadline) -> float:
        """Return what an answer says is set; raise `Refused` if that is not what was asked for."""
        applied = self._session.ask_number(question, deadline)
        if not abs(applied - asked) <= min(self._dialect.within, 0.1 * abs(asked)):
            came = f"{self._session.name} answers {applied:g} to {question}"
            raise Refused(f"set {asked:g}", came, "a value that the model can be set to")
        return applied

    def on(self, deadline: Deadline) -> None:
        """Switch the output on; raise `Refused` if the instrument does not confirm it."""
        self._watchdog.arm(deadline)
        self._session.send(self._dialect.on, deadline)
        self._session.check("switch the supply on", deadline)
        if not self._becomes(True, deadline):
            reason = self.reason(deadline) or "no reason given"
            raise Refused("switch the supply on", f"the output is off ({reason})")

    def off(self, deadline: Deadline) -> None:
        """Switch the output off and check that the voltage falls; if necessary repeat, also on a new connection.

        The command is sent before anything is read, so that it works even when answers are out of step. Raises the
        last error if no attempt was confirmed.
        """
        self.before_off()
        tries = self._dialect.off
        trouble: InstrumentError = Refused("switch the supply off", "not tried yet")
        for left, commands in zip(range(len(tries), 0, -1), tries, strict=True):
            attempt = deadline.at_most(deadline.remaining_s() / left)
            try:
                if isinstance(trouble, Unavailable):
                    self._reconnect(attempt)
                for command in commands:
                    self._session.send(command, attempt)
                self._confirm_off(attempt)
                with suppress(InstrumentError):
                    self._watchdog.disarm(attempt)
                return
            except InstrumentError as error:
                trouble = error
        raise type(trouble)(
            f"switch the supply off, {len(tries)} times",
            f"{trouble.asked}: {trouble.came}",
            "switch the output off at the front panel before touching the board",
        ) from trouble

    def keep_alive(self, deadline: Deadline) -> None:
        """Say to the instrument that the output is still wanted, if it switches it off by itself otherwise."""
        self._watchdog.keep_alive(deadline)

    @property
    def voltage_set_v(self) -> float:
        """Return the voltage that was set last (V), as the instrument reported it."""
        return self._voltage_v

    def measured_voltage_v(self, deadline: Deadline) -> float | None:
        """Return the voltage at the sense terminals (V), None while the meter is busy.

        Raises `Refused` if it is over range.
        """
        if self.busy():
            return None
        soon = deadline.at_most(self._dialect.settles_s)
        while math.isnan(voltage_v := self._measure(deadline)):
            if soon.expired():
                raise Refused(
                    "measure the output voltage", f"still {self._dialect.no_value}, which is not a value"
                )
            self._clock.sleep(min(_LOOK_S, soon.remaining_s()))
        if abs(voltage_v) > 2 * self.limits.voltage_max_v:
            raise Refused("measure the output voltage", f"{voltage_v} V, which means over range")
        return voltage_v

    def is_on(self, deadline: Deadline) -> bool:
        """Return whether the instrument says that the output is on."""
        return self._session.ask_word(self._dialect.is_on, deadline, self._dialect.says_on)

    def _becomes(self, on: bool, deadline: Deadline) -> bool:
        """Return whether the instrument says, as soon as it can be expected to, that the output is `on`."""
        soon = deadline.at_most(self._dialect.settles_s)
        while self.is_on(deadline) is not on:
            if soon.expired():
                return False
            self._clock.sleep(min(_LOOK_S, soon.remaining_s()))
        return True

    def _measure(self, deadline: Deadline) -> float:
        """Return the measured voltage, NaN while the instrument has none."""
        return self._session.ask_number(self._dialect.measure, deadline, self._dialect.no_value)

    def _confirm_off(self, deadline: Deadline) -> None:
        if not self._becomes(False, deadline):
            raise Refused("switch the supply off", f"{self._dialect.is_on} still says on")
        # The state only repeats the command; the voltage shows a stuck relay or a second supply on the DUT.
        limit_v = max(OFF_BELOW_V, self._voltage_v / 2)
        while not abs(voltage_v := self._measure(deadline)) <= limit_v:  # NaN confirms nothing, nor does -9.9E37
            if deadline.remaining_s() < 0.1:
                raise Refused(
                    "switch the supply off",
                    f"{self._dialect.is_on} says off, but the output is at {voltage_v:.3f} V",
                )
            self._clock.sleep(_LOOK_S)

    def _reconnect(self, deadline: Deadline) -> None:
        with suppress(InstrumentError):  # a link that is gone may fail to close, and open again all the same
            self._link.close()
        self._link.open(deadline)
        self._session.in_step = False
