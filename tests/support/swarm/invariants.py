# SPDX-License-Identifier: Apache-2.0
"""What must hold after every run, whatever happened to it, checked against the truth of the virtual world."""

import statistics
from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields
from unittest.mock import patch

from energy_runner import api
from energy_runner.bench import Bench
from energy_runner.director.examination import SUPPLY_IS_OFF
from energy_runner.errors import ExitStatus, RunnerError
from energy_runner.rules import evaluate
from energy_runner.session.events import RunStopped, SupplySwitched
from energy_runner.session.folder import Session, json_bytes
from instruments.world.faults import Faults
from tests.support.swarm.benches import WINDOWS, built, clean, done
from tests.support.swarm.trial import Trial

# The longest chain of deadlines in the walk of the plan, with the tear-down's, in virtual seconds.
LONGEST_S = 400.0
AT_ONCE_S = 2.0  # within which every instrument that answers is opened and switched off
RESONATOR = 5e-3  # by which the clock of a board may be off


@dataclass(frozen=True)
class Error:
    """A figure's error and its U, both relative to the truth."""

    error: float
    expanded: float

    @property
    def held(self) -> bool:
        """Return whether the interval holds the truth."""
        return abs(self.error) <= self.expanded

    @property
    def far(self) -> bool:
        """Return whether the truth is more than 2 U away."""
        return abs(self.error) > 2 * self.expanded


def error_of(trial: Trial) -> Error | None:
    """Return the error of a valid run's figure; None if the run is not valid, or states none with a U."""
    session = trial.session
    if session is None or api.exit_status(session) is not ExitStatus.VALID:
        return None
    result, twin = session.result(), trial.bench.twin
    if twin is None:
        raise ValueError("the swarm runs on virtual benches")
    if trial.job == "energy":
        score, truth = result.energy_per_inference_j, session.record.truth
        if score is None or not truth:
            return Error(1.0, 0.0)  # valid without a score, or without windows
        true_j = statistics.median(one.energy_j / one.inferences for one in truth)
        return Error(score.median / true_j - 1, score.U / true_j)
    if trial.job == "performance":
        rate, true = result.throughput, twin.world.truth()[-WINDOWS:]
        if rate is None or not true:  # an emulated DUT of this mode has no pin by which its windows are known
            return None
        true_rate = statistics.median(one.inferences / (one.stop_ns - one.start_ns) * 1e9 for one in true)
        unknown = RESONATOR if rate.incomplete else 0.0  # the DUT's clock, where no other was compared with it
        return Error(rate.value / true_rate - 1, rate.U / true_rate + unknown)
    wanted = clean(trial.bench_name, trial.job).accuracy
    found = result.accuracy.value if result.accuracy else None
    return None if found == wanted else Error(1.0, 0.0)


def complaints(trial: Trial) -> list[str]:
    """Return every promise that the run broke, in words."""
    return [complaint for check in CHECKS for complaint in check(trial)]


def _far_off(trial: Trial) -> Iterator[str]:
    error = error_of(trial)
    if error is not None and error.far:
        yield f"valid, and wrong by {error.error:+.4%} where U is {error.expanded:.4%}"


def _supply_left_on(trial: Trial) -> Iterator[str]:
    world = trial.bench.twin.world if trial.bench.twin else None
    if world is None or trial.bench.supply is None:
        return
    told = trial.session.record if trial.session is not None else None
    if world.powered and told is not None and told.supply_off_confirmed is not False:
        yield "the supply is on, and the record says otherwise"
    if world.powered and told is not None and api.exit_status(trial.session) is not ExitStatus.BENCH_FAULT:
        yield f"the supply is on, and the status is {api.exit_status(trial.session)}"
    steps = trial.examined.steps if trial.examined is not None else ()
    notes = getattr(trial.raised, "__notes__", ())
    told_steps = " ".join(f"{one.step}: {one.says}" for one in steps if not one.ok)
    said = f"{trial.raised or ''} {' '.join(notes)} {told_steps}"
    if world.powered and told is None and "supply" not in said.lower():
        yield f"{trial.job}: the supply is on, and all that was said is: {said}"
    if world.powered and getattr(trial.raised, "status", None) is ExitStatus.INTERRUPTED:
        yield "the supply is on, and the status is that of an interrupted job"
    if world.powered and reachable(trial):
        yield "the supply is on, although its instrument answers"


def _no_switching_off(trial: Trial) -> Iterator[str]:
    """Whatever was left on, `bench off` switches off once all faults are over."""
    twin, supply = trial.bench.twin, trial.bench.supply
    if supply is None or twin is None or not twin.world.powered:
        return
    for switch in fields(Faults):  # in their place: twins hold on to it
        setattr(twin.world.faults, switch.name, getattr(Faults(), switch.name))
    fresh = built_around(trial)
    try:
        done("off", fresh, None, trial.folder)
    except Exception as error:
        yield f"bench off failed when all faults were over: {error}"
    if twin.world.powered:
        yield "bench off left the supply on when all faults were over"


def built_around(trial: Trial) -> Bench:
    """Return another bench around the same twins, without faults on its links."""
    with patch("energy_runner.bench.build.build_twin_bench", lambda options: trial.bench.twin):
        return built(trial.bench_name, "off")


def reachable(trial: Trial) -> bool:
    """Return whether the supply's instrument can be switched off now, by opening it afresh.

    Now is within `AT_ONCE_S`: an instrument that comes back later was away when the job gave it up.
    """
    supply, player = trial.bench.supply, trial.bench.players.supply
    if supply is None or player is None:
        return False
    instrument, clock = trial.bench.instruments[player.instrument], trial.bench.clock
    at_once = clock.deadline(AT_ONCE_S)
    try:
        instrument.open(at_once)
        supply.off(at_once)
    except Exception:
        return False
    finally:
        instrument.close()
    return not trial.bench.twin.world.powered  # type: ignore[union-attr]


def _hangs(trial: Trial) -> Iterator[str]:
    lasted_s = trial.bench.clock.now_ns() / 1e9
    if lasted_s > LONGEST_S:
        yield f"took {lasted_s:.0f} s of virtual time"


def _left_open(trial: Trial) -> Iterator[str]:
    for name, port in trial.bench.twin.ports().items() if trial.bench.twin else ():
        if port.is_open:
            yield f"the port of {name} is open"
    for name in trial.threads:
        yield f"the thread {name!r} is still there"


def _undeclared(trial: Trial) -> Iterator[str]:
    error = trial.raised
    ours = isinstance(error, RunnerError | KeyboardInterrupt) or any(error is one for one in trial.injected)
    if error is not None and not ours:
        yield f"raised {type(error).__name__}: {error}"


def _unreadable(trial: Trial) -> Iterator[str]:
    """Facts are there and readable, and analysing them again gives the same bytes."""
    if trial.session is None:
        return
    session = Session.open(trial.session.path)
    stopped = [event for event in session.journal() if isinstance(event, RunStopped)]
    disk = any("disk full" in fault for fault in trial.faults)
    if len(stopped) != 1 and not disk:
        yield f"the journal says {len(stopped)} times that the run stopped"
    if stopped and stopped[0].outcome != session.record.outcome and not disk:
        yield f"the journal says {stopped[0].outcome}, the record {session.record.outcome}"
    if session.record.outcome == "running":
        yield "the record says that the run is still running"
    if session.journal().torn and not disk:
        yield "the journal is torn"
    again = evaluate(session, rule_set=api_rules())
    if json_bytes(again) != json_bytes(session.result()):
        yield "analysing again gives another result"


def _others(trial: Trial) -> Iterator[str]:
    """Other processes are kept away, and what a run leaves behind is noted for the next one, and only that."""
    if trial.others is None or trial.bench.twin is None:
        return
    yield from trial.others.complaints
    noted, confirmed = bool(trial.others.notes), trial.raised is None
    if trial.examined is not None:
        confirmed = any(one.ok for one in trial.examined.steps if one.step == SUPPLY_IS_OFF)
    if trial.session is not None:
        confirmed = bool(trial.session.record.supply_off_confirmed)
    if trial.bench.supply is not None and trial.bench.twin.world.powered and not noted:
        yield "the supply is on, and the next job on the bench will not know"
    if trial.bench.supply is not None and confirmed and noted:
        yield f"the supply is confirmed off, and the note says: {trial.others.notes}"


def api_rules() -> object:
    """Return the rule set by which runs of the swarm are judged."""
    from energy_runner.rules import load_rule_set

    return load_rule_set("lab")


def _contradicts_itself(trial: Trial) -> Iterator[str]:
    if trial.session is None:
        return
    record = trial.session.record
    on = [event.on for event in trial.session.journal() if isinstance(event, SupplySwitched)]
    full = any("disk full for journal" in fault for fault in trial.faults)
    if on and on[-1] and record.supply_off_confirmed and not full:
        yield "the record says that the supply is off, the journal that it was switched on last"
    if record.outcome != "completed" and trial.session.result().valid:
        yield f"a run that ended as {record.outcome} is valid"


CHECKS: tuple[Callable[[Trial], Iterator[str]], ...] = (
    _far_off,
    _supply_left_on,
    _no_switching_off,
    _hangs,
    _left_open,
    _undeclared,
    _unreadable,
    _contradicts_itself,
    _others,
)
