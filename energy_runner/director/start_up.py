# SPDX-License-Identifier: Apache-2.0
"""From instruments that are open and set to a DUT that is ready for its first stimulus: the same in all modes."""

from energy_runner.director.commands import send_commands
from energy_runner.director.stage import Stage


def start_up(stage: Stage, *, isolated: bool) -> None:
    """Power the DUT up, identify it and send it the plan's commands; with `isolated`, without its debug probe."""
    stage.await_temperature()
    if isolated:
        stage.isolation.begin()
    stage.power_up()
    stage.identify_dut()
    send_commands(stage)
