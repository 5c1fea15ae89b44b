# SPDX-License-Identifier: Apache-2.0
"""What is asked of an Otii Arc or Ace, as tables.

Sources: Qoitech, "The TCP Server", "Arc requests" (commands, channels); "Otii and short pulses" (an Arc reads
current 4000 and voltage 1000 times a second); otii-tcp-client, README (only an Ace has its sample rate set) and
`examples/voltage_sweep.py` (50,000 a second for all main channels); docs.qoitech.com, "Expansion port" (1.2 to
5 V).
"""

from dataclasses import dataclass

from instruments.devices.otii.protocol import has_no_such_command
from instruments.json_lines.supply import JsonSupplyDialect
from instruments.roles import Rates, SupplyLimits


@dataclass(frozen=True)
class Model:
    """One model: its kind in the server's words, what it can supply, its table, and the rates to try first.

    Where `default_hz` is empty, the rate is fixed.
    """

    kind: str
    limits: SupplyLimits
    specification: str
    rates: Rates
    default_hz: tuple[int, ...] = ()


# An Arc on its USB port alone gives 3.75 V (elektormagazine.com, Otii Arc); more needs its mains adapter.
ARC = Model(
    kind="Arc",
    limits=SupplyLimits(0.5, 5.0, 5.0),
    specification="instruments.devices.otii:arc.toml",
    rates=Rates(4000.0, 4000.0, only=(4000.0,)),
)
# Assumed: 0 to 25 V and 5 A. Of the rates, one is known to be accepted; 10 kHz are tried first, as they make a
# fifth of the text.
ACE = Model(
    kind="Ace",
    limits=SupplyLimits(0.0, 25.0, 5.0),
    specification="instruments.devices.otii:ace.toml",
    rates=Rates(1.0, 50e3),
    default_hz=(10_000, 50_000),
)
CURRENT, VOLTAGE, PIN = "mc", "mv", "i1"
PIN_NUMBER = 1
EXPANSION_V = (1.2, 5.0)
READINGS_AT_ONCE = 40_000  # as the maker's client asks for
MOST_HZ = 1_000_000  # of a channel: far more than any Otii has, and far less than nonsense
SUPPLY = JsonSupplyDialect(
    put_back=(
        ("arc_set_supply_power_box", {}),  # in place of an emulated battery
        ("arc_set_power_regulation", {"mode": "voltage"}),
        ("arc_set_4wire", {"enable": False}),
        ("arc_set_src_cur_limit_enabled", {"enable": False}),  # at the limit, cut off instead of sagging
        ("arc_set_range", {"range": "low"}),  # which is the maker's word for automatic ranges
    ),
    unknown=has_no_such_command,
    set_voltage="arc_set_main_voltage",
    voltage="arc_get_main_voltage",
    set_limit="arc_set_max_current",
    limit="arc_get_max_current",
    switch="arc_set_main",
    is_on="arc_get_main",
    measure=("arc_get_value", {"channel": VOLTAGE}),
    default_limit_a=0.5,
    within=0.01,  # assumed: no document gives the steps
)
