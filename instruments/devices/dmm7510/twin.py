# SPDX-License-Identifier: Apache-2.0
"""The twin of a Keithley DMM7510 in the supply line of the DUT; nothing drops across it.

Its traps are those of `instruments.scpi.twin_keithley`, and: an aperture longer than the sample interval is
refused; a reading is what flows during its aperture. Sources: see `protocol.py` and `dialect.py`.
"""

from instruments.devices.dmm7510.protocol import FASTEST_HZ, OVER_RANGE, SLOWEST_HZ
from instruments.scpi.twin_core import Call, Handler, ScpiError
from instruments.scpi.twin_keithley import KeithleyTwin, Plan, RangeTable
from instruments.world.world import World

# Limits of gain, of offset (A) and noise (A) by range; see `specification.toml`.
METER = RangeTable(
    name="dmm7510",
    ranges={one: (0.001, 2e-4 * one, 5e-4 * one) for one in (100e-6, 1e-3, 10e-3, 0.1, 1.0, 3.0, 10.0)},
    clock=50e-6,
    latency_s=10e-6,
    over=OVER_RANGE,
)


class VirtualDmm7510(KeithleyTwin):
    """The instrument; `port` is its end of the cable to the host."""

    model = "DMM7510"

    def __init__(self, world: World, name: str = "meter") -> None:
        self.reset()
        super().__init__(world, name, METER)

    def reset(self) -> None:
        """Measure voltage, as after *RST."""
        self._function, self._rate_hz, self._aperture_s, self._edges = "", 1e6, 0.0, "FALL"

    def aperture_s(self) -> float:
        """Return how long a reading lasts (s)."""
        return self._aperture_s or 1 / self._rate_hz

    def sees_edges(self) -> bool:
        """Return whether EXT TRIG IN is set to falling edges."""
        return self._edges == "FALL"

    def plan(self) -> Plan | None:
        """Return what the trigger model does."""
        measures = [words for kind, words in self.blocks.values() if kind == "MDIG"]
        if not measures or self._function != "CURR":
            return None
        waits = any(kind == "WAIT" and words[0] == "EXT" for kind, words in self.blocks.values())
        count = int(measures[0][1]) if len(measures[0]) > 1 else 1
        return Plan(waits, count, 1 / self._rate_hz)

    def handlers(self) -> dict[str, Handler]:
        """Return the commands of the digitizer."""
        digitize = "[SENSe:]DIGitize:CURRent"
        return {
            "[SENSe:]DIGitize:FUNCtion[:ON]": self._set_function,
            "[SENSe:]DIGitize:COUNt": lambda call: None,
            f"{digitize}:RANGe[:UPPer]": self.set_range,
            f"{digitize}:RANGe[:UPPer]?": lambda call: f"{self.range_a:.6E}",
            f"{digitize}:SRATe": self._set_rate,
            f"{digitize}:SRATe?": lambda call: f"{self._rate_hz:g}",
            f"{digitize}:APERture": self._set_aperture,
            f"{digitize}:APERture?": lambda call: f"{self._aperture_s:.6E}" if self._aperture_s else "AUTO",
            f"{digitize}:RELative:STATe": self.other("REL", "ON", "OFF", "0", "1"),
            "TRIGger:EXTernal:IN:EDGE": lambda call: setattr(
                self, "_edges", call.one_of("FALLing", "RISing", "EITHer")[:4]
            ),
            "TRIGger:EXTernal:IN:CLEar": lambda call: None,
            "TRIGger:DIGitize:STIMulus": lambda call: call.one_of("NONE", "EXTernal"),
        }

    def _set_function(self, call: Call) -> None:
        word = call.word().strip('"')
        if word[:4] not in ("CURR", "VOLT"):
            raise ScpiError(-224)
        self._function = word[:4]

    def _set_rate(self, call: Call) -> None:
        rate_hz = round(call.number())  # assumed: whole numbers
        if not SLOWEST_HZ <= rate_hz <= FASTEST_HZ:
            raise ScpiError(-222)
        self._rate_hz = rate_hz

    def _set_aperture(self, call: Call) -> None:
        aperture_s = 0.0 if call.word() == "AUTO" else call.number()
        if aperture_s and not 1e-6 <= aperture_s <= 1 / self._rate_hz:
            raise ScpiError(-222)
        self._aperture_s = aperture_s
