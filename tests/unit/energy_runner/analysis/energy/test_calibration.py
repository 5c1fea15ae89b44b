# SPDX-License-Identifier: Apache-2.0
"""Readings are corrected by the points of a calibration, and what the points leave open is in the budget."""

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from energy_runner.analysis.analyze import analyze
from energy_runner.analysis.energy.calibration import Curve
from energy_runner.analysis.uncertainty.inputs import Point
from energy_runner.errors import SessionError
from energy_runner.session import events as ev
from energy_runner.session.result import Result
from instruments.specifications import (
    CalibrationPoint,
    Specification,
    SpecificationTerm,
    as_facts,
    laid_over,
    load,
)
from tests.support.synthetic import ACTIVE_W, IDLE_W, LOAD_W, VOLTAGE_V, Run, make_run

SCALE = ("gain", "offset", "voltage_gain", "voltage_offset")
DRIFT = SpecificationTerm("drift", relative=1e-6, source="control chart")


def point(quantity: str, value: float, correction: float, expanded: float = 1e-6, **more: Any) -> CalibrationPoint:
    given = {"low": 0.0, "high": 10.0, "k": 2.0, "date": "2026-01-31", "laboratory": "Lab", "certificate": "C-1"}
    unit = {"current": "A", "voltage": "V", "power": "W", "energy": "J"}[quantity]
    return CalibrationPoint(
        quantity=quantity, unit=unit, value=value, correction=correction, U=expanded, **(given | more)
    )


def curve(*points: CalibrationPoint) -> Curve:
    return Curve(points[0].quantity, tuple(Point.model_validate(vars(one)) for one in points))


def calibrated(run: Run, *points: CalibrationPoint, terms: tuple[SpecificationTerm, ...] = ()) -> Run:
    table = Specification(
        document="a data sheet",
        terms=(
            *(SpecificationTerm(name, relative=0.01, source="page 1") for name in SCALE),
            SpecificationTerm("noise", absolute=1e-9, unit="J"),
            SpecificationTerm("clock", relative=1e-9),
        ),
    )
    facts = as_facts(laid_over(table, terms, points))
    run.record = run.record.model_copy(update={"virtual": False})
    return run.change(ev.MonitorConfigured, lambda _, event: event.model_copy(update={"accuracy": facts}))


def worst(result: Result, run: Run) -> float:
    """Return the largest relative error of a window."""
    return max(
        abs((window.energy_j or 0.0) / true.energy_j - 1)
        for window, true in zip(result.windows, run.truth, strict=True)
    )


def ends(quantity: str, value: float, gain: float, offset: float) -> list[CalibrationPoint]:
    """The points of an instrument that reads (1 + gain) · x + offset, at zero and at `value`."""
    return [
        point(quantity, reading, (reading - offset) / (1 + gain) - reading, low=-1.0)
        for reading in (-value / 100, value)
    ]


# --- the curve ------------------------------------------------------------------------------------------


def test_a_correction_is_linear_between_points_and_constant_beyond() -> None:
    one = curve(point("current", 1.0, 0.1), point("current", 3.0, 0.3))
    readings = np.array([0.0, 1.0, 2.0, 3.0, 9.0, np.nan])
    np.testing.assert_allclose(one.correction(readings), [0.1, 0.1, 0.2, 0.3, 0.3, np.nan], rtol=1e-12)
    assert one.beyond(readings).tolist() == [True, False, False, False, True, False]


def test_each_range_has_its_own_points() -> None:
    small = [point("current", value, 0.1, high=1.0) for value in (0.0, 1.0)]
    large = [point("current", value, 0.5, low=1.0) for value in (2.0, 1.5)]
    one = curve(*large, *small)
    readings = np.array([-1.0, 0.5, 0.99, 1.0, 1.5, 20.0])
    assert one.correction(readings).tolist() == [0.1, 0.1, 0.1, 0.5, 0.5, 0.5]
    assert one.beyond(readings).tolist() == [True, False, False, True, False, True]


# --- the figure -----------------------------------------------------------------------------------------


def test_current_and_voltage_that_read_wrong_are_corrected(tmp_path: Path) -> None:
    run = make_run(by_laps=True)
    run.samples = [
        (np.float64(1.02) * run.samples[0] + 5e-5).astype(np.float32),
        (np.float64(0.99) * run.samples[1] + 1e-3).astype(np.float32),
    ]
    before = worst(analyze(calibrated(run).write(tmp_path / "a")), run)
    points = ends("current", 0.05, 0.02, 5e-5) + ends("voltage", 2.0, -0.01, 1e-3)
    after = worst(analyze(calibrated(run, *points, terms=(DRIFT,)).write(tmp_path / "b")), run)
    assert before > 0.01
    assert after < 2e-5  # of which the laps' resolution is nearly all


@pytest.mark.parametrize("quantity", ["energy", "power", "current"])
def test_points_of_any_quantity_correct_a_trace_of_energies(quantity: str, tmp_path: Path) -> None:
    run = make_run()
    period_s = run.setup.period_s
    scale = {"energy": 1.0, "power": 1 / period_s, "current": 1 / period_s / VOLTAGE_V}[quantity]
    run.samples = [(np.float64(1.02) * run.samples[0] + 2e-7).astype(np.float32)]
    points = ends(quantity, LOAD_W * period_s * scale * 1.1, 0.02, 2e-7 * scale)
    assert worst(analyze(calibrated(run).write(tmp_path / "a")), run) > 0.01
    assert worst(analyze(calibrated(run, *points).write(tmp_path / "b")), run) < 1e-6


def test_a_calibrated_output_voltage_corrects_what_was_computed_with_it(tmp_path: Path) -> None:
    run = make_run()
    run.samples = [(run.samples[0] / np.float64(1.01)).astype(np.float32)]
    found = analyze(calibrated(run, point("voltage", VOLTAGE_V, 0.01 * VOLTAGE_V)).write(tmp_path))
    assert worst(found, run) < 1e-6


# --- the budget -----------------------------------------------------------------------------------------


def test_the_points_of_a_certificate_count_in_full_in_each_window(tmp_path: Path) -> None:
    """ΔE = ∫ v · u(i) dt, by hand: u rises linearly from 1 µA at zero to 3 µA at 60 mA."""
    run = make_run(by_laps=True)
    points = [point("current", 0.0, 0.0, 2e-6, low=-1.0), point("current", 0.06, 0.0, 6e-6, low=-1.0)]
    result = analyze(calibrated(run, *points, terms=(DRIFT,)).write(tmp_path))
    budget = result.uncertainty
    assert budget is not None
    (row,) = [row for row in budget.components if row.name.startswith("calibration of the current")]
    assert row.source == "certificate C-1, Lab, 2026-01-31"
    assert (row.kind, row.distribution, row.correlated) == ("B", "normal", True)
    window = result.windows[0]
    amps = ACTIVE_W / VOLTAGE_V
    expected_j = (1e-6 + 2e-6 * amps / 0.06) * VOLTAGE_V * (window.duration_s or 0.0) / window.inferences
    assert row.value_j == pytest.approx(expected_j, rel=1e-3)
    names = {row.name for row in budget.components}
    assert not {"gain of the current measurement", "offset of the current measurement \u00d7 time"} & names
    assert "gain of the voltage measurement" in names


def test_two_certificates_are_two_causes(tmp_path: Path) -> None:
    run = make_run()
    points = [point("power", value, 0.0, certificate=name) for value, name in ((0.0, "C-1"), (1.0, "C-2"))]
    budget = analyze(calibrated(run, *points).write(tmp_path)).uncertainty
    assert budget is not None
    rows = [row for row in budget.components if row.name.startswith("calibration of")]
    assert [row.source for row in rows] == [f"certificate {name}, Lab, 2026-01-31" for name in ("C-1", "C-2")]
    # The reading is 0.04 W: the point at 0 W has 96 % of it, the one at 1 W the rest.
    assert rows[1].value_j / rows[0].value_j == pytest.approx(ACTIVE_W / (1 - ACTIVE_W), rel=1e-3)


def missing(result: Result) -> list[str]:
    score = result.energy_per_inference_j
    assert score is not None
    return score.incomplete


def test_without_a_stated_drift_it_is_incomplete(tmp_path: Path) -> None:
    points = [point("power", value, 0.0, low=-1.0) for value in (-1e-3, 1.0)]
    bare = missing(analyze(calibrated(make_run(), *points).write(tmp_path / "a")))
    assert bare == ["drift of the monitor since its calibration unknown (state a term 'drift')"]
    assert not missing(analyze(calibrated(make_run(), *points, terms=(DRIFT,)).write(tmp_path / "b")))


def test_readings_beyond_the_points_need_a_stated_term(tmp_path: Path) -> None:
    points = [point("power", value, 0.0) for value in (0.0, IDLE_W)]
    (doubt,) = missing(analyze(calibrated(make_run(), *points, terms=(DRIFT,)).write(tmp_path / "a")))
    assert doubt.startswith("correction of the power beyond the calibrated points unknown (100 % of a window")
    stated = SpecificationTerm("calibration_beyond", relative=0.01, source="linearity, page 3")
    result = analyze(calibrated(make_run(), *points, terms=(DRIFT, stated)).write(tmp_path / "b"))
    assert not missing(result)
    assert result.uncertainty is not None
    (row,) = [row for row in result.uncertainty.components if "beyond the calibrated" in row.name]
    assert row.relative == pytest.approx(0.01 / math.sqrt(3), rel=1e-3)
    assert row.source == "linearity, page 3"


@pytest.mark.parametrize("device", ["lpm01a", "n6705", "ngu"])
def test_the_budget_of_each_real_monitor_can_be_complete(device: str, tmp_path: Path) -> None:
    """With the maker's table alone it cannot, for all of them have causes of unknown size or assumed limits."""
    run = make_run()
    maker = load(f"instruments.devices.{device}")
    left = {term.name for term in maker.terms} - {
        "gain",
        "offset",
        "supply_voltage",
        "voltage_gain",
        "voltage_offset",
    }
    stated = [
        SpecificationTerm(name, relative=1e-5, source="measured")
        if name not in {"edge_latency", "trigger_latency"}
        else SpecificationTerm(name, absolute=1e-6, unit="s", source="measured")
        for name in sorted(left)
    ]
    points = [point("power", value, 0.0, low=-1.0) for value in (-1e-3, 1.0)]
    for terms, calibration, complete in (((), (), False), ((*stated, DRIFT), points, True)):
        facts = as_facts(laid_over(maker, terms, calibration))
        run.record = run.record.model_copy(update={"virtual": False})
        run.change(ev.MonitorConfigured, lambda _, event: event.model_copy(update={"accuracy": facts}))  # noqa: B023
        found = missing(analyze(run.write(tmp_path / str(complete))))
        assert (not found) is complete, found


@pytest.mark.parametrize("change", [{"U": 0.0}, {"k": 0.5}, {"value": math.inf}, {"quantity": "charge"}])
def test_a_damaged_point_is_a_damaged_session(change: dict[str, Any], tmp_path: Path) -> None:
    run = calibrated(make_run(), point("power", 0.0, 0.0))
    monitor = next(event for event in run.events if isinstance(event, ev.MonitorConfigured))
    facts = {**monitor.accuracy, "points": [{**monitor.accuracy["points"][0], **change}]}
    run.change(ev.MonitorConfigured, lambda _, event: event.model_copy(update={"accuracy": facts}))
    with pytest.raises(SessionError):
        analyze(run.write(tmp_path))
