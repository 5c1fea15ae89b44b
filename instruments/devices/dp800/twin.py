# SPDX-License-Identifier: Apache-2.0
"""The twin of a Rigol DP832 with the option of high resolution, whose channels can feed the DUT.

Its errors are drawn from `specification.toml`. It answers states with ON and OFF, and takes no line with more than
one command: whether the real one does, no document at hand says.
"""

from instruments.devices.dp800.protocol import CHANNELS
from instruments.scpi.identity import TWIN_SERIAL
from instruments.scpi.twin_core import Call, Handler, ScpiCore, ScpiError
from instruments.scpi.twin_supply import SupplyOutput, SupplyOutputs, SupplyTable
from instruments.world.cable import HostPort
from instruments.world.world import World

TABLE = SupplyTable("dp800", feeds=(0.0005, 20e-3), measures=(0.0005, 10e-3), step=1e-3)
# Settings that other programs use, as they are after *RST.
_OTHERS = {"TIME": "OFF", "DELAY": "OFF", "OUTP:TRAC": "OFF"}
LEFT_V = 3.3  # as another program left an output on
_STALE = b"3.300\n"  # the answer to a question of a run that died


class VirtualDp800:
    """The instrument; `port` is its end of the cable to the host."""

    model = "DP832"

    def __init__(self, world: World, name: str = "monitor") -> None:
        self.world = world
        self.port = HostPort(world, name, self._receive, on_open=self._opened)
        self._core = ScpiCore(self._handlers(), world.faults.refuses)
        self.outputs = SupplyOutputs(world, TABLE, [SupplyOutput(*pair) for pair in CHANNELS[self.model].values()])
        self._others = dict(_OTHERS)
        self._stale = True

    def feeds(self, number: int) -> None:
        """Let the DUT hang on this output, from 1."""
        self.outputs.feeds(number)

    def _receive(self, data: bytes) -> None:
        self.port.emit(self._core.feed(data))

    def _opened(self) -> None:
        """Be found as others left us, if a fault says so: otherwise set, feeding, an answer unread."""
        if self._stale:
            self._others |= self.world.faults.left_over
            self.outputs.left_on(self.world.faults.left_on, LEFT_V)
        if self.world.faults.stale_stream and self._stale:
            self.outputs.left_on(self.outputs.feeding, LEFT_V)
            self.port.emit(_STALE)
        self._stale = False

    def _handlers(self) -> dict[str, Handler]:
        identity = f"RIGOL TECHNOLOGIES,{self.model},{TWIN_SERIAL}{self.world.seed},00.01.14"

        def named(call: Call) -> SupplyOutput:
            return self.outputs.named(call)

        return {
            "*IDN?": lambda call: identity,
            "SYSTem:LOCal": lambda call: None,
            "INSTrument[:SELect]": lambda call: str(named(call)),
            "APPLy": self._apply,
            "APPLy?": self._applied,
            "OUTPut[:STATe]": lambda call: self.outputs.switch(named(call), call.switch(1)),
            "OUTPut[:STATe]?": lambda call: _word(named(call).on, "ON", "OFF"),
            "OUTPut:OVP:VALue": self._set_protection,
            "OUTPut:OVP[:STATe]": lambda call: self.outputs.protect(named(call), call.switch(1)),
            "OUTPut:OVP:QUES?": lambda call: _word(named(call).tripped, "YES", "NO"),
            "OUTPut:OVP:CLEar": lambda call: setattr(named(call), "tripped", False),
            "OUTPut:OCP:QUES?": lambda call: _word(named(call).limit_a < 0, "YES", "NO"),
            "OUTPut:OCP:CLEar": lambda call: str(named(call)),
            "OUTPut:TRACk": lambda call: self._other("OUTP:TRAC", _word(call.switch(1), "ON", "OFF")),
            "TIMEr[:STATe]": lambda call: self._other("TIME", _word(call.switch(), "ON", "OFF")),
            "DELAY[:STATe]": lambda call: self._other("DELAY", _word(call.switch(), "ON", "OFF")),
            "MEASure[:VOLTage][:DC]?": lambda call: f"{self.outputs.measured_v(named(call)):.4f}",
            "MEASure:ALL[:DC]?": self._all,
        }

    def _apply(self, call: Call) -> None:
        output = self.outputs.named(call)
        if len(call.arguments) > 2:  # the current first: a refused one leaves the voltage as it is
            self.outputs.set_limit(output, call.number(2))
        self.outputs.set_voltage(output, call.number(1))

    def _applied(self, call: Call) -> str:
        output = self.outputs.named(call)
        values = {"VOLT": f"{output.voltage_v:.3f}", "CURR": f"{output.limit_a:.4f}"}
        if len(call.arguments) < 2:
            return f"{call.word()},{values['VOLT']},{values['CURR']}"
        if (word := call.word(1)[:4]) not in values:
            raise ScpiError(-224)
        return values[word]

    def _set_protection(self, call: Call) -> None:
        self.outputs.named(call).protection_v = call.number(1)
        self.outputs.feed()

    def _other(self, name: str, word: str) -> None:
        self._others[name] = word

    def _all(self, call: Call) -> str:
        """Return voltage, current and power; this twin measures no current."""
        return f"{self.outputs.measured_v(self.outputs.named(call)):.4f},0.0000,0.000"


def _word(state: bool, yes: str, no: str) -> str:
    return yes if state else no
