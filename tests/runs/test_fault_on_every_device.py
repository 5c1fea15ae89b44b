# SPDX-License-Identifier: Apache-2.0
"""Every device of the registry, whatever its name: faults in its calls leave no supply on and no wrong number.

The calls on each device are counted in a whole run, then the run is repeated with a fault in some of them, spread
from the first to the last, the kinds taking turns.
"""

from contextlib import suppress
from statistics import median

import pytest

from energy_runner import api
from energy_runner.bench import build_bench
from energy_runner.errors import ExitStatus
from energy_runner.session.events import RunStopped
from energy_runner.session.folder import Session
from instruments.registry import BUILT_IN
from instruments.twin_bench.call_faults import KINDS, CallFaults
from tests.support.any_bench import BOX, any_bench
from tests.support.no_report import no_report
from tests.support.small import small_plan

DEVICES = [spec for spec in BUILT_IN if spec.link != "none" and spec.name != "dut-port"]  # own-port.toml has that
PLACES = 12
LONGEST_S = 300.0


def run(spec, plan, faults: CallFaults, out) -> tuple[Session, object]:
    bench = build_bench(any_bench(spec), "energy", seed=3, wrap=faults.wrap)
    with no_report():
        return api.run(bench, plan, out=out), bench


@pytest.mark.deep
@pytest.mark.parametrize("spec", DEVICES, ids=lambda spec: spec.name)
def test_a_fault_in_a_call_of_any_device(spec, tmp_path):
    plan = small_plan(tmp_path / "stimuli")
    counted = CallFaults()
    session, _ = run(spec, plan, counted, tmp_path / "count")
    assert session.record.outcome == "completed", session.record.reason
    own = [at for at, call in enumerate(counted.log) if call.startswith(f"{BOX} ")]
    assert own
    chosen = sorted({own[round(k * (len(own) - 1) / (PLACES - 1))] for k in range(PLACES)})
    for turn, at in enumerate(chosen):
        kind = KINDS[turn % len(KINDS)]
        faults = CallFaults(kind, at)
        session, bench = run(spec, plan, faults, tmp_path / f"{at}")
        where = f"{spec.name}: {kind} at call {at} ({faults.log[at]})"
        record, status = session.record, api.exit_status(session)
        off = not bench.twin.world.powered or bench.supply is None
        assert off or record.supply_off_confirmed is False, f"{where}: the supply is on"
        assert bench.clock.now_ns() < LONGEST_S * 1e9, f"{where}: took {bench.clock.now_ns() / 1e9:.0f} s"
        for port in bench.twin.ports().values():
            assert not port.is_open, f"{where}: a port is open"
        assert [one.outcome for one in session.journal().of(RunStopped)] == [record.outcome], where
        assert record.outcome == "completed" or status is ExitStatus.BENCH_FAULT, where
        score = session.result().energy_per_inference_j
        if status is ExitStatus.VALID and score is not None and record.truth:
            true_j = median(one.energy_j / one.inferences for one in record.truth)
            assert abs(score.median - true_j) <= max(2.0 * score.U, 1e-5 * true_j), (
                f"{where}: {score} for {true_j}"
            )


@pytest.mark.parametrize("spec", [one for one in DEVICES if "supply" in one.roles], ids=lambda spec: spec.name)
def test_a_welded_relay_of_any_supply(spec, tmp_path):
    plan = small_plan(tmp_path / "stimuli")
    bench = build_bench(any_bench(spec), "energy", seed=3)
    bench.twin.world.faults.power_stays_on = True
    with no_report():
        session = api.run(bench, plan, out=tmp_path / "run")
    assert bench.twin.world.powered
    assert session.record.supply_off_confirmed is False
    assert api.exit_status(session) is ExitStatus.BENCH_FAULT


class Mistaken:
    """A link on which every call but `close` is a mistake of the program, once it is `armed`."""

    armed = False

    def __init__(self, inner) -> None:
        self._inner = inner

    def __getattr__(self, name: str):
        if self.armed and name != "close":
            raise ZeroDivisionError("injected")
        return getattr(self._inner, name)


@pytest.mark.parametrize("spec", DEVICES, ids=lambda spec: spec.name)
def test_a_mistake_while_closing_leaves_no_port_open(spec):
    links = {}

    def wrap(device, link):
        return links.setdefault(device, Mistaken(link))

    bench = build_bench(any_bench(spec), "energy", seed=3, wrap=wrap)
    instrument = bench.instruments[BOX]
    instrument.open(bench.clock.deadline(10.0))
    assert bench.twin.ports()[BOX].is_open
    links[BOX].armed = True
    with suppress(ZeroDivisionError):
        instrument.close()
    assert not bench.twin.ports()[BOX].is_open
