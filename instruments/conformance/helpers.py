# SPDX-License-Identifier: Apache-2.0
"""Checks of thermometers and switches, which stand beside what is measured."""

from collections.abc import Callable

from instruments.conformance.hands import ANSWER_S, Opened, expect, plays
from instruments.conformance.subject import Make, Subject
from instruments.errors import InstrumentError, Refused
from instruments.roles import RoleName, Switch, Temperature, Thermometer

WARMER_K = 8.0
FOLLOWS_K = 3.0  # the error of a cheap sensor, twice, and the drift of a room
A_WHILE_S = 30.0


def a_thermometer_tells_how_surely(make: Make) -> None:
    """`read()` returns a plausible temperature (-60 to 150 °C) with its uncertainty, None where none is stated."""
    if not plays(make, "thermometer"):
        return
    with Opened(make) as it:
        found = _read(it)
        expect(-60.0 <= found.value_c <= 150.0, f"a temperature of {found.value_c} °C")
        expect(found.u_k is None or 0.0 <= found.u_k < 50.0, f"an uncertainty of {found.u_k} K")


def a_thermometer_follows_the_room(make: Make) -> None:
    """`read()` returns the present temperature, not one from a while ago that nobody read."""
    if not plays(make, "thermometer") or make().warm is None:
        return
    with Opened(make) as it:
        before = _read(it)
        if it.subject.warm is not None:
            it.clock.sleep(A_WHILE_S)
            it.subject.warm(WARMER_K)
            it.clock.sleep(A_WHILE_S)
        change_k = _read(it).value_c - before.value_c
        expect(abs(change_k - WARMER_K) < FOLLOWS_K, f"{change_k:.1f} K after a change of {WARMER_K:g} K")


def a_broken_probe_is_no_temperature(make: Make) -> None:
    """Get an error, not a temperature, from a thermometer without its probe, whatever it shows (9.9E37, -127)."""
    if not plays(make, "thermometer") or make().break_probe is None:
        return
    with Opened(make) as it:
        if it.subject.break_probe is not None:
            it.subject.break_probe()
        it.clock.sleep(A_WHILE_S)
        try:
            found = _read(it)
        except InstrumentError:
            return
        raise AssertionError(f"a broken probe reads {found.value_c:g} °C")


def a_switch_is_where_it_was_turned(make: Make) -> None:
    """On is on and off is off by read-back, however often `turn()` is called; or the state is never told."""
    if not plays(make, "switch"):
        return
    with Opened(make) as it:
        switch = _switch(it)
        before = switch.is_on(it.clock.deadline(ANSWER_S))
        for wanted in (False, False, True, True, before if before is not None else True):
            switch.turn(wanted, it.clock.deadline(ANSWER_S))
            told = switch.is_on(it.clock.deadline(ANSWER_S))
            expect(told == (None if before is None else wanted), f"turned to {wanted}, read-back is {told}")


def a_switch_stays_when_it_is_opened(make: Make) -> None:
    """Neither `open()` nor `close()` turns the switch."""
    if not plays(make, "switch"):
        return
    with Opened(make) as it:
        switch = _switch(it)
        for wanted in (False, True):
            switch.turn(wanted, it.clock.deadline(ANSWER_S))
            it.subject.instrument.close()
            it.subject.instrument.open(it.clock.deadline(ANSWER_S))
            told = _switch(it).is_on(it.clock.deadline(ANSWER_S))
            expect(told in (wanted, None), f"turned to {wanted}, closed and opened, it reads {told}")


def a_welded_switch_is_noticed(make: Make) -> None:
    """Get `Refused` when the switch stays on although it was turned off, wherever its state can be read."""
    if not plays(make, "switch") or make().weld is None:
        return
    with Opened(make) as it:
        switch = _switch(it)
        if switch.is_on(it.clock.deadline(ANSWER_S)) is None:
            return
        switch.turn(True, it.clock.deadline(ANSWER_S))
        if it.subject.weld is not None:
            it.subject.weld()
        try:
            switch.turn(False, it.clock.deadline(ANSWER_S))
        except Refused:
            return
        raise AssertionError("a switch that stays on was turned off without complaint")


HELPER_CALLS: dict[RoleName, dict[str, Callable[[Subject, float], object]]] = {
    "thermometer": {
        "read": lambda s, limit: s.instrument.thermometer(s.channel("thermometer")).read(s.clock.deadline(limit))
    },
    "switch": {
        "turn": lambda s, limit: s.instrument.switch(s.channel("switch")).turn(False, s.clock.deadline(limit)),
        "is_on": lambda s, limit: s.instrument.switch(s.channel("switch")).is_on(s.clock.deadline(limit)),
    },
}


def _thermometer(it: Opened) -> Thermometer:
    return it.subject.instrument.thermometer(it.subject.channel("thermometer"))


def _read(it: Opened) -> Temperature:
    return _thermometer(it).read(it.clock.deadline(ANSWER_S))


def _switch(it: Opened) -> Switch:
    return it.subject.instrument.switch(it.subject.channel("switch"))
