# SPDX-License-Identifier: Apache-2.0
"""From instruments that are open and set to a DUT that is ready for its first stimulus: the same in all modes."""

from energy_runner.director.commands import send_commands
from energy_runner.director.flash import flash
from energy_runner.director.settle import check_settling, cool_down, settle
from energy_runner.director.stage import Stage


def start_up(stage: Stage, voltage_set_v: float, *, isolated: bool) -> None:
    """Do what the plan says before and after the power-up: flash, wait, switch on, settle, identify, command.

    `voltage_set_v` is what the supply has reported as set (V). With `isolated` the debug probe of the DUT is
    switched off before the power-up.
    """
    check_settling(stage)
    flash(stage)
    cool_down(stage)
    stage.await_temperature()
    if isolated:
        stage.isolation.begin()
    stage.power_up()
    settle(stage, voltage_set_v)
    stage.identify_dut()
    send_commands(stage)
