# SPDX-License-Identifier: Apache-2.0
"""What a calibration corrects and leaves open, sample by sample, for a trace of six samples."""

import math
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from energy_runner.analysis.energy.calibration import CalibratedSource, Curve, configured_source
from energy_runner.analysis.energy.source import EnergySource
from energy_runner.analysis.energy.windows import EnergyWindow
from energy_runner.analysis.placing.alignment import Placed
from energy_runner.analysis.uncertainty.calibration import with_calibration
from energy_runner.analysis.uncertainty.inputs import Conditions, Point
from energy_runner.errors import SessionError
from energy_runner.session.events import MonitorConfigured
from energy_runner.session.result import WindowResult
from tests.support.budget_windows import given, window
from tests.support.synthetic import host_ns

PERIOD_S, VOLTAGE_V, INFERENCES = 0.5, 2.0, 10
CURRENT_A = [1.0, 2.0, 3.0, math.nan, 5.0, 6.0]
UNITS = {"current": "A", "voltage": "V", "power": "W", "energy": "J"}


class Trace:
    """Samples in memory."""

    period_s = PERIOD_S

    def __init__(self, **signals: list[float]) -> None:
        self.samples = {name: np.array(values) for name, values in signals.items()}
        self.signals = [(name, UNITS[name]) for name in signals]
        self.length = len(next(iter(self.samples.values())))

    def read(self, name: str, start: int, stop: int) -> npt.NDArray[np.float64]:
        return self.samples[name][start:stop]


def point(value: float, correction: float = 0.0, u: float = 0.1, **more: Any) -> dict[str, Any]:
    whole = {"quantity": "current", "low": -10.0, "high": 10.0, "certificate": "C", "laboratory": "L", "date": "D"}
    known = whole | {"value": value, "correction": correction, "U": 2 * u, "k": 2.0} | more
    return known | {"unit": UNITS[known["quantity"]]}


def calibrated(trace: Trace, *points: dict[str, Any], voltage_set_v: float = VOLTAGE_V) -> CalibratedSource:
    monitor = MonitorConfigured(
        t_ns=host_ns(0),
        voltage_set_v=voltage_set_v,
        period_s=PERIOD_S,
        signals=[{"name": name, "unit": unit} for name, unit in trace.signals],
        captures_edges=True,
        starts_on_edge=False,
        accuracy={"points": list(points)},
    )
    source = configured_source(trace, monitor)  # type: ignore[arg-type]
    assert isinstance(source, CalibratedSource)
    return source


def placed(start: float, stop: float, *, withheld: bool = False) -> EnergyWindow:
    frame = WindowResult(index=0, stimulus=0, file="f", inferences=INFERENCES)
    return EnergyWindow(frame, None if withheld else window(), Placed(start, stop, 0.0))


def left_open(
    source: CalibratedSource, *windows: EnergyWindow, terms: tuple[dict[str, Any], ...] = ()
) -> Conditions:
    found = with_calibration(given(*terms), source, windows)
    assert found is not None
    return found


# --- readings -------------------------------------------------------------------------------------------


def test_each_quantity_is_corrected_in_its_own_unit() -> None:
    trace = Trace(current=[1.0, 2.0], voltage=[2.0, 4.0])
    cases = {
        "current": (0.1, [1.1 * 2.0, 2.1 * 4.0]),
        "power": (0.1, [2.1, 8.1]),
        "energy": (0.1, [(1.0 + 0.1) / PERIOD_S, (4.0 + 0.1) / PERIOD_S]),
        "voltage": (0.1, [1.0 * 2.1, 2.0 * 4.1]),
    }
    for quantity, (correction, power_w) in cases.items():
        source = calibrated(trace, point(1.0, correction, quantity=quantity))
        assert source.power_w(0, 2).tolist() == pytest.approx(power_w), quantity


def test_energies_are_read_by_the_voltage_that_was_set_or_by_one() -> None:
    trace = Trace(energy=[3.0, 4.0])
    for set_v, power_w in ((2.0, [6.2, 8.2]), (4.0, [6.4, 8.4]), (0.5, [6.05, 8.05])):
        source = calibrated(trace, point(1.0, 0.1), voltage_set_v=set_v)
        assert source.power_w(0, 2).tolist() == pytest.approx(power_w)
    by_power = calibrated(trace, point(1.0, 0.1, quantity="power"), voltage_set_v=0.0)
    assert by_power.power_w(0, 2).tolist() == pytest.approx([6.1, 8.1])
    with pytest.raises(SessionError, match="needs a supply voltage"):
        calibrated(trace, point(1.0, 0.1), voltage_set_v=0.0)
    recorded = Trace(current=[1.0], voltage=[0.5])
    assert calibrated(recorded, point(1.0, 0.1), voltage_set_v=0.0).power_w(0, 1).tolist() == pytest.approx([0.55])


def test_without_points_and_with_a_power_nothing_is_divided_by_a_voltage() -> None:
    bare = MonitorConfigured(
        t_ns=host_ns(0),
        voltage_set_v=2.0,
        period_s=PERIOD_S,
        signals=[],
        captures_edges=True,
        starts_on_edge=False,
        accuracy={},
    )
    assert type(configured_source(Trace(energy=[1.0]), bare)) is EnergySource  # type: ignore[arg-type]
    both = Trace(energy=[3.0], current=[100.0], voltage=[9.0])
    assert calibrated(both, point(1.0, 0.1)).power_w(0, 1).tolist() == pytest.approx([6.2])


def test_ranges_end_where_the_next_begins() -> None:
    points = [
        Point.model_validate(point(value, correction, low=low))
        for low, value, correction in ((0.0, 0.5, 0.1), (1.0, 1.5, 0.2), (2.0, 2.5, 0.3))
    ]
    curve = Curve("current", tuple(points))
    readings = np.array([-5.0, 0.0, 0.999, 1.0, 1.999, 2.0, 9.0, math.nan])
    np.testing.assert_array_equal(curve.correction(readings), [0.1, 0.1, 0.1, 0.2, 0.2, 0.3, 0.3, math.nan])
    assert curve.beyond(np.array([0.5, 0.4, 1.5, 1.6, 2.5, 2.6])).tolist() == [False, True] * 3
    assert curve.u(np.array([0.5, 1.5]), [True, False, True]).tolist() == [0.1, 0.0]


# --- what is left open ----------------------------------------------------------------------------------


def test_a_window_has_its_share_of_each_sample_and_the_mean_of_the_others_for_those_that_are_missing() -> None:
    """u rises from 0.1 A at 0 A to 0.7 A at 6 A; half of sample 1, all of 2 and 4, of 3 nothing is known."""
    source = calibrated(
        Trace(current=CURRENT_A, voltage=[VOLTAGE_V] * 6), point(0.0, u=0.1), point(6.0, u=0.7, date="E")
    )
    found = left_open(source, placed(1.5, 5.0), placed(0.0, 2.0))
    (cause,) = found.further
    assert (cause.u, cause.unit, cause.source) == ((0.7, 0.7), "A", "certificate C, L, D, E")
    joule = VOLTAGE_V * PERIOD_S
    first_j = (0.3 * 0.5 + 0.4 + 0.6) * joule * 3.5 / 2.5
    second_j = (0.2 + 0.3) * joule
    assert [cause.contribution_j(k) for k in range(2)] == pytest.approx(
        [first_j / INFERENCES, second_j / INFERENCES]
    )


@pytest.mark.parametrize("unit", ["", "A"])
def test_readings_beyond_the_points_cost_what_is_stated_of_them(unit: str) -> None:
    source = calibrated(Trace(current=CURRENT_A, voltage=[VOLTAGE_V] * 6), point(2.5))
    stated = {"name": "calibration_beyond", "relative": 0.01, "absolute": 0.5, "unit": unit, "source": "page 3"}
    found = left_open(source, placed(0.0, 3.0), placed(4.0, 5.5), terms=(stated,))
    causes = {cause.name: cause for cause in found.further}
    beyond = causes["correction of the current beyond the calibrated points"]
    assert (beyond.source, beyond.u) == ("page 3", (1 / math.sqrt(3),) * 2)
    joule = VOLTAGE_V * PERIOD_S
    limits_j = [
        (0.01 * (1 + 2 + 3) + 3 * 0.5) * joule,
        (0.01 * 5 + 0.5) * joule + (0.01 * 6 + 0.5) * joule / 2,
    ]
    assert beyond.sensitivity == pytest.approx([limit_j / INFERENCES for limit_j in limits_j])
    assert found.further_doubts == ()


def test_missing_samples_beyond_the_points_cost_what_the_others_do() -> None:
    source = calibrated(Trace(current=CURRENT_A, voltage=[VOLTAGE_V] * 6), point(2.5))
    stated = {"name": "calibration_beyond", "absolute": 0.5, "unit": "A"}
    found = left_open(source, placed(2.0, 5.0), terms=(stated,))  # of samples 2, 3 and 4 the second is missing
    (beyond,) = [cause for cause in found.further if "beyond" in cause.name]
    assert beyond.sensitivity == pytest.approx((3 * 0.5 * VOLTAGE_V * PERIOD_S / INFERENCES,))


def test_only_what_lies_beyond_in_some_window_is_unknown() -> None:
    source = calibrated(Trace(current=CURRENT_A, voltage=[VOLTAGE_V] * 6), point(2.0), point(3.0))
    assert left_open(source, placed(1.0, 3.0)).further_doubts == ()
    other = {"name": "calibration_beyond", "absolute": 0.5, "unit": "V"}
    (doubt,) = left_open(source, placed(1.0, 3.0), placed(0.0, 4.0), terms=(other,)).further_doubts
    assert doubt.startswith("correction of the current beyond the calibrated points unknown (33.3 % of a window;")


@pytest.mark.parametrize("order", [[0, 1], [1, 0]])
def test_one_window_with_readings_beyond_the_points_is_enough(order: list[int]) -> None:
    source = calibrated(Trace(current=CURRENT_A, voltage=[VOLTAGE_V] * 6), point(2.0), point(3.0))
    windows = [placed(1.0, 3.0), placed(0.0, 1.0)]  # readings of 2 and 3 A, and one of 1 A
    stated = {"name": "calibration_beyond", "absolute": 0.5, "unit": "A"}
    found = left_open(source, *[windows[k] for k in order], terms=(stated,))
    (beyond,) = [cause for cause in found.further if "beyond" in cause.name]
    expected = [0.0, 0.5 * VOLTAGE_V * PERIOD_S / INFERENCES]
    assert beyond.sensitivity == pytest.approx([expected[k] for k in order])


@pytest.mark.parametrize("quantity", ["current", "voltage"])
def test_what_is_left_open_of_the_voltage_is_marked_as_such(quantity: str) -> None:
    trace = Trace(current=CURRENT_A, voltage=[VOLTAGE_V] * 6)
    source = calibrated(trace, point(-5.0, correction=0.1, quantity=quantity))
    causes = left_open(source, placed(0.0, 2.0)).further
    assert len(causes) == 2
    assert [cause.voltage for cause in causes] == [quantity == "voltage"] * 2


def test_beyond_the_points_a_correction_may_not_hold_at_all() -> None:
    """Of three samples one is at the point; no term states what the correction is worth at the two others."""
    source = calibrated(Trace(current=CURRENT_A, voltage=[VOLTAGE_V] * 6), point(2.0, correction=0.4))
    found = left_open(source, placed(0.0, 3.0))
    (cause,) = [cause for cause in found.further if "beyond" in cause.name]
    joule = cause.contribution_j(0) * math.sqrt(3) * INFERENCES
    assert joule == pytest.approx(0.4 * VOLTAGE_V * PERIOD_S * 2)
    assert cause.source == "as large as the correction itself, because no term states it"
    assert len(found.further_doubts) == 1


def test_a_window_that_is_withheld_has_no_part_in_it() -> None:
    source = calibrated(Trace(current=CURRENT_A, voltage=[VOLTAGE_V] * 6), point(2.5))
    found = left_open(source, placed(0.0, 2.0, withheld=True), placed(1.0, 3.0))
    assert all(len(cause.u) == 1 for cause in found.further)
    assert left_open(source, placed(0.0, 2.0, withheld=True)).further == ()


def test_a_window_of_which_nothing_arrived_leaves_nothing_open() -> None:
    source = calibrated(Trace(current=CURRENT_A, voltage=[VOLTAGE_V] * 6), point(2.5))
    (cause,) = left_open(source, placed(3.0, 4.0)).further
    assert cause.sensitivity == (0.0,)


def test_load_and_voltage_have_causes_of_their_own() -> None:
    source = calibrated(
        Trace(current=CURRENT_A, voltage=[VOLTAGE_V] * 6), point(2.0), point(2.0, u=0.3, quantity="voltage")
    )
    found = {cause.name.split(":")[0]: cause for cause in left_open(source, placed(0.0, 2.0)).further}
    joule = found["calibration of the voltage"].contribution_j(0) * INFERENCES
    assert joule == pytest.approx(0.3 * (1.0 + 2.0) * PERIOD_S)
    assert found["calibration of the current"].contribution_j(0) * INFERENCES == pytest.approx(
        0.1 * 2 * 2.0 * PERIOD_S
    )


def test_a_real_monitor_drifts_unless_it_says_how_much() -> None:
    source = calibrated(Trace(current=CURRENT_A, voltage=[VOLTAGE_V] * 6), point(2.0))
    real = given({"name": "gain", "relative": 0.01}, {"name": "drift", "relative": 0.01}, virtual=False)
    for conditions, told in ((real, False), (given({"name": "gain", "relative": 0.01}, virtual=False), True)):
        found = with_calibration(conditions, source, [placed(1.0, 2.0)])
        assert found is not None
        assert any("drift" in doubt for doubt in found.further_doubts) == told
