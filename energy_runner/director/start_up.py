# SPDX-License-Identifier: Apache-2.0
"""From instruments that are open and set to a DUT that is ready for its first stimulus: the same in all modes."""

from energy_runner.director.commands import send_commands
from energy_runner.director.flash import flash
from energy_runner.director.stage import Stage


def start_up(stage: Stage, *, isolated: bool) -> None:
    """Flash the DUT if the plan says so, power it up, identify it and send it the plan's commands.

    With `isolated` its debug probe is switched off before the power-up.
    """
    flash(stage)
    stage.await_temperature()
    if isolated:
        stage.isolation.begin()
    stage.power_up()
    stage.identify_dut()
    send_commands(stage)
