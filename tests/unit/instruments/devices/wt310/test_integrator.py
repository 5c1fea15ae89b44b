# SPDX-License-Identifier: Apache-2.0
"""The WT310E's integrator, read with each update: what it sums up between two of them is the true energy."""

import math
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from instruments.devices.wt310 import twin as twins
from instruments.devices.wt310.dialect import INTEGRATOR
from instruments.devices.wt310.protocol import last_digit, update
from instruments.errors import ProtocolViolation, Refused
from instruments.roles import Lost, Note, Samples, SamplingSettings, StreamItem, Summary
from tests.support.n6705_bench import busy, of
from tests.unit.instruments.devices.wt310.test_driver import PERIOD_S, Bench, make


def summary(items: list[StreamItem]) -> Summary:
    """Return the one summary, which is the last item."""
    [found] = of(Summary, items)
    assert items[-1] is found
    return found


def truth(bench: Bench, start_ns: int, samples: int) -> tuple[float, float]:
    """Return energy (J) and charge (C) of so many updates after the one in progress at `start_ns`."""
    bounds = start_ns + np.array([1, samples + 1]) * PERIOD_S * 1e9
    history = bench.world.history
    return float(np.diff(history.energy_j(bounds))[0]), float(np.diff(history.charge_c(bounds))[0])


# --- what it says ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("word", "step"),
    [("1.2345E-03", 1e-7), ("-123.45E+00", 1e-2), ("0", 1.0), ("12.", 1.0), (".5", 0.1), ("3E6", 1e6)],
)
def test_a_step_is_that_of_the_last_digit(word: str, step: float) -> None:
    assert last_digit(word) == pytest.approx(step)


@pytest.mark.parametrize("word", ["NAN", " inf", "-INF"])
def test_what_is_no_number_has_no_step(word: str) -> None:
    assert math.isnan(last_digit(word))


def test_hours_become_joule_and_coulomb() -> None:
    sums = update("1,2.0E-3,3,1.50E-03,2.5E-3,17", 3).sums
    assert sums is not None
    assert (sums.energy_j, sums.charge_coulomb) == (pytest.approx(5.4), pytest.approx(9.0))
    assert (sums.energy_step_j, sums.charge_step_coulomb) == (pytest.approx(0.036), pytest.approx(0.36))
    assert (sums.elapsed_s, sums.current_step_a) == (17.0, pytest.approx(1e-4))


@given(st.text(max_size=60) | st.from_regex(r"([+-]?\d{1,3}\.?\d{0,3}(E[+-]?\d{1,3})?,){5}\d", fullmatch=True))
def test_any_line_is_an_update_or_a_violation(line: str) -> None:
    try:
        found = update(line, 3)
    except ProtocolViolation:
        return
    assert len(found.values) == 3
    assert found.sums is not None


@pytest.mark.parametrize(
    ("answer", "known"), [("START", "STAR"), ("res\n", "RES"), ("TIMeup", "TIM"), ("ERR", "ERR")]
)
def test_states_are_known_in_long_and_short_form(answer: str, known: str) -> None:
    assert INTEGRATOR.state_of(answer) == known


def test_an_unknown_state_is_a_violation() -> None:
    with pytest.raises(ProtocolViolation):
        INTEGRATOR.state_of("17")


# --- one acquisition ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("every_s", [0.1, 0.37])
def test_it_sums_up_what_the_samples_do_and_both_are_true(every_s: float) -> None:
    bench = make().ready()
    start_ns = bench.clock.now_ns()
    busy(bench.world, 12 * PERIOD_S)
    items = [*bench.log(10 * PERIOD_S, every_s), *bench.stop()]
    found = summary(items)
    samples = of(Samples, items)
    energy_j, charge_c = truth(bench, start_ns, len(samples))
    assert found.energy_j == pytest.approx(energy_j, abs=found.energy_step_j)
    assert found.charge_coulomb == pytest.approx(charge_c, abs=found.charge_step_coulomb)
    assert found.energy_step_j < 0.02 * energy_j
    assert sum(float(one.values[0][0]) for one in samples) * PERIOD_S == pytest.approx(energy_j, rel=1e-3)


def test_it_holds_what_updates_that_were_missed_drew() -> None:
    bench = make().ready()
    start_ns = bench.clock.now_ns()
    items = bench.log(3.0)
    bench.world.draw(0.020)
    bench.clock.sleep(1.6)  # three updates, of which the last can still be read
    bench.world.draw(0.010)
    items += [*bench.log(3.0), *bench.stop()]
    [lost] = of(Lost, items)
    found = summary(items)
    energy_j, _ = truth(bench, start_ns, of(Samples, items)[-1].first + 1)
    assert found.energy_j == pytest.approx(energy_j, abs=found.energy_step_j)
    read_j = sum(float(one.values[0][0]) for one in of(Samples, items)) * PERIOD_S
    assert found.energy_j - read_j > 10 * found.energy_step_j
    told = re.search(r"; (\S+) J by the meter's integrator, to (\S+) J", lost.detail)
    assert told is not None
    bounds_ns = start_ns + np.array([1 + lost.after, 1 + lost.before]) * PERIOD_S * 1e9
    missed_j = float(np.diff(bench.world.history.energy_j(bounds_ns))[0])
    assert float(told[1]) == pytest.approx(missed_j, abs=float(told[2]) + 1e-4 * missed_j)


def test_the_second_acquisition_begins_from_nothing() -> None:
    bench = make().ready()
    first = summary([*bench.log(6.0), *bench.stop()])
    bench.meter.start(bench.within())
    second = summary([*bench.log(2.0), *bench.stop()])
    assert first.energy_j is not None
    assert second.energy_j is not None
    assert 0 < second.energy_j < 0.6 * first.energy_j


def test_without_a_sample_there_is_no_summary() -> None:
    bench = make().ready()
    bench.world.faults.drop_buffer_at_ns = bench.clock.now_ns()
    items = bench.meter.stop(bench.within(0.2))
    assert not of(Samples, items)
    assert not of(Summary, items)
    assert bench.twin.integrator.state == "RES"


@pytest.mark.parametrize(
    ("left", "said"),
    [
        ("STOP", "it was stopped"),
        ("TIM", "its timer has ended it"),
        ("ERR", "it has broken off"),
        ("RES", "reset"),
    ],
)
def test_an_integrator_that_does_not_run_any_more_gives_a_note_and_no_summary(left: str, said: str) -> None:
    bench = make().ready()
    items = bench.log(3.0)
    bench.twin.integrator.state = left
    items += [*bench.log(3.0), *bench.stop()]
    assert not of(Summary, items)
    [note] = of(Note, items)
    assert said in note.text
    assert not note.suspicious  # the samples are none the worse for it
    assert len(of(Samples, items)) > 10
    assert bench.twin.integrator.state == "RES"


def test_one_that_was_started_anew_on_its_front_panel_gives_none() -> None:
    bench = make().ready()
    items = bench.log(4.0)
    bench.twin.integrator.state = "RES"
    bench.twin._start_integrating()
    items += [*bench.log(3.0), *bench.stop()]
    assert not of(Summary, items)
    [note] = of(Note, items)
    assert "started anew" in note.text


def test_a_display_that_is_full_gives_none() -> None:
    bench = make().ready()
    items = bench.log(3.0)
    bench.world.faults.corrupt["monitor>host"] = lambda data: (
        b",".join([*data.split(b",")[:3], b"INF,INF,5\n"]) if data.count(b",") == 5 else data
    )
    items += [*bench.log(2.0), *bench.stop()]
    [note] = of(Note, items)
    assert "it gave no number" in note.text


# --- other programs ----------------------------------------------------------------------------------------


def test_an_integration_that_another_program_left_is_ended_noted_and_its_settings_put_back() -> None:
    bench = make()
    bench.world.faults.stale_stream = True
    identity = bench.meter.open(bench.within())
    assert identity.detail == (("integrator", "STAR"),)
    assert (bench.twin.integrator.state, bench.twin.integrator.mode) == ("RES", "NORM")
    bench.meter.close()
    left = bench.twin.integrator
    assert (left.state, left.mode, left.timer) == ("RES", "CONT", "1,0,0")


@pytest.mark.parametrize("left", ["STOP", "TIM", "ERR"])
def test_a_sum_that_another_program_left_is_not_added_to(left: str) -> None:
    bench = make()
    bench.twin.integrator = twins.Integrator(left, watt_hours=5.0)
    bench.ready()
    found = summary([*bench.log(3.0), *bench.stop()])
    assert found.energy_j is not None
    assert found.energy_j < 1.0


def test_a_run_that_broke_off_leaves_it_reset() -> None:
    bench = make().ready()
    bench.log(2.0)
    bench.meter.close()
    assert bench.twin.integrator.state == "RES"


def test_ranges_are_set_although_it_still_runs() -> None:
    bench = make().ready()
    bench.log(1.0)
    bench.meter.configure(SamplingSettings(), bench.within())
    assert bench.twin.integrator.state == "RES"


@pytest.mark.parametrize("refused", ["INTEG:STAR", "INTEG:MODE NORM"])
def test_an_integrator_that_refuses_ends_with_the_meters_words(refused: str) -> None:
    bench = make()
    bench.world.faults.refuse = {refused}
    with pytest.raises(Refused, match="-222"):
        bench.ready()
