# SPDX-License-Identifier: Apache-2.0
"""The boxes of a bench in a live view: what each is for, how it stands, and what it last said."""

from typing import Any, Literal

from energy_runner.viewer.live.words import LONGEST, Roles, finite, identity_words, words

Standing = Literal["unknown", "ready", "warn", "bad", "closed"]
MOST = 64  # boxes; more are on no bench
_CLOSE = "close "  # how the tear-down step of a box begins
_NOT_BOXES = {"director", "supply"}


class Boxes:
    """The boxes by name, in the order in which they were heard of."""

    def __init__(self, roles: Roles) -> None:
        self._held: dict[str, dict[str, Any]] = {}
        self._sampler = ""
        self.roles(roles)

    def roles(self, roles: Roles) -> None:
        """Take note of who plays which role."""
        for name, role in roles.by_box.items():
            self._box(name, role=role)

    def document(self) -> list[dict[str, Any]]:
        """Return name, role, state and last words of each box."""
        return [{"name": name, **box} for name, box in self._held.items()]

    def take(self, event: Any) -> bool:
        """Take an event; return whether it changes what is said of a box."""
        act = getattr(self, "_" + event.kind.replace("-", "_"), None)
        return act is not None and act(event) is not False

    def _box(self, name: object, **changes: str) -> bool:
        known = words(name)
        if known not in self._held and len(self._held) >= MOST:
            return False
        box = self._held.setdefault(known, {"role": "", "state": "unknown", "text": ""})
        if "state" in changes and box["state"] == "bad":
            del changes["state"]  # what went wrong with it stays in sight
        before = dict(box)
        box.update(changes)
        return box != before

    # --- by kind of event -----------------------------------------------------------------------------------

    def _box_identified(self, event: Any) -> bool:
        return self._box(event.box, state="ready", text=identity_words(event.identity))

    def _monitor_configured(self, event: Any) -> bool:
        self._sampler = event.sampler
        period_s = finite(event.period_s)
        rate = f"{1 / period_s:.6g} samples a second" if period_s else "set"
        changes = {} if words(event.sampler) in self._held else {"role": "samples"}
        return self._box(event.sampler, state="ready", text=rate, **changes)

    def _remark(self, event: Any) -> bool:
        if event.box in _NOT_BOXES:
            return False
        changes = {"state": "warn"} if event.suspicious else {}
        return self._box(event.box, text=words(event.text), **changes)

    def _samples_lost(self, event: Any) -> bool:
        return self._box(self._sampler or "monitor", state="warn", text=words(f"{event.missing} samples lost"))

    def _samples_over_range(self, event: Any) -> bool:
        text = words(f"{event.count} samples over range")
        return self._box(self._sampler or "monitor", state="warn", text=text)

    def _temperature_measured(self, event: Any) -> bool:
        temperature_c = finite(event.temperature_c)
        text = "no temperature" if temperature_c is None else f"{temperature_c:.2f} °C"
        return self._box(event.thermometer or "thermometer", state="ready", text=text)

    def _switch_turned(self, event: Any) -> bool:
        doubt = "" if event.confirmed else ", not confirmed"
        return self._box(event.switch or "switch", state="ready", text=f"turned {_on(event.on)}{doubt}")

    def _switch_read(self, event: Any) -> bool:
        return self._box(event.switch or "switch", text=f"says it is {_on(event.on)}")

    def _dut_booted(self, event: Any) -> bool:
        return self._box("dut", state="ready", text="booted")

    def _dut_identified(self, event: Any) -> bool:
        return self._box("dut", state="ready", text=words(f"{event.name[:LONGEST]}, {event.model[:LONGEST]}"))

    def _inference_done(self, event: Any) -> bool:
        return self._box("dut", text=words(f"{event.inferences} inferences done ({event.purpose})"))

    def _tear_down_step(self, event: Any) -> bool:
        if not event.name.startswith(_CLOSE):
            return False
        name = event.name.removeprefix(_CLOSE)
        if words(name) not in self._held:
            return False  # such as a part of the recording, which is closed likewise
        if event.error:
            return self._box(name, state="bad", text=words(f"not closed: {event.error}"))
        return self._box(name, state="closed")


def _on(on: bool | None) -> str:
    return "of unknown state" if on is None else "on" if on else "off"
