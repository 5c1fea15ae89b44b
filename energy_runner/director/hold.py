# SPDX-License-Identifier: Apache-2.0
"""Hold a bench for one job: its lock, the watchdog over its supply, and what is left behind for the next job."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from energy_runner.bench import Bench
from energy_runner.bench.lock import lock_bench
from energy_runner.director.supply_off import MAY_BE_ON, unconfirmed
from energy_runner.director.watch import Watch


@contextmanager
def hold_bench(
    bench: Bench, doing: str, *, watched: bool = True, unlocked: Callable[[str], object] | None = None
) -> Iterator[str | None]:
    """Hold the bench while the body runs; yield which earlier jobs did not confirm that the supply is off.

    While it runs, a watchdog waits for the death of this process, if `watched`. It is dismissed when the supply is
    confirmed off or was never switched on; otherwise it goes on trying when the body has ended. Raises
    `BenchFault` if another job holds one of the bench's instruments, or if it cannot be locked; see `lock_bench`
    for `unlocked`. Whatever error ends the body says so (in its notes) if the supply may still be on.
    """
    with lock_bench(bench.spec, doing, unlocked) as held:
        bench.switched_on = bench.off_confirmed = False  # whatever an earlier job on the same object has found
        watch = Watch(bench, doing) if watched else None
        try:
            yield held.died
        except BaseException as error:
            doubt = unconfirmed(bench) if bench.switched_on else ""
            if doubt and MAY_BE_ON not in str(error):
                error.add_note(doubt)
            raise
        finally:
            safe = bench.supply is None or bench.off_confirmed
            if safe:
                held.supply_is_off()
            elif bench.switched_on:
                held.supply_may_be_on()
            if watch is not None:
                watch.end(dismiss=safe or not bench.switched_on)
