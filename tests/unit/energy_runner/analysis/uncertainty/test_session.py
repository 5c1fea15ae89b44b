# SPDX-License-Identifier: Apache-2.0
"""Uncertainties of whole sessions: real tables, real windows, and what a session does not tell."""

from pathlib import Path

import pytest

from energy_runner.analysis.analyze import analyze
from energy_runner.session import events as ev
from energy_runner.session.folder import json_bytes
from energy_runner.session.result import Result
from instruments.specifications import as_facts, load
from tests.support.synthetic import Run, Setup, make_run

TABLES = {"lpm01a": Setup(), "n6705": Setup(by_laps=True, period_s=204.8e-6)}


def with_table(name: str, *, virtual: bool) -> Run:
    """Return a run that was measured with one of our monitors."""
    accuracy = as_facts(load(f"instruments.devices.{name}"))
    run = make_run(TABLES[name])
    run.change(ev.MonitorConfigured, lambda _, event: event.model_copy(update={"accuracy": accuracy}))
    identity = {"kind": "monitor", "make": "", "model": name, "virtual": virtual}
    first = run.events[0].t_ns
    return run.insert(ev.DeviceIdentified(t_ns=first, box="monitor", identity=identity))


def of(run: Run, folder: Path) -> Result:
    return analyze(run.write(folder / "s"))


@pytest.mark.parametrize(
    ("name", "doubts"),
    [
        (
            "lpm01a",
            [
                "range changes unknown",
                "temperature since self-calibration unknown",
                "assumed without a document: gain of the energy measurement, offset of the power measurement "
                "\u00d7 time, clock of the monitor, noise of the samples, latency of the edge capture",
            ],
        ),
        (
            "n6705",
            [
                "temperature since self-calibration unknown",
                "the specification was assumed, not read from a document of the maker",
            ],
        ),
    ],
)
def test_a_real_monitor_leaves_things_unknown_and_its_twin_does_not(
    name: str, doubts: list[str], tmp_path: Path
) -> None:
    real = of(with_table(name, virtual=False), tmp_path / "real").energy_per_inference_j
    twin = of(with_table(name, virtual=True), tmp_path / "twin").energy_per_inference_j
    assert real is not None
    assert twin is not None
    assert real.incomplete == doubts
    assert real.stated is not None
    assert real.stated.text.endswith("uncertainty incomplete: " + "; ".join(doubts))
    assert (twin.complete, twin.incomplete) == (True, [])
    assert (real.u, real.k) == (twin.u, twin.k)


@pytest.mark.parametrize("name", TABLES)
def test_every_window_has_a_budget_of_its_own(name: str, tmp_path: Path) -> None:
    result = of(with_table(name, virtual=True), tmp_path)
    assert result.uncertainty is not None
    score_rows = [row.name for row in result.uncertainty.components]
    for window in result.windows:
        assert window.uncertainty is not None
        rows = window.uncertainty.components
        of_score_only = {"scatter of the windows, each with another stimulus"}
        assert sorted(row.name for row in rows) == sorted(set(score_rows) - of_score_only)
        assert window.uncertainty.u == pytest.approx(sum(row.value_j**2 for row in rows) ** 0.5)
        assert window.energy_per_inference_j is not None
        shown = float(window.uncertainty.stated.value) * 1e-6
        assert shown == pytest.approx(window.energy_per_inference_j, abs=window.uncertainty.U / 10)
    assert len(score_rows) >= 11


def test_windows_keep_their_budgets_where_there_is_no_score(tmp_path: Path) -> None:
    run = with_table("lpm01a", virtual=True).drop(ev.EdgeCaptured, [3])
    result = of(run, tmp_path)
    assert result.energy_per_inference_j is result.uncertainty is None
    known = [window.energy_j is not None for window in result.windows]
    assert [window.uncertainty is not None for window in result.windows] == known
    assert any(known)
    assert not all(known)


def test_lost_samples_enter_the_budget_of_their_window(tmp_path: Path) -> None:
    run = with_table("lpm01a", virtual=True)
    hole = int(run.truth[1].start_s / run.setup.period_s) + 2000
    run.samples[0][hole : hole + 20] = float("nan")
    result = of(run, tmp_path)
    lost = [
        next(row.value_j for row in window.uncertainty.components if row.name == "lost samples")
        for window in result.windows
        if window.uncertainty is not None
    ]
    assert len(lost) == 5
    assert lost[1] > 0.0
    assert lost[0] == lost[2] == lost[3] == lost[4] == 0.0


def test_the_same_facts_give_the_same_bytes(tmp_path: Path) -> None:
    run = with_table("n6705", virtual=False)
    assert json_bytes(of(run, tmp_path / "a")) == json_bytes(of(run, tmp_path / "b"))
