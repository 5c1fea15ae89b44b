"""Keysight N6705B/C DC power analyzer (or N6700 mainframe) with an N678xA source/measure unit.

The module feeds the DUT and logs its current and voltage through the external data log (ELOG). The analyzer
cannot record edges; the log starts at the first falling edge on its trigger input (the low-true BNC of the
N6705; on an N6700, pin 1 of the digital port), so sample 0 begins at that edge.

Source of commands and behaviour: Keysight N6705C Operating and Service Guide, chapters "External Data
Logging" and "SCPI Programming Reference".
"""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace

from instruments.clock import Clock, Deadline
from instruments.devices.n6705.log import SIGNALS, DataLog
from instruments.devices.n6705.protocol import is_mainframe, is_smu, parse_identity
from instruments.devices.n6705.setup import set_up_blocks
from instruments.errors import InstrumentError, Refused, Unavailable
from instruments.links.base import ScpiLink
from instruments.roles import Accuracy, Applied, Capabilities, Identity, MonitorSettings, StreamItem
from instruments.scpi.blocks import format_channels, format_number
from instruments.scpi.session import Dialogue
from instruments.specifications import load

DEFAULT_PERIOD_S = 204.8e-6  # the shortest for two parameters: 102.4 us each
DEFAULT_CURRENT_LIMIT_A = 0.5
_OFF_BELOW_V = 0.5
_TABLE_MODULE = "N6781A"


class N6705:
    """A `PowerMonitor`: one SMU channel of an N6705 or N6700.

    `current` and `voltage` are the means over each sample period, NaN where the instrument gave no usable
    number (an `OverRange` says so). There is no true power integral: the energy of a sample is the product
    of the two means and the period.
    """

    capabilities = Capabilities(captures_edges=False, starts_on_edge=True, voltage_min_v=0.0, voltage_max_v=20.0)

    def __init__(self, port: ScpiLink, clock: Clock, channel: int = 1) -> None:
        self._port = port
        self._clock = clock
        self._channel = channel
        self._ours = format_channels([channel])
        self._all = self._ours
        self._others = ""
        self._talk = Dialogue(port, port.name)
        self._log = DataLog(self._talk, clock, self._ours)
        self._has_trigger_bnc = True
        self._module = ""
        self._is_open = False
        self._voltage_v = 0.0
        self._period_s = DEFAULT_PERIOD_S

    # --- who is there ------------------------------------------------------------------------------------

    def open(self, deadline: Deadline) -> Identity:
        """Connect, end a log that an earlier run left running, and ask who is there.

        The output stays as it was found (`output` in the identity's details says how). Raises `Refused` for
        another make or model, or if the channel holds no N678xA source/measure unit.
        """
        self._port.open(deadline)
        try:
            identity = self._identify(deadline)
        except BaseException:
            self._port.close()
            raise
        self._is_open = True
        return identity

    def _identify(self, deadline: Deadline) -> Identity:
        self._talk.synchronise(deadline)
        self._talk.send("*CLS", deadline)
        identity = parse_identity(self._talk.ask("*IDN?", deadline))
        if not is_mainframe(identity.model):
            raise Refused(
                f"open {self._port.name} as a Keysight N6705 or N6700",
                f"a {identity.make} {identity.model} answers",
                "check the address of the power monitor",
            )
        self._has_trigger_bnc = identity.model.startswith("N6705")
        self._look_at_channels(int(self._talk.ask_number("SYST:CHAN?", deadline)))
        self._talk.send(f"ABOR:ELOG {self._all}", deadline)
        self._module = self._talk.ask(f"SYST:CHAN:MOD? {self._ours}", deadline).strip(' "')
        if not is_smu(self._module):
            raise Refused(
                f"use channel {self._channel}",
                f"it holds a {self._module or 'module without a name'}, no N678xA source/measure unit",
                "set `channel` to the one with the SMU",
            )
        output = "on" if self._output_is_on(deadline) else "off"
        self._talk.check("end an earlier log", deadline)
        detail = (("module", self._module), ("channel", str(self._channel)), ("output", output))
        return replace(identity, detail=detail)

    def _look_at_channels(self, count: int) -> None:
        if not 1 <= self._channel <= count:
            raise Refused(f"use channel {self._channel}", f"the mainframe has {count}", "change `channel`")
        channels = range(1, count + 1)
        self._all = format_channels(channels)
        others = [channel for channel in channels if channel != self._channel]
        self._others = format_channels(others) if others else ""

    # --- set-up ------------------------------------------------------------------------------------------

    def configure(self, settings: MonitorSettings, deadline: Deadline) -> Applied:
        """Reset the mainframe (all outputs off), set up supply and log, and read back what counts.

        Raises `Refused`, naming the block of commands, if the instrument reports an error.
        """
        voltage_v, rate_hz, limit_a = settings.voltage_v, settings.sample_rate_hz, settings.current_limit_a
        low_v, high_v = self.capabilities.voltage_min_v, self.capabilities.voltage_max_v
        if not low_v <= voltage_v <= high_v:
            raise Refused("set the supply", f"{voltage_v} V is outside {low_v} to {high_v} V")
        if rate_hz is not None and not 1 / 60 <= rate_hz <= 1e5:
            raise Refused("set the sample rate", f"{rate_hz} Hz", "leave it out for the fastest (4882.8 Hz)")
        words = {
            "ours": self._ours,
            "others": self._others,
            "voltage": format_number(voltage_v),
            "limit": format_number(DEFAULT_CURRENT_LIMIT_A if limit_a is None else limit_a),
            "protection": format_number(max(1.1 * voltage_v, voltage_v + 0.2)),
            "period": format_number(DEFAULT_PERIOD_S if rate_hz is None else 1 / rate_hz),
        }
        self._log.running = False
        for block, commands in set_up_blocks(words, has_trigger_bnc=self._has_trigger_bnc):
            for command in commands:
                self._talk.send(command, deadline)
            self._talk.check(f"set up the {block} ({commands[0]} ...)", deadline)
        return self._read_back(deadline)

    def _read_back(self, deadline: Deadline) -> Applied:
        """Return what the instrument says it will do; its answers are the truth, not our commands."""
        for parameter in ("CURR", "VOLT"):
            query = f"SENS:ELOG:FUNC:{parameter}? {self._all}"
            logged = [i + 1 for i, on in enumerate(self._talk.ask_numbers(query, deadline)) if on]
            if logged != [self._channel]:
                raise Refused(query, f"channels {logged} are logged instead of {[self._channel]}")
        self._period_s = self._talk.ask_number(f"SENS:ELOG:PER? {self._ours}", deadline)
        if not 1e-5 < self._period_s <= 60:
            raise Refused("ask for the sample period", f"{self._period_s} s", "restart the instrument")
        self._voltage_v = self._talk.ask_number(f"VOLT? {self._ours}", deadline)
        return Applied(self._voltage_v, self._period_s, SIGNALS)

    def accuracy(self) -> Accuracy:
        """Return the data-sheet limits of the 100 mA range, with the noise of one sample at our period."""
        table = load("n6705")
        # Noise falls with the square root of the aperture, closely enough (specifications guide, page 52).
        scale = (DEFAULT_PERIOD_S / self._period_s) ** 0.5
        terms = tuple(
            replace(term, absolute=term.absolute * scale) if term.name == "noise" else term for term in table.terms
        )
        assumptions = table.assumptions
        if self._module not in ("", _TABLE_MODULE):
            assumptions += (f"The limits of the {_TABLE_MODULE} are used for the {self._module}.",)
        return replace(table, terms=terms, assumptions=assumptions)

    # --- supply ------------------------------------------------------------------------------------------

    def power_on(self, deadline: Deadline) -> None:
        """Switch the output on; raise `Refused` if the instrument does not confirm it."""
        self._talk.send(f"OUTP ON,{self._ours}", deadline)
        self._talk.check("switch the supply on", deadline)
        if not self._output_is_on(deadline):
            reason = self._log.questionable(deadline) or "no reason given"
            raise Refused("switch the supply on", f"the output is off ({reason})")

    def power_off(self, deadline: Deadline) -> None:
        """Switch the output off and see the voltage fall; try harder ways until one is confirmed.

        The command goes out before anything is read, so that it also works when the link is out of step.
        After a lost connection a new one is made. A log that still runs is ended. Raises the last trouble
        if no way is confirmed.
        """
        self._log.running = False
        ways = (
            (f"OUTP OFF,{self._ours}", f"ABOR:ELOG {self._ours}"),
            (f"OUTP OFF,{self._all}",),
            ("*RST",),
        )
        trouble: InstrumentError = Refused("switch the supply off", "not tried yet")
        for left, commands in zip(range(len(ways), 0, -1), ways, strict=True):
            attempt = deadline.at_most(deadline.remaining_s() / left)
            try:
                if isinstance(trouble, Unavailable):
                    self._reconnect(attempt)
                for command in commands:
                    self._talk.send(command, attempt)
                self._confirm_off(attempt)
                return
            except InstrumentError as error:
                trouble = error
        raise type(trouble)(
            "switch the supply off in three ways",
            f"{trouble.asked}: {trouble.came}",
            "switch the output off at the front panel before touching the board",
        ) from trouble

    def _confirm_off(self, deadline: Deadline) -> None:
        if self._output_is_on(deadline):
            raise Refused("switch the supply off", "OUTP? still says on")
        # OUTP? repeats the command; only the voltage shows a stuck relay or another supply on the DUT.
        limit_v = max(_OFF_BELOW_V, self._voltage_v / 2)
        while (voltage_v := self._talk.ask_number(f"MEAS:VOLT? {self._ours}", deadline)) > limit_v:
            if deadline.remaining_s() < 0.1:
                raise Refused("switch the supply off", f"OUTP? says off, but the output is at {voltage_v:.3f} V")
            self._clock.sleep(0.05)

    def _reconnect(self, deadline: Deadline) -> None:
        self._port.close()
        self._port.open(deadline)
        self._talk.in_step = False

    def _output_is_on(self, deadline: Deadline) -> bool:
        return self._talk.ask_number(f"OUTP? {self._ours}", deadline) != 0

    def measured_voltage_v(self, deadline: Deadline) -> float | None:
        """Return the voltage at the sense terminals; not while the log runs: both use the same converter."""
        voltage_v = self._talk.ask_number(f"MEAS:VOLT? {self._ours}", deadline)
        if abs(voltage_v) > 2 * self.capabilities.voltage_max_v:
            raise Refused("measure the output voltage", f"{voltage_v} V, which means over range")
        return voltage_v

    # --- log ---------------------------------------------------------------------------------------------

    def start(self, deadline: Deadline) -> None:
        """Arm the log: it begins at the next falling edge on the trigger input."""
        self._log.start(self._period_s, deadline)

    def poll(self, deadline: Deadline) -> Sequence[StreamItem]:
        """Fetch what was logged since the last call; nothing comes before the trigger.

        Items that were complete when an error came are returned by the next call.
        """
        return self._log.poll(deadline)

    def stop(self, deadline: Deadline) -> Sequence[StreamItem]:
        """Fetch the rest, end the log, and return what is left; safe to call when none runs."""
        return self._log.stop(deadline)

    # --- end ---------------------------------------------------------------------------------------------

    def close(self) -> None:
        """Give the instrument back to its front panel and release the port; safe to call twice."""
        if self._is_open:
            self._is_open = False
            with suppress(InstrumentError):
                self._talk.send("SYST:COMM:RLST LOC", self._clock.deadline(1.0))
        self._port.close()
