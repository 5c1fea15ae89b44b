# SPDX-License-Identifier: Apache-2.0
"""Whole energy runs with a Joulescope that samples and captures edges, fed by another box or from outside."""

import statistics
from collections.abc import Callable
from pathlib import Path

import pytest

from energy_runner import api
from energy_runner.analysis.placing.alignment import BY_MONITOR
from energy_runner.bench import Bench, build_bench, load_bench_spec
from energy_runner.bench.serve import serve_bench
from energy_runner.errors import ConfigurationError, ExitStatus
from energy_runner.session.events import DeviceIdentified, SamplesLost, SupplySwitched
from energy_runner.session.folder import Session
from instruments.clock import RealClock
from instruments.errors import Unavailable
from instruments.twin_bench.serve import serve_twin_bench
from instruments.world.faults import Faults
from tests.support.coverage_study import short_plan

BENCHES = Path(__file__).parents[1] / "support" / "monitor_benches"
Run = Callable[..., tuple[Bench, Session]]


def built(name: str, *, laps: bool = True) -> Bench:
    """Return the bench, with or without the IO manager's laps as a second witness of the edges."""
    spec = load_bench_spec(str(BENCHES / f"{name}.toml"))
    if not laps:
        spec = spec.model_copy(update={"roles": spec.roles.model_copy(update={"cross_check": None})})
    return build_bench(spec, "energy", seed=3)


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Run five windows of half a second, with faults that a function sets."""

    def go(
        name: str, set_faults: Callable[[Faults], None] = lambda faults: None, *, laps: bool = True
    ) -> tuple[Bench, Session]:
        bench = built(name, laps=laps)
        assert bench.twin is not None
        set_faults(bench.twin.world.faults)
        return bench, api.run(bench, short_plan(tmp_path / "stimuli"), out=tmp_path / "session", rule_set="lab")

    return go


def off_by(session: Session) -> tuple[float, float]:
    """Return the score's error and its U, both relative to the truth."""
    score, truth = session.result().energy_per_inference_j, session.record.truth
    assert score is not None, session.result().findings
    assert truth is not None
    true_j = statistics.median(window.energy_j / window.inferences for window in truth)
    return score.median / true_j - 1, score.U / true_j


def answered(session: Session) -> dict[str, str]:
    """Return the model that each box of the bench says it is."""
    found = [event for event in session.journal() if isinstance(event, DeviceIdentified)]
    return {event.box: str(event.identity.get("model")) for event in found}


@pytest.mark.deep
def test_a_run_is_valid_and_right_and_says_which_box_did_what(tmp_path: Path) -> None:
    bench = built("js220-behind-n6705")
    session = api.run(bench, api.plan("demo-keywords", seed=4), out=tmp_path / "s")
    result = session.result()
    assert api.exit_status(session) is ExitStatus.VALID, [v for v in result.verdicts if not v.passed]
    assert session.record.alignment == BY_MONITOR
    error, u = off_by(session)
    assert abs(error) <= u < 0.01
    assert (
        answered(session).items() >= {"feed": "N6705C", "js": "JS220", "relay": "Arduino-type IO manager"}.items()
    )
    assert session.record.supply_off_confirmed is True
    assert bench.twin is not None
    assert not bench.twin.world.powered


@pytest.mark.parametrize("model", ["js110", "js220", "js320"])
def test_a_dut_fed_from_outside_is_measured_and_nothing_is_said_of_its_supply(model: str, run: Run) -> None:
    _, session = run(f"{model}-fed-from-outside")
    assert session.result().valid, [v for v in session.result().verdicts if v.binding and not v.passed]
    error, u = off_by(session)
    assert abs(error) <= u < 0.01
    assert answered(session)["js"] == model.upper()
    assert not [event for event in session.journal() if isinstance(event, SupplySwitched)]
    assert session.record.supply_off_confirmed is None


def test_a_jump_inside_a_window_is_counted_and_the_window_fails(run: Run) -> None:
    _, session = run("js220-fed-from-outside", lambda faults: setattr(faults, "lose_block_at_ns", 5_800_000_000))
    lost = [event for event in session.journal() if isinstance(event, SamplesLost)]
    assert sum(event.missing for event in lost) == pytest.approx(200, abs=2)
    assert {finding.id for finding in session.result().findings} >= {"samples-missing"}
    assert not session.result().valid


@pytest.mark.parametrize("laps", [True, False])
def test_a_slip_inside_a_window_is_noticed_by_a_second_clock(laps: bool, run: Run) -> None:
    """The lost samples are in no count: the IO manager's laps tell, and without them the host's clock."""
    _, session = run(
        "js110-fed-from-outside", lambda faults: setattr(faults, "lose_block_at_ns", 5_800_000_000), laps=laps
    )
    lost = [event for event in session.journal() if isinstance(event, SamplesLost)]
    assert lost
    assert all(event.modulo == 1 and "how many cannot be known" in event.detail for event in lost)
    assert "loss-size-unknown" in {finding.id for finding in session.result().findings}
    hit = [window for window in session.result().windows if not window.samples_missing_known]
    assert hit
    assert all(window.energy_j is None for window in hit)
    assert not session.result().valid
    assert session.result().findings


def test_a_joulescope_that_is_pulled_out_ends_the_run_and_the_supply_is_off(run: Run) -> None:
    bench, session = run("js220-behind-n6705", lambda faults: faults.unplug_at_ns.__setitem__("js", 6_000_000_000))
    assert session.record.outcome == "bench-fault"
    assert "js" in session.record.reason
    assert session.record.supply_off_confirmed is True
    assert bench.twin is not None
    assert not bench.twin.world.powered
    assert not any(port.is_open for port in bench.twin.ports().values())


def test_it_cannot_be_served_and_that_is_said() -> None:
    spec = load_bench_spec(str(BENCHES / "js220-behind-n6705.toml"))
    with (
        pytest.raises(
            ConfigurationError, match="its js is reached through its vendor's library, not through a port"
        ),
        serve_bench(spec, "energy", RealClock()),
    ):
        pass
    twin = built("js220-fed-from-outside").twin
    assert twin is not None
    with pytest.raises(Unavailable, match="serve the twin of js: a vendor's library reaches it"):
        serve_twin_bench(twin, RealClock())
