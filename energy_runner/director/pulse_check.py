# SPDX-License-Identifier: Apache-2.0
"""Let the DUT pulse its timestamp pin once: which instruments see the pulse, and how late they say it was."""

from collections.abc import Callable
from dataclasses import dataclass, field

from energy_runner.bench import Bench
from energy_runner.director.pulse_times import Moment, how_late, said_moment
from energy_runner.director.stage import EDGE_ADVICE
from energy_runner.director.stop import StopRequest
from energy_runner.director.supply_off import POWER_S
from energy_runner.director.undo import UndoStack
from energy_runner.errors import BenchFault
from instruments.roles import EdgeSource, Samples

ANSWER_S = 5.0
EDGE_S = 2.0

Call = Callable[[str], str]  # what an instrument is called within a sentence


@dataclass
class _Pulse:
    """One pulse: when it must have been (`lies`), how many edges each instrument saw, when each says it was."""

    lies: Moment
    seen: dict[str, int]
    said: dict[str, Moment] = field(default_factory=dict)


def pulse_seen(bench: Bench, period_s: float, stop: StopRequest, undo: UndoStack, the: Call) -> str:
    """Return in words who saw one pulse, and how late; `period_s` is the sample period (s).

    Raises `BenchFault` if an instrument that a run needs did not see it, or saw several.
    """
    players = bench.players
    sources = {
        player.instrument: source
        for player, source in ((players.edges, bench.edges), (players.cross_check, bench.cross_check))
        if player is not None and source is not None
    }
    for source in sources.values():
        source.arm(bench.clock.deadline(ANSWER_S))  # only now: the DUT pulses at boot, too
    pulse = _one_pulse(bench, period_s, sources, stop, undo, the=the)
    if pulse is None:
        return "not examined: this is a performance build, which prints its timestamps"
    seen = pulse.seen
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
    by = "by " + " and ".join(the(name) for name, count in seen.items() if count)
    return by + more + how_late(pulse.lies, pulse.said, the)


def _one_pulse(
    bench: Bench, period_s: float, sources: dict[str, EdgeSource], stop: StopRequest, undo: UndoStack, *, the: Call
) -> _Pulse | None:
    """Return what the instruments saw of one pulse; None if the firmware makes no pulse."""
    clock, samplers = bench.clock, {one.by: one.sampler for one in bench.sampled()}
    if not samplers:
        return None
    triggered = {name for name, sampler in samplers.items() if sampler.capabilities.starts_on_edge}
    seen = dict.fromkeys((*(name for name in samplers if name in triggered), *sources), 0)
    started = Moment(0, 0)  # of the first sampler, on whose axis edges are
    for sampler in reversed(samplers.values()):
        undo.register("end the acquisition", sampler.stop, POWER_S)
        called_ns = clock.now_ns()
        sampler.start(clock.deadline(ANSWER_S))
        started = Moment(called_ns, clock.now_ns())
    answer = bench.dut.timestamp(clock.deadline(ANSWER_S))
    if answer.has_lap:
        return None
    pulse = _Pulse(Moment(answer.sent_ns, answer.heard[0].at_ns if answer.heard else clock.now_ns()), seen)
    sampled: set[str] = set()
    limit = clock.deadline(EDGE_S)
    while not limit.expired():
        stop.check()
        clock.sleep(0.1)
        for name, sampler in samplers.items():
            if any(isinstance(item, Samples) for item in sampler.poll(clock.deadline(ANSWER_S))):
                sampled.add(name)
        for name, source in sources.items():
            edges = source.take(clock.deadline(ANSWER_S))
            if edges and not seen[name]:
                pulse.said[name] = said_moment(edges[0], started, period_s)
            seen[name] += len(edges)
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
    return pulse
