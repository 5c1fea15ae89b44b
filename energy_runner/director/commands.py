# SPDX-License-Identifier: Apache-2.0
"""Commands of the user's own to the DUT, such as `clock 80000000`: sent after every power-up, each answered."""

from energy_runner.director.stage import Stage
from energy_runner.session.events import DutCommanded
from instruments.devices.dut.protocol import Ready, word
from instruments.errors import Refused

COMMAND_S = 10.0
_OWN_REFUSAL = "e-["
_ADVICE = "see in the source of its firmware, or with `help%` in a terminal program, which commands it takes"


def send_commands(stage: Stage) -> None:
    """Send the plan's commands to the DUT and record its answers.

    Raises `Refused` for an answer with `e-[…]`, `TimedOut` for none that ends in time, and `ProtocolViolation` for
    a DUT that restarts; each names the command and the answer.
    """
    for command in stage.plan.preparation.commands:
        stage.phase("command", command)
        try:
            answer = stage.bench.dut.command(command, stage.deadline(COMMAND_S))
        except Refused as error:
            if not error.came.startswith(_OWN_REFUSAL):
                raise  # what relays it refuses
            raise Refused(f"send '{command}' to the DUT", error.came, _ADVICE) from error
        stage.recorder.emit(
            DutCommanded(
                t_ns=stage.clock.now_ns(),
                command=command,
                answer=[word(event) for event in answer.events if not isinstance(event, Ready)],
                sent_ns=answer.sent_ns,
            )
        )
