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

import math
from collections.abc import Sequence
from dataclasses import replace

from instruments.clock import Clock, Deadline
from instruments.devices.n6705.aux_pin import PinEdges
from instruments.devices.n6705.dialect import ELOG, N6700_TRIGGER_PIN, SIGNALS, log_dialect, supply_dialect
from instruments.devices.n6705.limits import TABLE_MODULE, limits
from instruments.devices.n6705.options import Options
from instruments.devices.n6705.protocol import is_mainframe, is_smu, questionable
from instruments.devices.n6705.whole_dialect import WHOLE, whole_dialect
from instruments.errors import Refused
from instruments.links.base import ScpiLink
from instruments.roles import (
    AppliedSampling,
    Edge,
    EdgeSource,
    Identity,
    Rates,
    Sampler,
    SamplerCapabilities,
    Samples,
    SamplingSettings,
    StreamItem,
    Supply,
    Timebase,
    signals,
)
from instruments.scpi.blocks import format_number
from instruments.scpi.fifo_logger import FifoLogger
from instruments.scpi.instrument import ScpiInstrument
from instruments.scpi.output_watchdog import MOST_CHANNELS
from instruments.scpi.supply import ScpiSupply, set_up_in_blocks
from instruments.scpi.whole_log import WholeLogger
from instruments.specifications import Specification

DEFAULT_PERIOD_S = ELOG.default_period_s


class N6705(ScpiInstrument):
    """One SMU channel of an N6705 or N6700: a `Supply` and a `Sampler`, with `aux_edges` an `EdgeSource` too.

    `current` and `voltage` are the means over each sample period (of an `array`, readings at an instant), NaN
    where the instrument gave no usable number (an `OverRange` says so). There is no true power integral: the
    energy of a sample is the product of the two and the period. There is no summary of a log: the minima and
    maxima that it can log are those of each record, and make records and the shortest period longer.
    """

    to_front_panel = "SYST:COMM:RLST LOC"
    rates = Rates(1 / 60, 1e5)
    timebase: Timebase = "samples"
    capabilities = SamplerCapabilities(starts_on_edge=True, unread_s=ELOG.unread_s)

    def __init__(self, link: ScpiLink, clock: Clock, options: Options | None = None) -> None:
        super().__init__(link, clock)
        self._options = options or Options()
        self._channel = self._options.channel
        self._ours = f"(@{self._channel})"
        self._kind = WHOLE.get(self._options.log, ELOG)
        aux = self._options.aux_edges
        fifo = log_dialect(self._ours, aux=aux)
        self._log: FifoLogger | WholeLogger
        if self._kind.at_end:
            whole = whole_dialect(self._options.log, self._channel)
            self._log = WholeLogger(self._session, clock, whole, self._questionable)
        else:
            self._log = FifoLogger(self._session, clock, fifo, self._questionable)
        abort = (self._kind.abort.format(ours=self._ours), *fifo.abort[1:])
        self._supply = ScpiSupply(self._session, link, clock, supply_dialect(self._ours, abort))
        self._supply.before_off = self._log.forget
        self._supply.reason = self._questionable
        self._has_trigger_bnc = True
        self._module = ""
        self._channels = self._channel
        self._period_s = DEFAULT_PERIOD_S
        self._longest_s = self._options.longest_s or self._kind.longest_s
        self._on_edge = True
        self._pin = PinEdges(1.0)
        self._edges: list[Edge] = []

    def supply(self, channel: str = "") -> Supply:
        """Return the supply of the configured channel."""
        return self._supply

    def edges(self, channel: str = "") -> EdgeSource:
        """Return the edges on the auxiliary input of an N6781A; raise `Refused` without the option `aux_edges`."""
        if not self._options.aux_edges:
            raise self._cannot("edge source")
        return self

    def sampler(self, channel: str = "") -> Sampler:
        """Return the log of the configured channel."""
        return self

    def _examined(self, identity: Identity, deadline: Deadline) -> Identity:
        if not is_mainframe(identity.model):
            who = f"a {identity.make} {identity.model} answers"
            raise Refused(f"open {self.name} as a Keysight N6705 or N6700", who, "check the instrument's address")
        self._has_trigger_bnc = identity.model.startswith("N6705")
        count = self._session.ask_whole("SYST:CHAN?", deadline, MOST_CHANNELS)
        if self._channel > count:
            raise Refused(f"use channel {self._channel}", f"the mainframe has {count}", "change `channel`")
        self._channels = count
        self._log.abort(deadline)
        self._module = self._session.ask(f"SYST:CHAN:MOD? {self._ours}", deadline).strip(' "')
        if not is_smu(self._module):
            holds = f"it holds a {self._module or 'module without a name'}, not an N678xA source/measure unit"
            raise Refused(f"use channel {self._channel}", holds, "set `channel` to the one with the SMU")
        if self._options.aux_edges and self._module != TABLE_MODULE:
            raise Refused(
                "take edges on the auxiliary input", f"a {self._module} has none", "leave out `aux_edges`"
            )
        output = "on" if self._supply.is_on(deadline) else "off"
        self._session.check("end an earlier log", deadline)
        detail = (("module", self._module), ("channel", str(self._channel)), ("output", output))
        return replace(identity, detail=detail)

    # --- sampler -------------------------------------------------------------------------------------------

    def configure(self, settings: SamplingSettings, deadline: Deadline) -> AppliedSampling:
        """Set up the log and read it back; return what the instrument reports, not what it was sent."""
        rate_hz = self.rates.checked(settings.sample_rate_hz)
        self._log.forget()
        kind, aux = self._kind, self._options.aux_edges
        period_s = kind.default_period_s if rate_hz is None else 1 / rate_hz
        self._on_edge = settings.on_edge and not aux
        points = min(kind.points, self._longest_s / period_s) if kind.points < math.inf else 0.0
        words = {
            "ours": self._ours,
            "all": f"(@1:{self._channels})",
            "period": format_number(period_s),
            "trigger": "EXT" if self._on_edge else "IMM",
            "longest": format_number(self._longest_s if self._longest_s < math.inf else 0.0),
            "points": str(math.ceil(points)),
        }
        blocks = kind.set_up if self._has_trigger_bnc else kind.set_up + N6700_TRIGGER_PIN
        set_up_in_blocks(self._session, blocks, words, deadline)
        for parameter in ("CURR", "VOLT"):
            query = kind.logged.format(parameter=parameter, ours=self._ours)
            if not self._session.ask_number(query, deadline):
                raise Refused(query, "it is not logged", "check the module and its options")
        query = kind.period.format(ours=self._ours)
        self._period_s = self._session.ask_number(query, deadline)
        if not 1e-5 < self._period_s <= 60:
            raise Refused("ask for the sample period", f"{self._period_s} s", "restart the instrument")
        longest_s = math.ceil(points) * self._period_s if points else self._longest_s
        self.capabilities = SamplerCapabilities(
            starts_on_edge=self._on_edge,
            unread_s=kind.unread_s,
            longest_s=longest_s,
            at_end=kind.at_end,
            stop_s=longest_s if points else kind.stop_s,
        )
        names = SIGNALS[:1] if aux else SIGNALS
        return AppliedSampling(signals(*names, period_s=self._period_s, kind=kind.kind))

    def specification(self) -> Specification:
        """Return the limits of the 100 mA range, with the noise of one sample at the applied period."""
        return limits(self._period_s, self._module, aux=self._options.aux_edges, at_end=self._kind.at_end)

    def start(self, deadline: Deadline) -> None:
        """Arm the log: it begins at the next falling edge on the trigger input."""
        self._edges = []
        self._pin = PinEdges(self._options.aux_high_v or self._supply.voltage_set_v)
        if isinstance(self._log, WholeLogger):
            longest_s = self.capabilities.longest_s
            self._log.start(self._period_s, longest_s, deadline, at_once=not self._on_edge)
        else:
            self._log.start(self._period_s, deadline)

    def poll(self, deadline: Deadline) -> Sequence[StreamItem]:
        """Return what was logged since the last call; nothing arrives before the trigger."""
        return self._told(self._log.poll(deadline))

    def stop(self, deadline: Deadline) -> Sequence[StreamItem]:
        """Fetch and return the rest, and end the log."""
        return self._told(self._log.stop(deadline))

    # --- edges ---------------------------------------------------------------------------------------------

    def arm(self, deadline: Deadline) -> None:
        """Do nothing: edges are found in what is logged."""

    def take(self, deadline: Deadline) -> Sequence[Edge]:
        """Return the edges in what was logged up to the last `poll`."""
        edges, self._edges = self._edges, []
        return edges

    def disarm(self, deadline: Deadline) -> None:
        """Do nothing: without a log there are no edges."""

    def _told(self, items: Sequence[StreamItem]) -> Sequence[StreamItem]:
        """Return the items, those of the auxiliary input as edges and not as samples."""
        if not self._options.aux_edges:
            return items
        told: list[StreamItem] = []
        for item in items:
            if isinstance(item, Samples):
                self._edges += self._pin.feed(item.first, item.values[1])
                told.append(Samples(item.first, item.values[:1]))
            else:
                told.append(item)
        return told

    def _questionable(self, deadline: Deadline) -> str:
        """Return in words what is questionable now or was since the last call; "" for nothing."""
        now = self._session.ask_whole(f"STAT:QUES:COND? {self._ours}", deadline)
        latched = self._session.ask_whole(f"STAT:QUES? {self._ours}", deadline)
        return questionable(now | latched)
