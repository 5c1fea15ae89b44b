# SPDX-License-Identifier: Apache-2.0
"""Whether the DUT's supply is on, from facts alone: a person may touch the board because of what stands here."""

from typing import Any, Literal

from energy_runner.director.supply_off import MAY_BE_ON, SUPPLY_STEP
from energy_runner.viewer.live.words import finite, words

State = Literal["on", "off", "unknown"]
# Phases in which the supply is switched on: from their beginning until that is confirmed nothing is known.
_SWITCHING = {"power up", "flash"}
_POWERED_V = 0.3  # a voltage at the output above which it does not pass as off


class SupplyView:
    """The supply as facts tell of it: "unknown" until they do, "off" only where the instrument confirmed it."""

    def __init__(self) -> None:
        self.text = "nothing is known of the supply yet"
        self._rails: dict[str, bool | None] = {}
        self._was_on = False
        self._silenced: tuple[dict[str, bool | None], str] | None = None

    @property
    def state(self) -> State:
        """Return "on" if any rail is on, "off" if all are confirmed off."""
        states = set(self._rails.values())
        if True in states:
            return "on"
        return "off" if states == {False} else "unknown"

    def take(self, event: Any) -> bool:
        """Take an event; return whether it says something of the supply."""
        act = getattr(self, "_" + event.kind.replace("-", "_"), None)
        return act is not None and act(event) is not False

    def lost(self, text: str) -> None:
        """Take note that nobody tells of the supply any more."""
        known = f"; it was last said to be {self.state}" if self.state != "unknown" else ""
        self._silenced = (dict(self._rails), self.text)
        self._all(None, f"{text}{known}")

    def heard_again(self) -> None:
        """Take note that the run had only been silent: what it said before still holds."""
        if self._silenced is not None:
            self._rails, self.text = self._silenced
            self._silenced = None

    # --- by kind of event -----------------------------------------------------------------------------------

    def _phase(self, event: Any) -> bool:
        if event.name not in _SWITCHING:
            return False
        if event.name == "power up" and event.detail:
            self._all(None, words(event.detail))
        elif self.state == "off":
            self._all(None, "it is being switched on")
        return True

    def _monitor_configured(self, event: Any) -> bool:
        if not event.supply:
            self._all(None, "no instrument of this bench feeds the DUT")
        elif event.rail:
            self._rails.setdefault(words(event.rail), None)
            self._rails.pop("", None)
        return True

    def _supply_switched(self, event: Any) -> bool:
        said = f"switched {'on' if event.on else 'off'}, as the instrument confirmed"
        self._was_on = self._was_on or event.on
        if event.rail:
            self._rails[words(event.rail)] = event.on
            self.text = words(f"{event.rail}: {said}")
        else:
            self._all(event.on, said)
        return True

    def _voltage_measured(self, event: Any) -> bool:
        voltage_v = finite(event.voltage_v)
        measured = "no voltage" if voltage_v is None else f"{voltage_v:.4g} V"
        rail = f"{event.rail}: " if event.rail else ""
        if self.state == "off" and (voltage_v is None or abs(voltage_v) > _POWERED_V):
            self._all(None, words(f"{rail}{measured} measured although it was switched off"))
        else:
            self.text = words(f"{rail}{measured} measured")
        return True

    def _supply_settled(self, event: Any) -> bool:
        return self._voltage_measured(event)

    def _tear_down_step(self, event: Any) -> bool:
        if event.name != SUPPLY_STEP or not event.error:
            return False
        doubt = MAY_BE_ON if self._was_on else "its state is unknown"
        self._all(None, words(f"{doubt}: switching it off failed ({event.error})"))
        return True

    def _run_stopped(self, event: Any) -> bool:
        if event.supply_off_confirmed is True:
            self._all(False, "off, as the instrument confirmed at the end")
        elif event.supply_off_confirmed is False:
            doubt = MAY_BE_ON if self._was_on else "the run never switched it on, and its state is unknown"
            self._all(None, f"{doubt}: the run ended without confirming that it is off")
        else:
            self._all(None, "no instrument of this bench feeds the DUT")
        return True

    def _all(self, on: bool | None, text: str) -> None:
        self._rails = dict.fromkeys(self._rails or [""], on)
        self.text = text
