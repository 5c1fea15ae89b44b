# SPDX-License-Identifier: Apache-2.0
"""The first words with the DUT: its boot lines, and its name, which may have to be asked for more than once."""

from typing import TYPE_CHECKING

from energy_runner.errors import BenchFault
from energy_runner.session.events import DutBooted
from instruments.devices.dut.driver import Answer
from instruments.roles import Identity

if TYPE_CHECKING:
    from energy_runner.director.stage import Stage

ANSWERS_S = 10.0  # for `name` and `profile`, without the boot


def note_boot(stage: "Stage", boot: Answer) -> None:
    """Record the DUT's boot lines; raise `BenchFault` for firmware that was built for another mode."""
    lines = [str(event) for event in boot.events]
    mode = boot.text("timestamp-mode") or ""
    stage.recorder.emit(DutBooted(t_ns=stage.clock.now_ns(), timestamp_mode=mode, lines=lines))
    wanted = stage.plan.mode
    if wanted != "accuracy" and mode not in {"", wanted}:
        raise BenchFault(
            f"the DUT's firmware was built for {mode} mode, but this run measures {wanted}; "
            f"flash the {wanted} build (EE_CFG_ENERGY_MODE {1 if wanted == 'energy' else 0}) and run again"
        )


def first_contact(stage: "Stage") -> Identity:
    """Return who the DUT says it is; it is given the time to boot, which it may need because its port opened.

    What had to be asked again is recorded as a remark.
    """
    dut, boot_s = stage.bench.dut, stage.bench.spec.dut.boot_timeout_s
    identity = dut.identify(stage.deadline(ANSWERS_S + boot_s), boot_s)
    contact = dut.first_contact
    if contact is None:
        return identity
    if contact.booted:
        note_boot(stage, contact.answer)
    if contact.asked > 1:
        reason = "it was booting" if contact.booted else f"it first said {contact.answer.excerpt()}"
        stage.recorder.remark("dut", f"asked {contact.asked} times for its name: {reason}")
    return identity
