# SPDX-License-Identifier: Apache-2.0
"""Keysight N6705B/C DC power analyzer (or N6700 mainframe) with an N678xA source/measure unit.

The module feeds the DUT and logs its current and voltage. `log` says how: `elog`, the external data log, is read
while it runs; `dlog` is a file on the instrument and `array` the digitizer's memory, both read at the end.
All start at the first falling edge on the trigger input (the low-true BNC of the N6705; on an N6700, pin 1 of the
digital port), so sample 0 begins at that edge. The analyzer cannot record edges, but an N6781A has a second
voltmeter input: with `aux_edges` it logs the timestamp pin there in the place of the output's voltage, and the
energy is that of the current at the voltage as set.

Source of commands and behaviour: Keysight N6705C Operating and Service Guide, chapters "External Data Logging" and
"SCPI Programming Reference"; for `dlog` and `array` see `whole_dialect.py`.
"""

from collections.abc import Sequence
from dataclasses import replace

from instruments.clock import Clock, Deadline
from instruments.devices.n6705 import dialect
from instruments.devices.n6705.limits import TABLE_MODULE, limits
from instruments.devices.n6705.options import Options
from instruments.devices.n6705.protocol import is_mainframe, is_smu
from instruments.devices.n6705.whole_dialect import LOGS, dialect_of
from instruments.errors import Refused
from instruments.links.base import ScpiLink
from instruments.roles import (
    AppliedSampling,
    EdgeSource,
    Identity,
    Rates,
    SamplerCapabilities,
    SamplingSettings,
    StreamItem,
    signals,
)
from instruments.scpi.feeding import FeedingInstrument
from instruments.scpi.identity import Known
from instruments.scpi.logged_pin import LoggedPin
from instruments.scpi.output_watchdog import MOST_CHANNELS
from instruments.scpi.sampling import SamplingInstrument
from instruments.specifications import Specification


class N6705(FeedingInstrument, SamplingInstrument):
    """One SMU channel of an N6705 or N6700: a `Supply` and a `Sampler`, with `aux_edges` an `EdgeSource` too.

    `current` and `voltage` are the means over each sample period (of an `array`, readings at an instant), NaN
    where the instrument gave no usable number (an `OverRange` says so). There is no true power integral: the
    energy of a sample is the product of the two and the period. There is no summary of a log: the minima and
    maxima that it can log are those of each record, and make records and the shortest period longer.
    """

    to_front_panel = "SYST:COMM:RLST LOC"
    known = Known("a Keysight N6705 or N6700", is_mainframe)
    rates = Rates(1 / 60, 1e5)
    capabilities = SamplerCapabilities(starts_on_edge=True, unread_s=dialect.ELOG.unread_s)

    def __init__(self, link: ScpiLink, clock: Clock, options: Options | None = None) -> None:
        super().__init__(link, clock)
        self._options = options or Options()
        self._ours = f"(@{self._options.channel})"
        self._kind = LOGS[self._options.log].lasting(self._options.longest_s)
        log = dialect_of(self._options.log, self._options.channel, aux=self._options.aux_edges)
        self.status = dialect.status_dialect(self._ours)
        self._log_by(log, dialect.ELOG.default_period_s)
        self._feed_by(dialect.supply_dialect(self._ours, log.abort), self._log)
        self._pin = LoggedPin()
        self._module, self._channels = "", self._options.channel

    def edges(self, channel: str = "") -> EdgeSource:
        """Return the edges on the auxiliary input of an N6781A; raise `Refused` without the option `aux_edges`."""
        if not self._options.aux_edges:
            raise self._cannot("edge source")
        return self._pin

    def _examined(self, identity: Identity, deadline: Deadline) -> Identity:
        channel = self._options.channel
        self._channels = self._session.ask_whole("SYST:CHAN?", deadline, MOST_CHANNELS)
        if channel > self._channels:
            raise self._no_channel(channel, f"the mainframe has {self._channels}")
        self._log.abort(deadline)
        self._module = self._session.ask(f"SYST:CHAN:MOD? {self._ours}", deadline).strip(' "')
        if not is_smu(self._module):
            holds = f"it holds a {self._module or 'module without a name'}, not an N678xA source/measure unit"
            raise Refused(f"use channel {channel}", holds, "set `channel` to the one with the SMU")
        if self._options.aux_edges and self._module != TABLE_MODULE:
            raise Refused(
                "take edges on the auxiliary input", f"a {self._module} has none", "leave out `aux_edges`"
            )
        output = self._output(deadline)
        self._session.check("end an earlier log", deadline)
        return replace(identity, detail=(("module", self._module), ("channel", str(channel)), output))

    def configure(self, settings: SamplingSettings, deadline: Deadline) -> AppliedSampling:
        """Set up the log and read it back; return what the instrument reports, not what it was sent."""
        rate_hz = self.rates.checked(settings.sample_rate_hz)
        kind, aux = self._kind, self._options.aux_edges
        period_s = kind.default_period_s if rate_hz is None else 1 / rate_hz
        points, on_edge = kind.points_every(period_s), settings.on_edge and not aux
        words = dialect.log_words(self._ours, self._channels, kind, period_s, points, on_edge=on_edge)
        blocks = kind.set_up + dialect.trigger_pin(self._session.model)
        self._set_up(blocks, words, deadline, on_edge=on_edge)
        kind.check_logged(self._session, words, deadline)
        self._period_s = self._ask_period(kind.period.format_map(words), 1e-5, 60.0, deadline)
        self.capabilities = kind.capabilities(self._period_s, points, on_edge=on_edge)
        self._log.longest_s = self.capabilities.longest_s
        names = dialect.SIGNALS[:1] if aux else dialect.SIGNALS
        return AppliedSampling(signals(*names, period_s=self._period_s, kind=kind.kind))

    def specification(self) -> Specification:
        """Return the limits of the 100 mA range, with the noise of one sample at the applied period."""
        return limits(self._period_s, self._module, aux=self._options.aux_edges, at_end=self._kind.at_end)

    def start(self, deadline: Deadline) -> None:
        """Arm the log: it begins at the next falling edge on the trigger input."""
        self._pin.begin(self._options.aux_high_v or self._supply.voltage_set_v)
        super().start(deadline)

    def _told(self, items: Sequence[StreamItem]) -> Sequence[StreamItem]:
        return self._pin.told(items) if self._options.aux_edges else items
