# SPDX-License-Identifier: Apache-2.0
"""The twin of a Siglent SPD3303X, either of whose channels can feed the DUT.

It keeps the traps: it knows no common command but `*IDN?`, tells an error in words of its own and only the last
one, answers the state of its outputs as bits of a hexadecimal number, and loses a command that follows another
one within 10 ms. Its errors are drawn from `specification.toml`.
"""

from instruments.devices.spd.protocol import INDEPENDENT, LIMITED, MODELS, ON, TIMER
from instruments.scpi.identity import TWIN_SERIAL
from instruments.scpi.twin_core import Call, Handler
from instruments.scpi.twin_supply import SupplyOutput, SupplyTable, SupplyTwin
from instruments.world.world import World

OTHERS = {"OUTP:TRACK": "0", "TIME": "OFF"}
TABLE = SupplyTable("spd", feeds=(0.0003, 10e-3), measures=(0.0003, 10e-3), step=1e-3)
DEAF_NS = 10_000_000


class VirtualSpd(SupplyTwin):
    """The instrument; `port` is its end of the cable to the host."""

    model = "SPD3303X"
    common = False

    def __init__(self, world: World, name: str = "monitor") -> None:
        highest_v, highest_a, channels = MODELS[self.model]
        outputs = [SupplyOutput(highest_v, highest_a) for _ in range(channels)]
        super().__init__(world, name, TABLE, outputs, OTHERS)
        self._heard_ns = -DEAF_NS
        self.lost: list[bytes] = []  # commands that came too soon

    def _receive(self, data: bytes) -> None:
        now_ns = self.world.clock.now_ns()
        too_soon, self._heard_ns = now_ns < self._heard_ns + DEAF_NS, now_ns
        if too_soon:
            self.lost.append(data)
        else:
            super()._receive(data)

    def _handlers(self) -> dict[str, Handler]:
        identity = f"Siglent Technologies,{self.model},{TWIN_SERIAL}{self.world.seed},1.01.01.02.05,V3.0"

        def at(call: Call) -> SupplyOutput:
            return self.outputs.at(call.numbers[0])

        return {
            "*IDN?": lambda call: identity,
            "CH#:VOLTage": lambda call: self.outputs.set_voltage(at(call), call.number()),
            "CH#:VOLTage?": lambda call: f"{at(call).voltage_v:.3f}",
            "CH#:CURRent": lambda call: self.outputs.set_limit(at(call), call.number()),
            "CH#:CURRent?": lambda call: f"{at(call).limit_a:.3f}",
            "OUTPut": lambda call: self.outputs.switch(self.outputs.named(call), call.switch(1)),
            "OUTPut:TRACK": self._track,
            "TIMEr": lambda call: self._other("TIME", call.word(1)),
            "MEASure:VOLTage?": lambda call: f"{self.outputs.measured_v(self.outputs.named(call)):.3f}",
            "SYSTem:STATus?": lambda call: f"0x{self._status():04x}",
            "SYSTem:ERRor?": lambda call: self._last_error(),
        }

    def _track(self, call: Call) -> None:
        """Couple the channels or not; both go off."""
        self._other("OUTP:TRACK", call.one_of("0", "1", "2"))
        for output in self.outputs.all:
            self.outputs.switch(output, False)

    def _status(self) -> int:
        coupled = {"0": INDEPENDENT, "1": 0b11, "2": 0b10}[self._others["OUTP:TRACK"]]
        bits = coupled << 2 | (self._others["TIME"] == "ON") << TIMER
        for number, output in enumerate(self.outputs.all):
            bits |= output.on << (ON + number) | self.outputs.limited(output) << (LIMITED + number)
        return bits

    def _last_error(self) -> str:
        """Return the last error in the words of the firmware of 2017, which has no queue."""
        found = self._core.take_errors()
        return f"{abs(found[-1].code)} {found[-1].text}" if found else "0  No Error"
