# SPDX-License-Identifier: Apache-2.0
"""Made-up runs bent in one way each, and one rule's verdict on them."""

from collections.abc import Callable
from pathlib import Path

import numpy as np

from energy_runner.rules import check
from energy_runner.session import events as ev
from energy_runner.session.result import Verdict
from tests.support.synthetic import Run, Setup, host_ns

FAST = Setup(period_s=0.01)
Change = Callable[[Run], Run]


def one(run: Run, folder: Path, rule: str, rule_set: str = "mlperf-tiny-1.4", **others: Run) -> Verdict:
    """Return the verdict of one rule; `accuracy` and `performance` are the sessions given beside the run."""
    given = {f"{mode}_session": other.write(folder / mode) for mode, other in others.items()}
    (verdict,) = check(run.write(folder / "s"), [rule], rule_set=rule_set, **given)
    assert verdict.id == rule
    return verdict


def edit(kind: type[ev.Event], **update: object) -> Change:
    return lambda run: run.change(kind, lambda n, event: event.model_copy(update=update))


def drop(*kinds: type[ev.Event]) -> Change:
    def change(run: Run) -> Run:
        run.events = [event for event in run.events if not isinstance(event, kinds)]
        return run

    return change


def insert(event: ev.AnyEvent) -> Change:
    return lambda run: run.insert(event)


def record(**update: object) -> Change:
    def change(run: Run) -> Run:
        run.record = run.record.model_copy(update=update)
        return run

    return change


def cut(t_s: float) -> Change:
    return lambda run: run.cut(t_s)


def power(*factors: float) -> Change:
    """Let each window draw its own multiple of power."""

    def change(run: Run) -> Run:
        for factor, true in zip(factors, run.truth, strict=True):
            first, last = (int(t / run.setup.period_s) for t in (true.start_s, true.stop_s))
            run.samples[0][first + 1 : last] *= np.float32(factor)
        return run

    return change


def lose(window: int, count: int) -> Change:
    def change(run: Run) -> Run:
        at = int((run.truth[window].start_s + 1) / run.setup.period_s)
        run.samples[0][at : at + count] = np.nan
        lost = ev.SamplesLost(t_ns=host_ns(at * 0.01 + 1), after=at, before=at + count, missing=count, detail="")
        return run.insert(lost)

    return change


def volts(*measured_v: float) -> Change:
    def change(run: Run) -> Run:
        for voltage_v in measured_v:
            run.insert(ev.VoltageMeasured(t_ns=host_ns(0.1), voltage_v=voltage_v))
        return run

    return change


def monitor(**identity: object) -> Change:
    whole = {"make": "M", "model": "P1", "serial": "7", "firmware": "1.2"} | identity
    return insert(ev.DeviceIdentified(t_ns=host_ns(-4), box="monitor", identity=whole))


def bench(**tables: object) -> Change:
    """Make the run one of hardware, with these tables in its bench file."""
    return record(virtual=False, bench={"name": "synthetic", **tables})


def calibrated(**dates: object) -> Change:
    return bench(monitor={"driver": "lpm01a", "calibration": dates})


def in_zone(time_zone: str, **dates: object) -> Change:
    return bench(monitor={"driver": "lpm01a", "calibration": dates}, time_zone=time_zone)
