# SPDX-License-Identifier: Apache-2.0
"""A bench that is offered: one process at a time serves on it, and dask's calls join it."""

import asyncio
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from energy_runner.errors import BenchFault
from energy_runner.sweep.catalogue import Catalogue, SweepRow
from energy_runner.sweep.computers.offer import BenchOffer
from energy_runner.sweep.computers.task import OFFERS, ended_from, serve_bench
from energy_runner.sweep.plan.points import Point
from energy_runner.sweep.work.ends import End, Ended
from energy_runner.sweep.work.served_bench import ServedBench
from instruments.clock import RealClock

# Serves until it is told to stop, or the file `end` is there; it says what `sweep serve` would.
SERVER = """
import json, os, pathlib, select, signal, sys, time
stopped = []
signal.signal(signal.SIGINT, lambda *_: stopped.append("Ctrl-C"))
print("energy-runner: begins", flush=True)
word = pathlib.Path(sys.argv[sys.argv.index("--word") + 1])
assert "--tied" in sys.argv
while not stopped and not pathlib.Path(sys.argv[1], "end").exists():
    if select.select([0], [], [], 0.02)[0] and not sys.stdin.buffer.read(1):
        stopped.append("parent")
end = "interrupted" if stopped else "finished"
word.write_text(json.dumps({"end": end, "reason": "", "points": 3, "pid": os.getpid()}))
"""


@pytest.fixture
def offers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    catalogue = Catalogue(tmp_path / "catalogue.sqlite")
    for sweep in ("night-1", "night-2"):
        row = SweepRow(sweep, "night", "", "2026-11-30T00:00:00.000Z", "pc1", "sweeps", "open")
        catalogue.add_sweep(row, [Point(1, 1, 1, {})], {})
    catalogue.close()
    begun: list[str] = []

    def command(sweep: str, bench: str, out: Path, lease_s: float) -> list[str]:
        begun.append(sweep)
        return [sys.executable, "-c", SERVER, str(tmp_path)]

    made: list[BenchOffer] = []

    def offer(tell: Callable[[str], object] = lambda _: None, where: str = "catalogue.sqlite") -> BenchOffer:
        bench = ServedBench("left", "virtual-ideal", True, ("pc1/virtual:left",))
        made.append(BenchOffer(bench, str(tmp_path / where), tmp_path, RealClock(), tell, command))
        return made[-1]

    offer.begun = begun  # type: ignore[attr-defined]
    offer.end = (tmp_path / "end").touch  # type: ignore[attr-defined]
    yield offer
    for one in made:
        one.ask_to_stop("the test is over")
        one.close()
    OFFERS.clear()


def test_a_second_call_joins_who_serves_already(offers: Any) -> None:
    offer = offers()
    first = offer.serve("night-1", 30.0)
    assert offer.serve("night-1", 30.0) is first
    assert offer.serve("night-2", 30.0) is None  # one sweep at a time on a bench
    offers.end()
    offer.close()
    assert first.ended == Ended(End.FINISHED, "", 3)
    assert offers.begun == ["night-1"]
    assert offer.serve("night-2", 30.0) is not first


def test_a_call_of_dask_waits_for_the_end(offers: Any) -> None:
    OFFERS["left"] = offers()

    async def calls() -> list[Any]:
        both = [asyncio.ensure_future(serve_bench(sweep, "left", 30.0)) for sweep in ("night-1", "night-1")]
        await asyncio.sleep(0.1)
        both[0].cancel()  # as when the scheduler is gone: whoever serves goes on
        offers.end()
        return await asyncio.gather(*both, return_exceptions=True)

    cancelled, word = asyncio.run(calls())
    assert isinstance(cancelled, asyncio.CancelledError)
    assert ended_from(word) == Ended(End.FINISHED, "", 3)
    assert offers.begun == ["night-1"]


def test_a_dask_worker_that_is_none_of_ours_says_so() -> None:
    with pytest.raises(BenchFault, match="this dask worker does not offer bench 'left'"):
        asyncio.run(serve_bench("night-1", "left", 30.0))


def test_who_stops_the_worker_ends_what_it_serves_and_begins_nothing(offers: Any) -> None:
    told: list[str] = []
    offer = offers(told.append)
    serving = offer.serve("night-1", 30.0)
    while "begins" not in told:
        RealClock().sleep(0.02)
    offer.ask_to_stop("stopped by Ctrl-C")
    offer.close()
    assert serving.ended.end == End.INTERRUPTED
    assert offer.serve("night-2", 30.0).ended == Ended(End.INTERRUPTED, "stopped by Ctrl-C")
    assert told[-1] == "sweep night-1: interrupted"


def test_a_sweep_of_another_catalogue_is_a_plain_failure(offers: Any) -> None:
    offer = offers()
    serving = offer.serve("night-9", 30.0)
    offer.close()
    assert serving.ended.end == End.FAILED
    assert "no sweep is called night-9" in serving.ended.reason
    assert offers.begun == []


def test_a_catalogue_that_is_not_here_is_not_made(offers: Any, tmp_path: Path) -> None:
    offer = offers(where="elsewhere.sqlite")
    serving = offer.serve("night-1", 30.0)
    offer.close()
    assert serving.ended.end == End.FAILED
    assert "no such catalogue on this computer" in serving.ended.reason
    assert not (tmp_path / "elsewhere.sqlite").exists()
