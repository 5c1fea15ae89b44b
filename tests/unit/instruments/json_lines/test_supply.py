# SPDX-License-Identifier: Apache-2.0
"""A supply behind a JSON server: another read-back than was asked for stops the run; off is near zero volt."""

import pytest

from instruments.errors import Refused
from tests.support.otii_bench import SETTINGS, make


@pytest.mark.parametrize(
    ("command", "value"),
    [("arc_get_main_voltage", value) for value in (0.0, 5.0, 2.9, 1e38)]
    + [("arc_get_max_current", value) for value in (0.0, 5.0, -0.5)],
)
def test_another_setting_than_was_asked_for_stops_the_run(command: str, value: float) -> None:
    bench = make()
    bench.monitor.open(bench.within())
    bench.twin._commands[command] = lambda data: {"value": value}
    with pytest.raises(Refused, match=f"{command} says"):
        bench.monitor.configure(SETTINGS, bench.within())


@pytest.mark.parametrize("value", [-3.0, -1e38])
def test_a_voltage_below_zero_does_not_confirm_that_it_is_off(value: float) -> None:
    bench = make().ready()
    bench.stop()
    bench.twin._commands["arc_get_value"] = lambda data: {"value": value}
    with pytest.raises(Refused, match="says off, but the output is at"):
        bench.monitor.power_off(bench.within())
