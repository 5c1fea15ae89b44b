# SPDX-License-Identifier: Apache-2.0
"""Between which values samples can lie, from what a session states; what it does not state bounds nothing."""

import math
from dataclasses import replace
from typing import Any

import pytest

from energy_runner.analysis.energy.bounds import current_limit_a, signal_bounds, usual_reading
from energy_runner.analysis.facts import Facts
from energy_runner.analysis.placing.alignment import Placed
from energy_runner.session.events import MonitorConfigured
from energy_runner.session.record import Record
from instruments.specifications import as_facts, largest_facts, load
from tests.support.synthetic import ACCURACY, make_run

RECORD = make_run().record


def facts(accuracy: dict[str, Any] = ACCURACY, **changes: Any) -> Facts:
    known = {
        "t_ns": 0,
        "voltage_set_v": 2.0,
        "period_s": 1e-3,
        "signals": [],
        "captures_edges": True,
        "starts_on_edge": False,
        "accuracy": accuracy,
    }
    return Facts(monitor=MonitorConfigured(**(known | changes)))


def bounds(signal: str, **changes: Any) -> tuple[float | None, ...]:
    found = signal_bounds(facts(**changes), RECORD, signal, 0.01)
    return found.least, found.largest, found.lasting


LARGEST = [{"value": 0.075, "lasting": 0.059, "unit": "A", "source": "a manual"}]


@pytest.mark.parametrize(
    ("signal", "joule"), [("energy", 1.0), ("power", 1e3), ("current", 500.0)]
)  # 1e-5 W of offset and ten times 1e-4 W of noise
def test_offset_and_noise_of_the_specification_bound_readings_below_zero(signal: str, joule: float) -> None:
    least, largest, lasting = bounds(signal)
    assert least == pytest.approx(-max(1.01e-3 * 1e-3 * joule, 1e-5))
    assert (largest, lasting) == (None, None)


def test_the_largest_reading_becomes_one_of_the_signal() -> None:
    _, largest, lasting = bounds("energy", largest=LARGEST)
    assert (largest, lasting) == pytest.approx((1.05 * 0.075 * 2e-3, 1.05 * 0.059 * 2e-3))
    _, largest, lasting = bounds("current", largest=LARGEST, current_limit_a=0.02)
    assert (largest, lasting) == pytest.approx((1.05 * 0.075, 1.1 * 0.02))


def test_without_a_voltage_a_current_bounds_no_energy() -> None:
    assert bounds("energy", largest=LARGEST, voltage_set_v=0.0)[1:] == (None, None)


@pytest.mark.parametrize("bad", [{}, {"value": "much", "unit": "A"}, {"value": -1.0, "unit": "A"}, {"value": 1.0}])
def test_a_largest_reading_that_says_nothing_bounds_nothing(bad: dict[str, Any]) -> None:
    assert bounds("current", largest=[bad])[1:] == (None, None)


def test_a_voltage_is_bounded_by_the_one_that_was_set() -> None:
    least, largest, lasting = bounds("voltage")
    assert least == pytest.approx(-1e-3)  # no offset of the voltage is stated, so a tenth of the usual reading
    assert (largest, lasting) == pytest.approx((3.2, 2.2))
    assert bounds("voltage", supply="")[1:] == (None, None)


def test_an_instrument_of_unknown_offset_is_bounded_by_what_is_no_offset() -> None:
    nothing = {"document": "", "terms": []}
    assert bounds("energy", accuracy=nothing)[0] == pytest.approx(-1e-3)
    exact = {"document": "none: only software", "terms": []}
    assert bounds("energy", accuracy=exact)[0] == pytest.approx(-1e-5)


@pytest.mark.parametrize(
    ("bench", "limit_a"),
    [
        ({}, None),
        ({"monitor": {"current_limit_a": 0.2}}, 0.2),
        ({"supply": {"current_limit_a": 0.3}}, 0.3),
        ({"instruments": {"monitor": {"current_limit_a": 0.4}}}, 0.4),
        ({"supply": {"current_limit_a": "much"}}, None),
        ({"supply": 3}, None),
    ],
)
def test_older_sessions_state_a_current_limit_in_the_bench_file(bench: dict[str, Any], limit_a: float) -> None:
    record: Record = RECORD.model_copy(update={"bench": bench})
    assert current_limit_a(facts(), record) == limit_a
    assert current_limit_a(facts(current_limit_a=0.1), record) == 0.1
    assert current_limit_a(facts(supply=""), record) is None


@pytest.mark.parametrize(("driver", "largest_a"), [("lpm01a", 0.075), ("n6705", 3.36), ("ngu", 3.3)])
def test_each_driver_states_its_largest_reading_beside_its_limits_of_error(driver: str, largest_a: float) -> None:
    table = load(f"instruments.devices.{driver}")
    (stated,) = largest_facts(table)
    assert (stated["value"], stated["unit"]) == (largest_a, "A")
    assert stated["source"]
    assert as_facts(table) == as_facts(replace(table, largest=()))


def test_the_usual_reading_is_that_of_the_first_window() -> None:
    import numpy as np

    samples = np.arange(10.0)
    read = lambda a, b: samples[a:b]  # noqa: E731
    assert usual_reading(read, [None, Placed(6.0, 8.0, 0.0)], 10) == 7.5
    assert usual_reading(read, [None], 10) == 4.5
    assert usual_reading(lambda a, b: np.full(b - a, np.nan), [], 10) == 0.0


def test_a_session_that_states_nothing_of_its_monitor_bounds_nothing() -> None:
    found = signal_bounds(Facts(), RECORD, "current", 0.01)
    assert (found.least, found.largest, found.lasting) == (-math.inf, None, None)
