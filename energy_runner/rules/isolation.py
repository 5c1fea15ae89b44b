# SPDX-License-Identifier: Apache-2.0
"""The rule on the debug probe: a probe that stays connected feeds current into the DUT, or takes some."""

from energy_runner.rules.base import Case, Judgement, not_known, number, shown
from energy_runner.rules.rule_sets import Row
from energy_runner.session.events import InferenceDone, SwitchRead, SwitchTurned

LIMIT = "off in every window"


def probe_off(case: Case, _: Row) -> Judgement | None:
    """Judge whether the switch of the debug probe was read back as off before and after every window.

    Without a switch on the bench nobody knows; a probe may have been unplugged by hand. None for a virtual bench
    without one: no probe is there.
    """
    found = _Windows()
    for event in case.session.journal(exchanges=False):
        found.heed(event)
    found.end()
    if not found.name and not found.told:
        if case.record.virtual:
            return None
        return not_known(LIMIT, "no switch is on the bench: whether a debug probe was connected is not known")
    if not found.windows:
        return not_known(LIMIT, "no window was measured")
    if found.on:
        share = f"{found.windows - found.on} of {found.windows} windows"
        return number(found.windows - found.on, share, LIMIT, f"{shown(found.name)} was on", low=found.windows)
    if found.unknown:
        count = "every window" if found.unknown == found.windows else f"{found.unknown} of {found.windows} windows"
        why = f"{shown(found.name)} was turned off, and its state around {count} could not be read back"
        return not_known(LIMIT, why, low=found.windows)
    return number(
        found.windows, f"{found.windows} windows", LIMIT, f"read back from {shown(found.name)}", low=found.windows
    )


class _Windows:
    """Counts windows by what the switch said before and after each: on, or not known."""

    def __init__(self) -> None:
        self.name = ""
        self.told = False  # whether there is a switch
        self.windows = self.on = self.unknown = 0
        self._state: bool | None = None  # True: on; None: not known
        self._open: list[bool | None] = []  # the states before the windows that no later reading has confirmed yet

    def heed(self, event: object) -> None:
        """Take an event of the journal into account."""
        if isinstance(event, SwitchTurned | SwitchRead):
            self.told, self.name = True, event.switch or self.name or "the switch"
            self._state = self._said(event)
            self._close(self._state)
        elif isinstance(event, InferenceDone) and event.purpose == "window":
            self.windows += 1
            self._open.append(self._state)

    def end(self) -> None:
        """Count the windows that no reading came after."""
        self._close(None)

    def _said(self, event: SwitchTurned | SwitchRead) -> bool | None:
        if isinstance(event, SwitchTurned) and (event.on or not event.confirmed):
            return None  # turned on again after the run: that says nothing about the windows before
        return event.on

    def _close(self, after: bool | None) -> None:
        for before in self._open:
            if before is True or after is True:
                self.on += 1
            elif before is None or after is None:
                self.unknown += 1
        self._open = []
