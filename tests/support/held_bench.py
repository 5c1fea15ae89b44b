# SPDX-License-Identifier: Apache-2.0
"""`sweep worker` with a bench that claims a point, and then waits while the file `hold` is there.

So a test has the time that it needs on a slow computer. Run as a program: `worker SCHEDULER NAME`, in the test's
folder.
"""

import os
import sys
from pathlib import Path

from energy_runner.api.benches import load_bench
from energy_runner.api.runs import while_signals_stop
from energy_runner.api.sweeps import serve_sweep
from energy_runner.director.stop import StopRequest
from energy_runner.sweep.computers.address import scheduler_at
from energy_runner.sweep.computers.offer import BenchOffer
from energy_runner.sweep.computers.offering import offer_to
from energy_runner.sweep.work.processes import CATALOGUE_VARIABLE, write_word
from energy_runner.sweep.work.served_bench import served_bench
from instruments.clock import RealClock

HOLD = "hold"


def worker(scheduler: str, name: str) -> None:
    def command(sweep: str, bench: str, out: Path, lease_s: float) -> list[str]:
        return [sys.executable, "-m", __spec__.name, "serve", sweep, name, f"{lease_s:g}"]

    served = served_bench(name, "virtual-ideal", load_bench("virtual-ideal"))
    out, stop = Path(f"on-{name}"), StopRequest()
    offer = BenchOffer(served, os.environ[CATALOGUE_VARIABLE], out, RealClock(), print, command)
    with while_signals_stop(stop):
        offer_to(offer, scheduler_at(scheduler), stop, print)


def serve(sweep: str, name: str, lease_s: str, *word: str) -> None:
    parent = os.getppid()

    def step(step: str) -> None:
        while step == "claimed" and Path(HOLD).exists() and os.getppid() == parent:
            RealClock().sleep(0.1)

    ended = serve_sweep(
        sweep,
        name,
        "virtual-ideal",
        catalogue=os.environ[CATALOGUE_VARIABLE],
        out=f"on-{name}",
        lease_s=float(lease_s),
        tied=True,
        tell=print,
        step=step,
    )
    write_word(Path(word[word.index("--word") + 1]), ended)


if __name__ == "__main__":
    {"worker": worker, "serve": serve}[sys.argv[1]](*sys.argv[2:])
