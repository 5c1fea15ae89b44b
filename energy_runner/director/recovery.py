# SPDX-License-Identifier: Apache-2.0
"""Steps of recovery between two attempts at a point of a sweep, as a table; each ends with the supply off.

A step examines the bench as well: it succeeds only if what it acts on answers, the DUT says its name where the
step feeds it, and the supply is confirmed off at the end. So it is evidence for or against the bench.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from energy_runner.bench import Bench
from energy_runner.director.recovery_hands import DoesNotApply, Hands
from energy_runner.director.recovery_steps import (
    power_cycle_dut,
    power_cycle_usb,
    reopen_monitor,
    reset_io_manager,
    resynchronise,
)
from energy_runner.director.stop import StopRequest
from energy_runner.director.supply_off import MAY_BE_ON, stopped_safely, unconfirmed
from energy_runner.errors import ConfigurationError, Interrupted, RunnerError
from energy_runner.wording import shown
from instruments.clock import NS_PER_S
from instruments.errors import InstrumentError, named, one_line

QUARANTINE = "quarantine"
STEPS: dict[str, Callable[[Hands], str]] = {
    "resynchronise": resynchronise,
    "power-cycle-dut": power_cycle_dut,
    "reset-io-manager": reset_io_manager,
    "reopen-monitor": reopen_monitor,
    "power-cycle-usb": power_cycle_usb,
    QUARANTINE: lambda hands: "nothing is done on the bench itself",
}
LIMIT_S = 120.0
MOST_REMARKS = 2


@dataclass(frozen=True)
class RecoveryStep:
    """A step that was taken. `took_s` is its duration by the bench's clock, with the tear-down (s).

    `ok` says that it succeeded and the supply is off. A step that does not apply to the bench is not `ok`, and
    nothing was opened. `supply_off` is True if the supply was confirmed off, False if that could not be confirmed,
    and None for a bench without a supply, or if nothing was opened. `detail` is one line.
    """

    step: str
    ok: bool
    detail: str
    took_s: float
    applies: bool = True
    supply_off: bool | None = None

    @property
    def went(self) -> Literal["ok", "failed", "does not apply"]:
        """Return "ok", "failed" or "does not apply"."""
        return "does not apply" if not self.applies else "ok" if self.ok else "failed"

    def __str__(self) -> str:
        return f"{self.step}: {self.went}" + (f" ({self.detail})" if self.detail else "")


def recover(
    bench: Bench,
    step: str,
    deadline_s: float = LIMIT_S,
    *,
    stop: StopRequest | None = None,
    usb_power_command: Sequence[str] = (),
    died: str | None = None,
) -> RecoveryStep:
    """Take one step on a bench that is held and closed; leave it closed, with its supply off.

    `deadline_s` is the most the step may take (s); switching the supply off afterwards has a limit of its own.
    `usb_power_command` is a program with its arguments, which switches a USB port off and on. `died` names an
    earlier run on the bench that did not end properly. Whatever the bench does is told in the step that is
    returned. Raises `ConfigurationError` for a step that does not exist, and
    `Interrupted` if `stop` is asked for and the supply is confirmed off, `BenchFault` if it is not.
    """
    take = STEPS.get(step)
    if take is None:
        raise ConfigurationError(f"there is no step of recovery '{shown(step)}'. Try: one of {', '.join(STEPS)}")
    began_ns = bench.clock.now_ns()
    hands = Hands(bench, bench.clock.deadline(deadline_s), stop or StopRequest(), usb_power_command)
    if died is not None:
        hands.remarks.append(f"an earlier run had died: {died}")
    ok, applies, stopped = False, True, None
    try:
        detail = take(hands)
        ok = True
    except DoesNotApply as error:
        applies, detail = False, one_line(error)
    except Interrupted as error:
        stopped, detail = error, one_line(error)
    except (InstrumentError, RunnerError, OSError) as error:
        detail = one_line(error)
    except Exception as error:  # a night must not end because of a mistake in a step
        detail = f"an internal error: {named(error)}"
    finally:
        hands.let_go()
    if stopped is not None:
        raise stopped_safely(stopped, bench)
    opened = hands.touched and bench.supply is not None
    if opened and not bench.off_confirmed:
        doubt = (
            unconfirmed(bench) if bench.switched_on else f"the supply is not confirmed off: {hands.why_not_off}"
        )
        ok, detail = False, f"{doubt}; {detail}" if MAY_BE_ON in doubt else f"{detail}; {doubt}"
    more = len(hands.remarks) - MOST_REMARKS
    remarks = [*hands.remarks[:MOST_REMARKS], *([f"{more} more remarks"] if more > 0 else [])]
    detail = "; ".join((detail, *remarks))
    took_s = (bench.clock.now_ns() - began_ns) / NS_PER_S
    return RecoveryStep(step, ok, one_line(detail), took_s, applies, bench.off_confirmed if opened else None)
