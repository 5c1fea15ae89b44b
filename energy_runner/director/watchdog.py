# SPDX-License-Identifier: Apache-2.0
"""The watchdog: `python -m energy_runner.director.watchdog`, started by every job on a bench of real instruments.

Its standard input is a pipe: first one line about the job, then nothing until the job ends. If it ends without a
word (killed, crashed), the watchdog switches the supply off.
"""

import json
import signal
import sys

from energy_runner.bench import BenchSpec, build_bench
from energy_runner.bench.lock import Held, lock_bench
from energy_runner.director.examination import who
from energy_runner.director.make_safe import make_safe
from energy_runner.director.stop import OTHERS, SIGNALS
from energy_runner.director.watch import DISMISSED
from energy_runner.errors import BenchFault, RunnerError
from instruments.clock import Clock, RealClock, utc_text
from instruments.errors import InstrumentError, one_line

TRIES_S = 60.0
# The operating system closes what a dead process held one by one: the pipe may be closed before the lock. And the
# next job may have taken the bench at once, and end without having reached the supply.
LOCK_S = 60.0
_FIRST_TURN_S = 0.05
_LONGEST_TURN_S = 1.0


def main() -> int:
    """Wait for the end of the job; switch the supply off unless the job has dismissed this watchdog."""
    for number in (*SIGNALS, *OTHERS):
        signal.signal(number, signal.SIG_IGN)  # it ends when the job does, and not before
    job = json.loads(sys.stdin.buffer.readline() or b"null")
    if job is None or sys.stdin.buffer.read() == DISMISSED:
        return 0
    rescue(BenchSpec.model_validate(job["bench"]), job["doing"], RealClock())
    return 0


def rescue(spec: BenchSpec, doing: str, clock: Clock) -> None:
    """Switch off the supply of a bench whose job `doing` has died, and leave word for the next one.

    A bench that another job holds for all of a minute, or has held since and left with its supply off, is not
    touched. Where nothing can be locked, no other job can hold it.
    """
    deadline, turn_s = clock.deadline(LOCK_S), _FIRST_TURN_S
    while True:
        try:
            doing_so = f"the watchdog of {doing} switches the supply off"
            with lock_bench(spec, doing_so, unlocked=lambda why: None) as held:
                if held.died is not None or held.unlocked:
                    _switch_off(spec, held, clock)
                return
        except BenchFault:
            if deadline.expired():
                return
        clock.sleep(turn_s)
        turn_s = min(2 * turn_s, _LONGEST_TURN_S)


def _switch_off(spec: BenchSpec, held: Held, clock: Clock) -> None:
    try:
        identity = make_safe(build_bench(spec, "performance"), limit_s=TRIES_S)
    except (InstrumentError, RunnerError, OSError) as error:
        held.supply_may_be_on(
            f"its watchdog could not switch the supply off within {TRIES_S:g} s: {one_line(error)}"
        )
    else:
        at = utc_text(clock.utc_ns())
        held.supply_is_off(
            f"{held.died}; its watchdog switched the supply off at {at} (confirmed by {who(identity)})"
        )


if __name__ == "__main__":
    sys.exit(main())
