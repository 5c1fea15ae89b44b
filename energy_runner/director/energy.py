# SPDX-License-Identifier: Apache-2.0
"""Energy mode: one acquisition over five stimuli; between two falling edges the DUT infers N times."""

from energy_runner.analysis.placing.margins import drift, tail_s
from energy_runner.director.loading import load
from energy_runner.director.plan import TRIAL_S
from energy_runner.director.stage import ANSWER_S, EDGE_ADVICE, Stage
from energy_runner.director.start_up import start_up
from energy_runner.errors import BenchFault
from energy_runner.session.events import (
    AcquisitionStarted,
    AcquisitionStopped,
    EdgesExpected,
    VoltageMeasured,
)
from instruments.clock import NS_PER_S, Deadline
from instruments.roles import AppliedSampling

# Edges may reach the host later than the DUT's lines do: through a slow monitor or a busy IO manager.
EDGE_WAIT_S = 2.0
# The LPM01A states its elapsed time after every 1000 samples; other monitors may do so at other intervals.
CONFIRM_SAMPLES = 1000
START_S = 10.0
STOP_S = 15.0
# While the DUT's speed is not known yet.
FIRST_TRIAL_S = 120.0
TRIAL_STEPS = 50  # of what its edges are counted in: one is 2 %, less than the reserve of a window
LAP_S = 1e-6  # step of laps
# A window may take `SLACK` times its estimate, and `SLACK_S` seconds more, before the DUT counts as hung.
SLACK = 1.5
SLACK_S = 15.0


def measure_energy(stage: Stage) -> None:
    """Execute one energy run, from closed ports to the last sample."""
    plan = stage.plan
    stage.open_instruments()
    supplied = stage.configure_supply()
    applied = stage.configure_sampler(supplied)
    start_up(stage, supplied.voltage_set_v, isolated=True)
    stage.arm_edges()
    _measure_voltage(stage)
    started_ns = _start(stage, applied)
    stage.wait(plan.head_s)
    load_started_ns = stage.clock.now_ns()
    stage.phase("load", plan.inputs[0].file)
    load(stage, plan.inputs[0], read_back=plan.read_back)
    load_s = (stage.clock.now_ns() - load_started_ns) / 1e9
    stage.isolation.look()
    inferences, inference_s = _find_inferences(stage, applied.period_s)
    limit_s = SLACK * inference_s * (inferences + plan.warmups) + SLACK_S
    window_s = inference_s * (inferences + plan.warmups)
    for index, planned in enumerate(plan.inputs):
        left = len(plan.inputs) - index
        stage.expect_total(left * (load_s + window_s) - (load_s if index == 0 else 0.0) + plan.tail_s)
        if index > 0:
            stage.phase("load", planned.file)
            load(stage, planned, read_back=plan.read_back)
        stage.phase("measure", f"window {index + 1} of {len(plan.inputs)}")
        before = edges_seen(stage)
        stage.infer(
            "window", index, inferences=inferences, warmups=plan.warmups, limit_s=limit_s, expected_s=window_s
        )
        stage.isolation.look()
        if not _edges_arrive(stage, before + 2):
            seen = edges_seen(stage) - before
            stage.recorder.remark("director", f"window {index + 1}: {seen} of 2 edges came", suspicious=True)
    stage.phase("finish")
    stage.wait(tail_s(plan.tail_s, (stage.clock.now_ns() - started_ns) / NS_PER_S, _drift(stage)))
    stage.surroundings.measure()
    _await_confirmation(stage, applied.period_s)
    _stop(stage, stage.deadline(STOP_S + _handing_over_s(stage)))
    _measure_voltage(stage)


def edges_seen(stage: Stage) -> int:
    """Return how many edges the bench's edge source has captured."""
    return len(stage.recorder.edges if _edges_in_samples(stage) else stage.recorder.laps)


def _edges_arrive(stage: Stage, count: int) -> bool:
    return stage.wait_until(lambda: edges_seen(stage) >= count, stage.deadline(EDGE_WAIT_S))


def _edges_in_samples(stage: Stage) -> bool:
    return stage.bench.edges is not None and stage.bench.edges.timebase == "samples"


def _drift(stage: Stage) -> float:
    """Return by how much the clocks that place the windows may drift apart, as a share of the time that passes."""
    specification = stage.bench.sampler.specification() if stage.bench.sampler is not None else None
    terms = specification.terms if specification is not None else ()
    return drift(term.relative for term in terms if term.name == "clock")


def _handing_over_s(stage: Stage) -> float:
    return sum(one.sampler.capabilities.stop_s for one in stage.bench.sampled())


def _start(stage: Stage, applied: AppliedSampling) -> int:
    """Start the acquisition and prove with one pulse that edges arrive; return when it started, in host ns."""
    sampler = stage.bench.sampler
    if sampler is None:
        raise BenchFault("energy cannot be measured without a sampler")
    stage.phase("start acquisition", f"{1.0 / applied.period_s:.6g} samples a second")
    player = stage.bench.players.sampler
    sampled = stage.bench.sampled()
    if stage.bench.rails:
        stage.recorder.open_rails(stage.applied, {one.rail: one.by for one in sampled})
    else:
        stage.recorder.open_trace(applied, streaming={player.instrument} if player is not None else ())
    stage.undo.register("stop the acquisition", lambda deadline: _stop(stage, deadline), STOP_S)
    for one in sampled:
        one.sampler.start(stage.deadline(START_S))
        started_ns = stage.clock.now_ns()
        stage.recorder.emit(AcquisitionStarted(t_ns=started_ns, rail=one.rail))
    stage.acquiring = True
    stage.recorder.emit(EdgesExpected(t_ns=stage.clock.now_ns(), purpose="sync", count=1))
    stage.bench.dut.timestamp(stage.deadline(ANSWER_S))
    if not _edges_arrive(stage, 1):
        source = f"the edge input of {stage.bench.players.edges}"
        raise BenchFault(
            f"the DUT was asked to pulse its timestamp pin, but {source} saw no edge within {EDGE_WAIT_S:g} s; "
            f"{EDGE_ADVICE}"
        )
    if sampler.capabilities.at_end:
        return started_ns
    if not stage.wait_until(stage.recorder.all_deliver, stage.deadline(EDGE_WAIT_S)):
        player = stage.bench.players.sampler
        triggered = sampler.capabilities.starts_on_edge
        advice = (
            f"the wire from the DUT's timestamp pin to the trigger input of {player}" if triggered else f"{player}"
        )
        raise BenchFault(
            f"the acquisition delivered no sample within {EDGE_WAIT_S:g} s of the first edge; check {advice}"
        )
    return started_ns


def _await_confirmation(stage: Stage, period_s: float) -> None:
    """Wait until the monitor has stated its time after the last window: only that confirms its samples."""
    recorder = stage.recorder
    if recorder.confirmed_end is None:
        return
    wanted = recorder.samples_end
    limit_s = CONFIRM_SAMPLES * period_s + EDGE_WAIT_S
    if not stage.wait_until(lambda: (recorder.confirmed_end or 0) >= wanted, stage.deadline(limit_s)):
        recorder.remark(
            str(stage.bench.players.sampler), "it never stated its time after the last window", suspicious=True
        )


def _stop(stage: Stage, deadline: Deadline) -> None:
    """End the acquisition, if one runs, and complete the trace."""
    sampler, recorder = stage.bench.sampler, stage.recorder
    if sampler is None or not stage.acquiring:
        return
    stage.acquiring = False
    try:
        for one in stage.bench.sampled():
            try:
                recorder.stream(one.sampler.stop(deadline), one.rail)
                stage.take_edges()
            finally:
                end, received = recorder.counted(one.rail)
                recorder.emit(
                    AcquisitionStopped(t_ns=stage.clock.now_ns(), samples=end, received=received, rail=one.rail)
                )
    finally:
        recorder.close_trace()


def _find_inferences(stage: Stage, period_s: float) -> tuple[int, float]:
    """Return how many inferences fill a window, and how long one takes in seconds, from short trials.

    Where the user gave the number, one inference is still tried: it shows how long to wait for a
    window, and that both edges arrive.
    """
    plan = stage.plan
    stage.phase("trial")
    tried = 1
    # Edges among slow samples are as coarse as these, so a trial must last for some of them, too.
    coarse_s = period_s if _edges_in_samples(stage) else LAP_S
    enough_s = max(TRIAL_S, TRIAL_STEPS * coarse_s)
    while True:
        trial_s = max(_trial(stage, tried, period_s), coarse_s)
        if plan.inferences is not None or trial_s >= enough_s:
            return plan.inferences or plan.inferences_for(trial_s / tried), trial_s / tried
        tried = max(2 * tried, int(1.2 * tried * enough_s / trial_s))


def _trial(stage: Stage, inferences: int, period_s: float) -> float:
    """Return how long a trial lasted by its edges, in seconds; 0 where both lie in one sample."""
    before = edges_seen(stage)
    warmups = stage.plan.warmups if inferences == 1 else 0
    stage.infer("trial", 0, inferences=inferences, warmups=warmups, limit_s=FIRST_TRIAL_S)
    if not _edges_arrive(stage, before + 2):
        raise BenchFault(
            f"a trial of {inferences} inferences made {edges_seen(stage) - before} edges instead of 2; "
            "check the timestamp pin's wiring, and that the firmware is the energy build"
        )
    if _edges_in_samples(stage):
        first, last = stage.recorder.edges[before], stage.recorder.edges[before + 1]
        return (last.position - first.position) * period_s
    laps = stage.recorder.laps
    return ((laps[before + 1].lap_us - laps[before].lap_us) & 0xFFFFFFFF) / 1e6


def _measure_voltage(stage: Stage) -> None:
    supply = stage.bench.supply
    if supply is None:
        return
    rails = {rail.name: rail.supply for rail in stage.bench.rails} or {"": supply}
    for rail, one in rails.items():
        voltage_v = one.measured_voltage_v(stage.deadline(ANSWER_S))
        if voltage_v is not None:
            stage.recorder.emit(VoltageMeasured(t_ns=stage.clock.now_ns(), voltage_v=voltage_v, rail=rail))
