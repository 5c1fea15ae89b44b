# SPDX-License-Identifier: Apache-2.0
"""Energy per day and battery life: sums that a person can do by hand, and uncertainties by Monte Carlo."""

import json
import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import quad

import energy_runner as er
from energy_runner.analysis.quantities import quantity
from energy_runner.analysis.use import DAY_S, YEAR_S, Battery, DutyCycle, Quantity, _shape, energy_in_use
from energy_runner.cli.use_command import USE_SCHEMA, UseOptions, use_command
from energy_runner.errors import ConfigurationError, ExitStatus
from energy_runner.session.events import Exchange, RunStopped
from tests.support.synthetic import ACTIVE_W, IDLE_W, host_ns, make_run

CYCLE = DutyCycle(
    inference_j=Quantity(1.4e-3, 2e-5),
    inference_s=Quantity(0.05, 1e-5),
    period_s=Quantity(60.0),
    between="sleep",
    rest_w=Quantity(5e-6, 4e-7),
)
BATTERY = Battery(Quantity(220.0, 8.0), Quantity(3.0))


def test_energy_per_day_is_a_sum():
    use = energy_in_use(CYCLE)
    cycle_j = 1.4e-3 + 5e-6 * 59.95
    assert use.cycle_j.value == pytest.approx(cycle_j)
    assert use.day_j.value == pytest.approx(1440 * cycle_j)
    assert use.mean_w.value == pytest.approx(cycle_j / 60)
    assert use.active_share == pytest.approx(0.05 / 60)
    assert use.shares == pytest.approx(
        {"inference": 1.4e-3 / cycle_j, "boot": 0.0, "sleep": 5e-6 * 59.95 / cycle_j}
    )
    assert (use.battery_j, use.life_s, use.life_days) == (None, None, None)
    # One instrument measured both: the uncertainties add up.
    assert use.cycle_j.u == pytest.approx(2e-5 + 4e-7 * 59.95, rel=1e-3)
    assert use.day_j.u / use.day_j.value == pytest.approx(use.cycle_j.u / cycle_j)


def test_battery_life_without_self_discharge_is_energy_over_power():
    use = energy_in_use(CYCLE, BATTERY)
    energy_j = 220 * 3.6 * 3.0
    assert use.battery_j.value == pytest.approx(energy_j)
    assert use.life_s.value == pytest.approx(energy_j / use.mean_w.value)
    assert use.life_days.value == pytest.approx(use.life_s.value / DAY_S)
    relative = math.hypot(8 / 220, use.mean_w.u / use.mean_w.value)
    assert use.life_s.u / use.life_s.value == pytest.approx(relative, rel=1e-3)
    assert [one.name for one in use.life_contributions[:2]] == ["battery capacity", "power while asleep"]


def test_self_discharge_shortens_it_as_the_differential_equation_says():
    battery = replace(
        BATTERY, self_discharge_per_year=Quantity(0.1), usable=Quantity(0.8), efficiency=Quantity(0.9)
    )
    use = energy_in_use(CYCLE, battery)
    # dE/dt = -P - λ E, integrated in small steps until nothing is left
    left, rate, steps = use.battery_j.value, -math.log(0.9) / YEAR_S, 0
    step_s = DAY_S / 4
    while left > 0:
        left -= (use.mean_w.value + rate * left) * step_s
        steps += 1
    assert use.battery_j.value == pytest.approx(220 * 3.6 * 3.0 * 0.8 * 0.9)
    assert use.life_s.value == pytest.approx(steps * step_s, rel=1e-3)
    assert use.life_s.value < use.battery_j.value / use.mean_w.value


@pytest.mark.parametrize("lost", [0.0, 1e-9, 1e-6, 1e-3, 0.3])
def test_the_life_is_smooth_in_self_discharge(lost):
    near = [
        energy_in_use(CYCLE, replace(BATTERY, self_discharge_per_year=Quantity(x))).life_s.value
        for x in (lost, lost * 1.001 + 1e-12)
    ]
    assert 0 <= near[0] - near[1] < 2e-3 * near[0]


@pytest.mark.parametrize("x", [0.0, 1e-12, 1e-6, 1e-4, 0.01, 0.5, 0.999, 1.0, 2.0, 50.0])
def test_the_shape_of_a_life_with_self_discharge_is_an_integral(x):
    """ln(1 + x)/x is the integral of 1/(1 + x t) over t from 0 to 1, and its derivative that of -t/(1 + x t)²."""
    found = _shape(x)
    expected = quad(lambda t: 1 / (1 + x * t), 0, 1)[0], quad(lambda t: -t / (1 + x * t) ** 2, 0, 1)[0]
    assert found == pytest.approx(expected, rel=1e-12)


def test_a_session_without_a_quiet_stretch_has_no_idle_power_to_go_by(tmp_path):
    run = make_run()
    for t_s, direction, text in ((-0.2, "rx", "m-ready\r\n"), (-0.1, "tx", "name%")):  # never answered
        run.insert(Exchange(t_ns=host_ns(t_s), box="dut", direction=direction, text=text))
    with pytest.raises(ConfigurationError, match="no idle level where nothing is sent or received"):
        use_command(UseOptions(run.write(tmp_path / "s").path, period_s="60"), as_json=True)


@pytest.mark.parametrize("outcome", ["completed", "interrupted"])
def test_a_session_that_is_not_valid_is_called_so(outcome, tmp_path, capsys):
    run = make_run()
    run.change(RunStopped, lambda _, event: event.model_copy(update={"outcome": outcome}))
    path = run.write(tmp_path / "s").path
    valid = outcome == "completed"
    assert use_command(UseOptions(path, period_s="60"), as_json=False) == ExitStatus.VALID
    assert ("NOT VALID" in capsys.readouterr().out) is not valid
    use_command(UseOptions(path, period_s="60"), as_json=True)
    document = json.loads(capsys.readouterr().out)
    assert (document["valid"], document["verdict"]) == (valid, er.analyze(path).judged())


def test_an_idle_level_that_is_not_used_is_not_shown(tmp_path, capsys):
    path = make_run().write(tmp_path / "s").path
    for more, used in (({}, True), ({"rest_uw": "3"}, False), ({"rest_uw": "3", "between": "sleep"}, False)):
        use_command(UseOptions(path, period_s="60", **more), as_json=False)
        shown = capsys.readouterr().out
        assert ("Energy above idle" in shown, "a measured idle level" in shown) == (used, used), more
        use_command(UseOptions(path, period_s="60", **more), as_json=True)
        document = json.loads(capsys.readouterr().out)
        assert (document["net_energy_per_inference_j"] is not None) is used


def test_uncertainties_agree_with_monte_carlo():
    cycle = replace(CYCLE, period_s=Quantity(60.0, 0.5), boot_j=Quantity(3e-4, 1e-5), boot_s=Quantity(0.2, 0.01))
    battery = Battery(
        Quantity(220.0, 8.0), Quantity(3.0, 0.05), Quantity(0.85, 0.03), Quantity(0.9, 0.02), Quantity(0.05, 0.01)
    )
    use = energy_in_use(cycle, battery)
    rng = np.random.default_rng(1)
    common = rng.standard_normal(4000)  # one error of the instrument in all that it measured
    lives, days = [], []
    for shared in common:

        def drawn(quantity: Quantity) -> Quantity:
            return Quantity(quantity.value + quantity.u * rng.standard_normal())

        def measured(quantity: Quantity, shared: float = shared) -> Quantity:
            return Quantity(quantity.value + quantity.u * shared)

        one = energy_in_use(
            replace(
                cycle,
                inference_j=measured(cycle.inference_j),
                rest_w=measured(cycle.rest_w),
                boot_j=measured(cycle.boot_j),
                inference_s=drawn(cycle.inference_s),
                period_s=drawn(cycle.period_s),
                boot_s=drawn(cycle.boot_s),
            ),
            Battery(*(drawn(getattr(battery, name)) for name in battery.__dataclass_fields__)),
        )
        lives.append(one.life_s.value)
        days.append(one.day_j.value)
    assert np.std(days) == pytest.approx(use.day_j.u, rel=0.06)
    assert np.std(lives) == pytest.approx(use.life_s.u, rel=0.06)
    assert np.mean(lives) == pytest.approx(use.life_s.value, rel=0.01)


FULL = replace(CYCLE, boot_j=Quantity(3e-4), boot_s=Quantity(0.2))
# Name of a contribution: the input it belongs to.
INPUTS = {
    "energy of an inference": "inference_j",
    "duration of an inference": "inference_s",
    "power while asleep": "rest_w",
    "energy of a boot": "boot_j",
    "duration of a boot": "boot_s",
    "period": "period_s",
}


@pytest.mark.parametrize(("name", "item"), INPUTS.items())
def test_each_input_alone_moves_the_figures_as_its_derivative_says(name, item):
    value = getattr(FULL, item).value
    u, step = 1e-3 * value, 1e-6 * value
    certain = {part: Quantity(getattr(FULL, part).value) for part in INPUTS.values()}
    cycle = replace(FULL, **certain)
    uncertain = replace(cycle, **{item: Quantity(value, u)})
    battery = replace(BATTERY, capacity_mah=Quantity(220.0), self_discharge_per_year=Quantity(0.05))
    use = energy_in_use(uncertain, battery)
    above, below = (energy_in_use(replace(cycle, **{item: Quantity(value + d)}), battery) for d in (step, -step))
    for figure in ("cycle_j", "mean_w", "day_j", "life_s"):
        derivative = (getattr(above, figure).value - getattr(below, figure).value) / (2 * step)
        assert getattr(use, figure).u == pytest.approx(abs(derivative) * u, rel=1e-4), figure
    assert [one.name for one in use.mean_contributions] == [name]
    assert use.mean_contributions[0].amount == pytest.approx(use.mean_w.u)


@given(
    st.floats(1e-9, 1.0),
    st.floats(1e-6, 10.0),
    st.floats(0.0, 1.0),
    st.floats(1.0, 1e5),
    st.floats(0.0, 0.99),
)
def test_more_use_never_lasts_longer(energy_j, duration_s, rest_w, factor, lost):
    cycle = DutyCycle(
        Quantity(energy_j), Quantity(duration_s), Quantity(duration_s * factor), "idle", Quantity(rest_w)
    )
    battery = replace(BATTERY, self_discharge_per_year=Quantity(lost))
    use = energy_in_use(cycle, battery)
    more = energy_in_use(replace(cycle, inference_j=Quantity(2 * energy_j)), battery)
    assert more.life_s.value <= use.life_s.value * (1 + 1e-12)
    assert more.day_j.value >= use.day_j.value
    assert 0 < use.life_s.value <= use.battery_j.value / use.mean_w.value * (1 + 1e-12)
    assert use.life_s.u >= 0


def test_booting_each_time_costs_time_and_energy():
    off = replace(CYCLE, between="off", rest_w=Quantity(0.0), boot_j=Quantity(2e-3, 1e-4), boot_s=Quantity(0.4))
    use = energy_in_use(off)
    assert use.cycle_j.value == pytest.approx(3.4e-3)
    assert use.active_share == pytest.approx(0.45 / 60)
    assert use.shares["off"] == 0.0
    assert any("boots before every inference" in line for line in use.assumptions)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"inference_s": Quantity(61.0)}, "longer than the period"),
        ({"boot_s": Quantity(59.99)}, "an inference and its boot take"),
        ({"between": "off", "rest_w": Quantity(0.0)}, "must boot"),
        ({"period_s": Quantity(0.0), "inference_s": Quantity(0.0)}, "longer than zero"),
        ({"inference_j": Quantity(-1e-3)}, r"inference \(J\) must be 0 or more"),
        ({"rest_w": Quantity(math.nan)}, r"rest \(W\)"),
        ({"rest_w": Quantity(1e-6, -1e-9)}, "standard uncertainty"),
        ({"rest_w": Quantity(1e-6, math.inf)}, "standard uncertainty"),
        ({"inference_j": Quantity(0.0), "rest_w": Quantity(0.0)}, "beyond all reason"),
        ({"period_s": Quantity(math.inf)}, "period"),
    ],
)
def test_what_cannot_be_is_refused(changes, words):
    with pytest.raises(ConfigurationError, match=words):
        energy_in_use(replace(CYCLE, **changes), BATTERY)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"capacity_mah": Quantity(0.0)}, "greater than zero"),
        ({"usable": Quantity(1.2)}, "usable must be from 0 to 1"),
        ({"efficiency": Quantity(0.0)}, "efficiency"),
        ({"self_discharge_per_year": Quantity(1.0)}, "loses all"),
        ({"voltage_v": Quantity(-3.0)}, r"voltage \(V\)"),
    ],
)
def test_no_such_battery(changes, words):
    with pytest.raises(ConfigurationError, match=words):
        energy_in_use(CYCLE, replace(BATTERY, **changes))


# --- the command ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "value", "u"),
    [
        ("3.2", 3.2, 0.0),
        ("3.2+-0.1", 3.2, 0.1),
        (" 3 ± .5 ", 3.0, 0.5),
        ("1e-3+/-2E-4", 1e-3, 2e-4),
        ("7.", 7.0, 0.0),
    ],
)
def test_quantities_as_a_person_types_them(text, value, u):
    assert quantity(text, "--x") == Quantity(value, u)


@pytest.mark.parametrize("text", ["", "x", "-3", "3+-", "3+-x", "nan", "inf", "3 uW", "1_0", "٣"])
def test_no_quantity(text):
    with pytest.raises(ConfigurationError, match=r"--rest-uw: .* is not a quantity"):
        quantity(text, "--rest-uw")


@pytest.mark.parametrize("given", [float("nan"), float("inf"), True, None, [3.0]])
def test_no_quantity_in_python_either(given):
    with pytest.raises(ConfigurationError, match=r"rest_w: .* is not a quantity"):
        quantity(given, "rest_w")


def test_quantities_of_python_in_the_unit_of_si():
    assert quantity(3, "x") == Quantity(3.0)
    assert quantity(Quantity(3.0, 0.5), "x", 1e-3) == Quantity(3e-3, 0.5e-3)
    assert quantity("2+-1", "x", 1e-6) == Quantity(2e-6, 1e-6)


@pytest.fixture
def session(tmp_path):
    return make_run().write(tmp_path / "s")


def test_the_api_takes_si_units_and_says_the_same_as_the_command(session, capsys):
    words = UseOptions(
        session.path, per_hour="60", rest_uw="4", boot_mj="1", boot_ms="20", capacity_mah="225", battery_v="3"
    )
    assert use_command(words, as_json=True) == ExitStatus.VALID
    document = json.loads(capsys.readouterr().out)
    found = er.use(session, per_hour=60, rest_w=4e-6, boot_j=1e-3, boot_s=0.02, battery=er.battery(225, 3.0))
    assert document["life_days"]["value"] == pytest.approx(found.use.life_days.value, rel=1e-12)
    assert found.cycle.period_s == Quantity(60.0)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({}, "exactly one of per_hour"),
        ({"per_hour": 60, "period_s": 60}, "exactly one of"),
        ({"per_hour": 0}, "must be greater than zero"),
        ({"per_hour": "often"}, "per_hour: 'often' is not a quantity"),
        ({"per_hour": 60, "between": "asleep"}, "idle, sleep, off"),
        ({"per_hour": 60, "between": "sleep"}, "no sleep level"),
    ],
)
def test_the_api_names_what_cannot_be(options, said, session):
    with pytest.raises(ConfigurationError, match=said):
        er.use(session, **options)


def test_a_battery_needs_capacity_and_voltage():
    with pytest.raises(ConfigurationError, match="a capacity and a voltage"):
        er.battery(capacity_mah=225)


def test_idle_power_comes_from_the_session(session, capsys):
    assert use_command(UseOptions(session.path, period_s="10"), as_json=True) == ExitStatus.VALID
    document = json.loads(capsys.readouterr().out)
    assert document["schema"] == USE_SCHEMA
    assert document["cycle"]["rest_w"]["value"] == pytest.approx(IDLE_W, rel=1e-3)
    each_s = document["cycle"]["inference_s"]["value"]
    expected_j = (ACTIVE_W * each_s + IDLE_W * (10 - each_s)) * 8640
    assert document["use"]["day_j"]["value"] == pytest.approx(expected_j, rel=1e-3)
    assert document["battery"] is None
    assert use_command(UseOptions(session.path, period_s="10", rest_uw="7"), as_json=False) == ExitStatus.VALID
    shown = capsys.readouterr().out
    assert "Assumed: between two inferences the DUT is idle, at a constant 7e-06 W" in shown


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({}, "exactly one of"),
        ({"per_hour": "60", "period_s": "60"}, "exactly one of"),
        ({"per_hour": "0"}, "must be greater than zero"),
        ({"period_s": "60", "between": "awake"}, "not one of idle, sleep, off"),
        ({"period_s": "60", "capacity_mah": "200"}, "both capacity_mah and voltage_v"),
        ({"period_s": "60", "usable": "0.9"}, "both capacity_mah and voltage_v"),
        ({"period_s": "60", "between": "sleep"}, "no sleep level"),
        ({"period_s": "60", "between": "off"}, "must boot"),
        ({"period_s": "0.05"}, "longer than the period"),
    ],
)
def test_what_the_command_refuses(options, words, session):
    with pytest.raises(ConfigurationError, match=words):
        use_command(UseOptions(session.path, **options), as_json=True)


def test_a_session_without_score_has_nothing_to_go_by(tmp_path):
    session = make_run(mode="performance").write(tmp_path / "s")
    with pytest.raises(ConfigurationError, match="has no score"):
        use_command(UseOptions(session.path, period_s="60"), as_json=True)
