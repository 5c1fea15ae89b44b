# SPDX-License-Identifier: Apache-2.0
"""What a live view says of the supply: a person may touch the board because it says "off"."""

import pytest

from energy_runner.session import events as ev
from energy_runner.viewer.live.supply import SupplyView

UP = ev.Phase(t_ns=1, name="power up")
ON, OFF = (ev.SupplySwitched(t_ns=2, on=on) for on in (True, False))
A_ON, A_OFF = (ev.SupplySwitched(t_ns=2, on=on, rail="core") for on in (True, False))
B_ON, B_OFF = (ev.SupplySwitched(t_ns=2, on=on, rail="io") for on in (True, False))
STEP = ev.TearDownStep(t_ns=3, name="switch the supply off")
FAILED = ev.TearDownStep(t_ns=3, name="switch the supply off", error="no answer")
OTHER = ev.TearDownStep(t_ns=3, name="close monitor", error="no answer")


def volts(voltage_v: float) -> ev.VoltageMeasured:
    return ev.VoltageMeasured(t_ns=2, voltage_v=voltage_v)


def configured(supply: str, rail: str = "") -> ev.MonitorConfigured:
    return ev.MonitorConfigured(
        t_ns=1,
        voltage_set_v=3.0,
        period_s=1e-3,
        signals=[],
        captures_edges=True,
        starts_on_edge=False,
        accuracy={},
        supply=supply,
        rail=rail,
    )


def stopped(confirmed: bool | None) -> ev.RunStopped:
    return ev.RunStopped(t_ns=4, outcome="completed", reason="", supply_off_confirmed=confirmed)


CORE, IO = configured("psu", "core"), configured("psu", "io")


@pytest.mark.parametrize(
    ("events", "state", "text"),
    [
        ([], "unknown", "nothing is known"),
        ([UP], "unknown", "nothing is known"),
        ([UP, ON], "on", "confirmed"),
        ([UP, ON, volts(3.0)], "on", "3 V measured"),
        ([volts(0.0)], "unknown", "0 V measured"),  # nobody confirmed that it is off
        ([ON, OFF], "off", "confirmed"),
        ([ON, OFF, volts(0.01)], "off", "0.01 V"),
        ([ON, OFF, volts(3.0)], "unknown", "although it was switched off"),
        ([ON, OFF, volts(float("nan"))], "unknown", "no voltage"),
        ([ON, OFF, UP], "unknown", "being switched on"),  # until the instrument confirms, it may be on already
        ([ON, OFF, ev.Phase(t_ns=2, name="flash")], "unknown", "being switched on"),
        ([ON, OFF, ev.Phase(t_ns=2, name="cool down")], "off", "confirmed"),
        ([ON, OFF, STEP], "off", "confirmed"),
        ([ON, FAILED], "unknown", "THE SUPPLY MAY STILL BE ON"),
        ([FAILED], "unknown", "its state is unknown"),
        ([ON, OTHER], "on", "confirmed"),
        ([ON, stopped(True)], "off", "at the end"),
        ([ON, stopped(False)], "unknown", "THE SUPPLY MAY STILL BE ON"),
        ([stopped(False)], "unknown", "never switched it on"),
        ([configured(""), stopped(None)], "unknown", "no instrument of this bench"),
        ([ev.Phase(t_ns=1, name="power up", detail="no supply in this bench")], "unknown", "no supply in this"),
        ([CORE, IO, A_ON], "on", "core"),
        ([CORE, IO, A_ON, B_ON, A_OFF], "on", "core"),
        ([CORE, IO, A_OFF], "unknown", "core"),
        ([CORE, IO, A_ON, B_ON, A_OFF, B_OFF], "off", "io"),
        ([CORE, IO, A_ON, B_ON, FAILED], "unknown", "MAY STILL BE ON"),
        ([CORE, IO, A_ON, B_ON, stopped(True)], "off", "at the end"),
        ([ON, ev.Remark(t_ns=2, box="supply", text="off")], "on", "confirmed"),  # words are no facts
    ],
)
def test_only_facts_tell_how_the_supply_stands(events, state, text) -> None:
    supply = SupplyView()
    for event in events:
        supply.take(event)
    assert supply.state == state
    assert text in supply.text


def test_a_run_that_says_nothing_any_more_leaves_nothing_known() -> None:
    supply = SupplyView()
    supply.take(ON)
    supply.lost("the run was killed")
    assert (supply.state, supply.text) == ("unknown", "the run was killed; it was last said to be on")
