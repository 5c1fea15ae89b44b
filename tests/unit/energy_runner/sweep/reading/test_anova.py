# SPDX-License-Identifier: Apache-2.0
"""The analysis of variance agrees with statsmodels, and a drift is not taken for an effect."""

import math
from dataclasses import replace

import numpy as np
import pytest

from energy_runner.errors import ConfigurationError
from energy_runner.sweep.reading.anova import DRIFT, TIMES, explain
from energy_runner.sweep.rows import PointRow
from tests.support.sweep_rows import ROOT3, Monitor, measured, night, planned

AXES = {"voltage_v": [1.8, 2.4, 3.0], "clock_mhz": [16, 48], "model": ["kws", "vww"]}


def _oracle(rows: list[PointRow], formula: str) -> dict[str, tuple[float, float, float]]:
    """Return sum of squares, F and p of each term by statsmodels."""
    pandas = pytest.importorskip("pandas")
    smf = pytest.importorskip("statsmodels.formula.api")
    anova_lm = pytest.importorskip("statsmodels.stats.anova").anova_lm
    frame = pandas.DataFrame([{**row.values, "y": math.log(row.energy_j or 0), "t": row.order} for row in rows])
    table = anova_lm(smf.ols(formula, frame).fit(), typ=2)
    return {name: (line["sum_sq"], line["F"], line["PR(>F)"]) for name, line in table.iterrows()}


@pytest.mark.deep  # importing statsmodels takes most of it
@pytest.mark.parametrize("lost", [0, 7])
def test_it_agrees_with_statsmodels_for_balanced_and_unbalanced_nights(lost: int) -> None:
    rows = night(AXES, Monitor(offset_w=0.0), 5, drift=0.002, scatter=0.01)[lost:]  # no shared error has an effect
    rows = [row for row in rows if row.number not in {1, 13, 14, 15}] if lost else rows
    mains = "C(voltage_v) + C(clock_mhz) + C(model)"
    pairs = "C(voltage_v):C(clock_mhz) + C(voltage_v):C(model) + C(clock_mhz):C(model)"
    wanted = _oracle(rows, f"y ~ {mains} + {pairs} + t")
    found = {effect.name: effect for effect in explain(rows).effects}
    names = {
        "C(voltage_v)": "voltage_v",
        "C(clock_mhz)": "clock_mhz",
        "C(model)": "model",
        "C(voltage_v):C(clock_mhz)": f"voltage_v {TIMES} clock_mhz",
        "C(voltage_v):C(model)": f"voltage_v {TIMES} model",
        "C(clock_mhz):C(model)": f"clock_mhz {TIMES} model",
        "t": DRIFT,
    }
    assert set(found) == set(names.values())
    for theirs, ours in names.items():
        squares, f, p = wanted[theirs]
        effect = found[ours]
        assert effect.sum_squares == pytest.approx(squares, rel=1e-6, abs=1e-12)
        assert effect.f == pytest.approx(f, rel=1e-6)
        assert effect.p == pytest.approx(p, rel=1e-4, abs=1e-300)
    assert explain(rows).residual_sum_squares == pytest.approx(wanted["Residual"][0], rel=1e-6)


def test_the_axis_that_does_most_is_first_and_its_range_is_that_of_the_energies() -> None:
    rows = night({"voltage_v": [1.8, 3.0], "model": ["kws", "vww"]}, Monitor(), 3)
    found = explain(rows)
    assert [effect.name for effect in found.effects[:2]] == ["model", "voltage_v"]
    assert found.effects[0].range == pytest.approx(2.0, rel=0.01)  # three times the cycles
    assert found.effects[0].eta_squared == pytest.approx(found.effects[0].sum_squares / found.total_sum_squares)
    assert found.scatter == pytest.approx(0.002, rel=0.6)


def test_in_a_balanced_night_without_times_sums_of_squares_are_those_of_the_means() -> None:
    rows = [replace(row, started_utc="2026-11-30T18:00:00Z") for row in night(AXES, Monitor(), 2, scatter=0.01)]
    found = {effect.name: effect for effect in explain(rows).effects}
    assert DRIFT not in found
    logs = {id(row): math.log(row.energy_j or 0) for row in rows}
    mean = np.mean(list(logs.values()))
    for axis, values in AXES.items():
        means = [np.mean([logs[id(row)] for row in rows if row.values[axis] == value]) for value in values]
        wanted = len(rows) / len(values) * sum((one - mean) ** 2 for one in means)
        assert found[axis].sum_squares == pytest.approx(wanted, rel=1e-9)


def test_a_drift_is_not_taken_for_an_effect() -> None:
    """Most of batch a comes first and most of b last, so that the drift would pose as a difference of 1 %."""
    taken = 0
    for seed in range(40):
        rows = night({"batch": ["a"]}, Monitor(), seed, repeats=24, drift=0.02, scatter=0.002)
        rows = [
            replace(row, values={"batch": one}) for row, one in zip(rows, "aaaaaaaabbbbaaaabbbbbbbb", strict=True)
        ]
        found = {effect.name: effect for effect in explain(rows).effects}
        assert found[DRIFT].p is not None
        assert found[DRIFT].p < 0.01
        assert found["batch"].p is not None
        taken += found["batch"].p < 0.05
    assert taken <= 5


def test_without_repeats_an_interaction_is_left_out() -> None:
    found = explain(night({"voltage_v": [1.8, 2.4, 3.0], "clock_mhz": [16, 48]}, Monitor(), 1, repeats=1))
    assert not [effect for effect in found.effects if TIMES in effect.name]
    assert any("too few points" in why for why in found.left_out)


def test_axes_that_change_together_are_one_term() -> None:
    rows = night({"voltage_v": [1.8, 3.0]}, Monitor(), 1)
    rows = [replace(row, values={**row.values, "supply": f"{row.values['voltage_v']} V"}) for row in rows]
    assert "voltage_v & supply" in {effect.name for effect in explain(rows).effects}


def test_an_axis_that_follows_from_two_others_is_left_out() -> None:
    rows = night({"voltage_v": [1.8, 3.0], "clock_mhz": [16, 48]}, Monitor(), 1)
    rows = [replace(row, values={**row.values, "pair": f"{row.values}"}) for row in rows]
    found = explain(rows)
    assert any("cannot be told" in why for why in found.left_out)
    assert len(found.effects) >= 2


def test_two_benches_are_a_term_of_their_own() -> None:
    rows = night({"voltage_v": [1.8, 3.0]}, Monitor(), 1, repeats=8)
    rng = np.random.default_rng(4)
    other = set(rng.permutation(len(rows))[:8])
    rows = [
        replace(row, bench="desk-2", energy_j=row.energy_j * 1.01) if place in other and row.energy_j else row
        for place, row in enumerate(rows)
    ]
    found = {effect.name: effect for effect in explain(rows).effects}
    assert found["bench"].range == pytest.approx(0.01, rel=0.5)


def test_what_does_not_count_is_counted() -> None:
    rows = night({"voltage_v": [1.8, 3.0]}, Monitor(), 1, reference_every=3)
    rows[1] = replace(rows[1], valid=False)
    rows[2] = replace(rows[2], state="set-aside", energy_j=None)
    found = explain(rows)
    assert found.excluded == {"not valid": 1, "set aside": 1, "of the reference point": 3}
    assert found.points == len(rows) - 5


def test_a_sweep_whose_axes_do_not_vary_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="nothing to explain"):
        explain(night({"voltage_v": [3.0]}, Monitor(), 1))
    with pytest.raises(ConfigurationError, match="nothing to explain"):
        explain([])


def test_energies_without_any_scatter_have_no_test() -> None:
    rows = night({"voltage_v": [1.8, 3.0]}, Monitor(), 1)
    exact = [replace(row, energy_j=1e-3 * float(row.values["voltage_v"])) for row in rows]
    found = explain(exact)
    assert found.scatter is None
    assert all(effect.p is None for effect in found.effects)


def _with_an_offset(seed: int, levels: list[int], u_w: float) -> list[PointRow]:
    """Points of one energy whose inferences last as long as the axis says, by a monitor with an offset."""
    rng = np.random.default_rng(seed)
    offset_w = u_w * rng.uniform(-ROOT3, ROOT3)
    rows = []
    for row in planned({"length": levels}, 6):
        done = measured(row, Monitor(gain=0.0, voltage=0.0, offset_w=0.0), rng)
        lasts_s = (done.latency_s or 0) * int(row.values["length"])
        offset = replace(done.components[2], u_j=u_w * lasts_s)
        energy_j = (done.energy_j or 0) + offset_w * lasts_s
        parts = (*done.components[:2], offset, *done.components[3:])
        rows.append(replace(done, energy_j=energy_j, latency_s=lasts_s, components=parts))
    return rows


@pytest.mark.parametrize("levels", [[1, 10], [1, 3, 5, 7, 10]])
def test_an_offset_of_the_monitor_does_not_pose_as_an_effect(levels: list[int]) -> None:
    """It counts ten times as much where an inference lasts ten times as long: 93 of 100 nights named the axis."""
    taken = 0
    for seed in range(60):
        found = explain(_with_an_offset(seed, levels, 1e-4))
        (effect,) = [one for one in found.effects if one.name == "length"]
        assert effect.p is not None
        taken += effect.p < 0.05
        assert any("may pose as an effect" in remark for remark in found.remarks)
    assert taken <= 8


def test_an_effect_beyond_the_offset_is_found() -> None:
    rows = _with_an_offset(1, [1, 10], 1e-5)
    rows = [
        replace(row, energy_j=row.energy_j * (1.1 if row.values["length"] == 10 else 1.0))
        for row in rows
        if row.energy_j
    ]
    (effect,) = [one for one in explain(rows).effects if one.name == "length"]
    assert effect.p is not None
    assert effect.p < 1e-3


def test_the_range_of_the_drift_is_not_that_of_an_interaction() -> None:
    """Voltage and clock act together by 2 %, and in an unbalanced night that was taken for a drift of 2.5 %."""
    rows = night(AXES, Monitor(offset_w=0.0), 3, drift=1e-4)
    rng = np.random.default_rng(0)
    rows = [row for row in rows if rng.random() > 0.25]
    (drift,) = [effect for effect in explain(rows).effects if effect.name == DRIFT]
    assert drift.range == pytest.approx(1e-4 * 1.75, abs=0.003)


def test_mean_powers_of_several_ranges_are_said() -> None:
    assert any("several ranges" in remark for remark in explain(night(AXES, Monitor(), 1)).remarks)
