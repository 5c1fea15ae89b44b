# SPDX-License-Identifier: Apache-2.0
"""Flash the DUT with a program of the user's, the DUT powered and its debug probe on; then take its power away.

The power-up that follows is the one of every run, so the DUT that is measured has started from cold.
"""

import shlex
import shutil
import signal
from contextlib import suppress
from functools import partial

from energy_runner.director.preparation import Flash, image_sha256
from energy_runner.director.program import ProgramEnd, run_program
from energy_runner.director.stage import Stage
from energy_runner.director.supply_off import POWER_S, SUPPLY, switch_on
from energy_runner.errors import BenchFault, in_words
from energy_runner.session.events import FirmwareFlashed, SupplySwitched
from instruments.errors import ProtocolViolation, one_line

POWERED_S = 0.5  # from power-up to the program's start
OFF_S = 1.0  # without power before the run's own power-up
SETTLE_S = 5.0
LAST_LINES, LAST_CHARACTERS = 3, 300


def flash(stage: Stage) -> None:
    """Flash the DUT if the plan says so; raise `BenchFault` unless the program ends with status 0 in time."""
    wanted = stage.plan.preparation.flash
    if wanted is None:
        return
    stage.phase("flash", shlex.join(wanted.words))
    if shutil.which(wanted.words[0]) is None:
        raise BenchFault(f"flash with '{wanted.words[0]}': there is no such program. Try: its whole path")
    _check_image(wanted, "before it was flashed")
    stage.isolation.connect(stage.wait)
    _power(stage)
    end = _executed(stage, wanted)
    _drain(stage)  # before the record: what comes after it is said by the new firmware
    _record(stage, wanted, end)
    if end.status != 0:
        raise BenchFault(_failure(wanted, end))
    _check_image(wanted, "while it was flashed")
    _power_off(stage)


def _executed(stage: Stage, wanted: Flash) -> ProgramEnd:
    """Run the program; what the DUT says meanwhile is dropped, for it belongs to no run."""
    receive, now = stage.bench.dut.link.receive, stage.clock.deadline

    def look_after() -> None:
        stage.look_after()
        with suppress(ProtocolViolation):  # a pin that floats
            receive(now(0.0))

    try:
        return run_program(wanted.words, wanted.timeout_s, look_after)
    except OSError as error:
        raise BenchFault(f"flash with '{wanted.words[0]}': it cannot be started: {in_words(error)}") from error


def _record(stage: Stage, wanted: Flash, end: ProgramEnd) -> None:
    if end.left and end.status is not None:
        text = f"the flashing program left {end.left} processes running, which were ended"
        stage.recorder.remark("director", text, suspicious=True)
    stage.recorder.emit(
        FirmwareFlashed(
            t_ns=stage.clock.now_ns(),
            command=list(wanted.words),
            image=wanted.image,
            image_sha256=wanted.image_sha256,
            status=end.status,
            took_s=end.took_s,
            output=end.output,
            output_bytes=end.output_bytes,
        )
    )


def _power(stage: Stage) -> None:
    supply = stage.bench.supply
    if supply is None:
        return
    switch_on(stage.bench, supply, stage.deadline(POWER_S), partial(stage.recorder.remark, SUPPLY))
    if not stage.bench.rails:
        stage.recorder.emit(SupplySwitched(t_ns=stage.clock.now_ns(), on=True))
    stage.wait(POWERED_S)


def _power_off(stage: Stage) -> None:
    """Take the DUT's power away, once: what fails ends the run, whose tear-down tries again and again."""
    supply, bench = stage.bench.supply, stage.bench
    if supply is None:
        stage.recorder.remark(
            "director", "flashed a DUT that is fed from outside: not power-cycled, and started by its program"
        )
    else:
        supply.off(stage.deadline(POWER_S))
        bench.off_confirmed = True
        stage.off_since_ns = stage.clock.now_ns()
        if not bench.rails:
            stage.recorder.emit(SupplySwitched(t_ns=stage.clock.now_ns(), on=False))
        stage.wait(OFF_S)
    _drain(stage)


def _drain(stage: Stage) -> None:
    """Drop what the DUT has said and is saying; garbage is no reason to stop."""
    with suppress(ProtocolViolation):
        stage.bench.dut.settle(stage.deadline(SETTLE_S))


def _check_image(wanted: Flash, when: str) -> None:
    if not wanted.image:
        return
    try:
        digest = image_sha256(wanted.image)
    except OSError as error:
        raise BenchFault(f"{wanted.image} cannot be read {when}: {in_words(error)}") from error
    if digest != wanted.image_sha256:
        raise BenchFault(f"{wanted.image} was changed after the plan was made, {when}. Try: plan again")


def _failure(wanted: Flash, end: ProgramEnd) -> str:
    lines = [one_line(line) for line in end.output.replace("\r", "\n").splitlines() if line.strip()]
    last = " / ".join(lines[-LAST_LINES:])[-LAST_CHARACTERS:]
    said = f"it said last: {last}" if last else "it said nothing"
    how = _how_it_ended(wanted, end.status)
    return f"flash with '{wanted.words[0]}': {how}; {said}. Try: run it by hand while the DUT has power"


def _how_it_ended(wanted: Flash, status: int | None) -> str:
    if status is None:
        return f"it did not end within {wanted.timeout_s:g} s (flash_timeout_s) and was ended"
    if status > 0:
        return f"it ended with status {status}"
    with suppress(ValueError):
        return f"it was ended by {signal.Signals(-status).name}"
    return f"it was ended by signal {-status}"
