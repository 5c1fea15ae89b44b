# SPDX-License-Identifier: Apache-2.0
"""Let the DUT pulse its timestamp pin once, and see which instruments notice."""

from collections.abc import Callable

from energy_runner.bench import Bench
from energy_runner.director.stage import EDGE_ADVICE
from energy_runner.director.stop import StopRequest
from energy_runner.director.supply_off import POWER_S
from energy_runner.director.undo import UndoStack
from energy_runner.errors import BenchFault
from instruments.roles import EdgeSource, Samples

ANSWER_S = 5.0
EDGE_S = 2.0

Call = Callable[[str], str]  # what an instrument is called within a sentence


def pulse_seen(bench: Bench, stop: StopRequest, undo: UndoStack, the: Call) -> str:
    """Return in words who saw one pulse; raise `BenchFault` if one that a run needs did not, or saw several."""
    players = bench.players
    sources = {
        player.instrument: source
        for player, source in ((players.edges, bench.edges), (players.cross_check, bench.cross_check))
        if player is not None and source is not None
    }
    for source in sources.values():
        source.arm(bench.clock.deadline(ANSWER_S))  # only now: the DUT pulses at boot, too
    seen = _seen_of_one_pulse(bench, sources, stop, undo, the)
    if seen is None:
        return "not examined: this is a performance build, which prints its timestamps"
    needed = {str(players.edges.instrument)} if players.edges else set()
    needed |= {one.by for one in bench.sampled() if one.sampler.capabilities.starts_on_edge}
    missing = [name for name in seen if name in needed and not seen[name]]
    if missing:
        others = [name for name in seen if seen[name]]
        did = f", though {' and '.join(map(the, others))} did" if others else ""
        raise BenchFault(f"{' and '.join(map(the, missing))} did not see the pulse{did}; {EDGE_ADVICE}")
    for name, count in seen.items():
        if count > 1:
            raise BenchFault(f"{the(name)} saw {count} edges for one pulse; the pin bounces or rings")
    idle = [name for name in seen if name not in needed and not seen[name]]
    more = f"; not by {' and '.join(map(the, idle))}, which serves as a cross-check only" if idle else ""
    return "by " + " and ".join(the(name) for name, count in seen.items() if count) + more


def _seen_of_one_pulse(
    bench: Bench, sources: dict[str, EdgeSource], stop: StopRequest, undo: UndoStack, the: Call
) -> dict[str, int] | None:
    """Return how many edges of one pulse each instrument saw; None if the firmware makes no pulse."""
    clock, samplers = bench.clock, {one.by: one.sampler for one in bench.sampled()}
    if not samplers:
        return None
    triggered = {name for name, sampler in samplers.items() if sampler.capabilities.starts_on_edge}
    seen = dict.fromkeys((*(name for name in samplers if name in triggered), *sources), 0)
    for sampler in samplers.values():
        undo.register("end the acquisition", sampler.stop, POWER_S)
        sampler.start(clock.deadline(ANSWER_S))
    answer = bench.dut.timestamp(clock.deadline(ANSWER_S))
    if any(type(heard.event).__name__ == "Lap" for heard in answer.heard):
        return None
    sampled: set[str] = set()
    limit = clock.deadline(EDGE_S)
    while not limit.expired():
        stop.check()
        clock.sleep(0.1)
        for name, sampler in samplers.items():
            if any(isinstance(item, Samples) for item in sampler.poll(clock.deadline(ANSWER_S))):
                sampled.add(name)
        for name, source in sources.items():
            seen[name] += len(source.take(clock.deadline(ANSWER_S)))
    for name, sampler in samplers.items():
        if sampler.capabilities.at_end:
            items = sampler.stop(clock.deadline(POWER_S + sampler.capabilities.stop_s))
            if any(isinstance(item, Samples) for item in items):
                sampled.add(name)
    # A log that runs was started by the edge, so its trigger input saw it.
    seen |= dict.fromkeys(sampled & triggered, 1)
    silent = [name for name in samplers if name not in sampled | triggered]
    if silent:
        raise BenchFault(f"{the(silent[0])} delivered no sample within {EDGE_S:g} s of its start")
    return seen
