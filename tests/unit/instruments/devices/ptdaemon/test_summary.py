# SPDX-License-Identifier: Apache-2.0
"""What a PTDaemon states of a whole measurement: mean power, extremes, number of samples, their uncertainty."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from instruments.devices.ptdaemon.protocol import Figures, Notice, figures
from instruments.devices.ptdaemon.stream import MeasurementAccount
from instruments.devices.ptdaemon.summary import summed_up
from instruments.devices.ptdaemon.twin import STATED
from instruments.roles import Lost, Note, OverRange, Samples, StreamItem, Summary
from tests.support.n6705_bench import busy, of
from tests.unit.instruments.devices.ptdaemon.test_driver import make

# As published in pull request 273 of mlcommons/power-dev.
WATTS = "Watts,23.492803,8.410000,24.560000,692,0,692 "
UNCERTAINTY = "Uncertainty,0.006264,0.006105,0.009201,692,0,692,0"


def summary(items: list[StreamItem]) -> Summary:
    """Return the one summary, which is the last item."""
    [found] = of(Summary, items)
    assert items[-1] is found
    return found


# --- what it says ------------------------------------------------------------------------------------------


def test_published_answers_are_read() -> None:
    assert figures("Watts", WATTS) == Figures(23.492803, 8.41, 24.56, 692, 692)
    assert figures("Uncertainty", UNCERTAINTY) == Figures(0.006264, 0.006105, 0.009201, 692, 692)


@pytest.mark.parametrize(
    "answer",
    [
        UNCERTAINTY,  # of another question
        "Watts, 0.25 % average",
        "Error: Unknown command",
        "Watts,nan,8.4,24.5,692,0,692",
        "Watts,25.0,8.41,24.56,692,0,692",  # a mean beyond the largest
        "Watts,23.4,8.41,24.56,692,3,692",  # numbers that do not add up
        "Watts,0.0,0.0,0.0,5,5,0",  # of no sample
    ],
)
def test_what_is_in_no_known_form_states_nothing(answer: str) -> None:
    assert figures("Watts", answer) is None


@given(st.text(max_size=60))
def test_any_answer_is_figures_or_none(answer: str) -> None:
    for word in ("Watts", "Uncertainty"):
        assert isinstance(figures(word, answer), Figures | None)


# --- a whole measurement -----------------------------------------------------------------------------------


def test_it_sums_up_what_the_samples_do_and_states_their_limit() -> None:
    bench = make().ready()
    start_ns = bench.clock.now_ns()
    busy(bench.world, 12.0)
    items = [*bench.log(9.9), *bench.stop()]
    found, samples = summary(items), of(Samples, items)
    values_w = [float(value) for one in samples for value in one.values[0]]
    history = bench.world.history
    true_j = float(history.energy_j([start_ns + len(values_w) * 10**9])[0] - history.energy_j([start_ns])[0])
    assert found.energy_j == pytest.approx(true_j, abs=found.energy_step_j)
    assert found.samples == len(values_w)
    assert (found.signal, found.least) == ("power", pytest.approx(min(values_w), abs=1e-6))
    assert found.largest == pytest.approx(max(values_w), abs=1e-6)
    assert found.limit_relative == STATED
    assert [note.text.partition(":")[0] for note in of(Note, items)] == ["Watts", "Uncertainty"]


def test_the_limit_is_the_largest_of_any_sample() -> None:
    [found] = summed_up(figures("Watts", WATTS), figures("Uncertainty", UNCERTAINTY), 692, 1.0)
    assert isinstance(found, Summary)
    assert found.limit_relative == 0.009201


def test_samples_of_unknown_uncertainty_leave_none_to_the_others() -> None:
    bench = make().ready()
    bench.twin.unknown = 2
    items = [*bench.log(5.0), *bench.stop()]
    assert summary(items).limit_relative is None
    assert any("uncertainty of 2 samples" in note.text for note in of(Note, items))


@pytest.mark.parametrize("limits", ["-1.000000,-1.000000,-1.000000", "0.000000,0.000000,0.000000", "2.0,1.0,3.0"])
def test_what_can_be_no_limit_is_not_taken(limits: str) -> None:
    uncertainty = figures("Uncertainty", f"Uncertainty,{limits},692,0,692,0")
    [found] = summed_up(figures("Watts", WATTS), uncertainty, 692, 1.0)
    assert isinstance(found, Summary)
    assert found.limit_relative is None


def test_a_reading_that_the_analyzer_did_not_give_is_in_the_count_and_in_no_sum() -> None:
    bench = make().ready()
    items = bench.log(2.5)
    bench.world.faults.over_range_above_a = 0.001
    items += bench.log(1.0)
    bench.world.faults.over_range_above_a = None
    items += [*bench.log(2.0), *bench.stop()]
    found = summary(items)
    assert found.samples == sum(one.count for one in of(Samples, items)) + 1
    assert found.energy_j is None


@pytest.mark.parametrize(("received", "after"), [(691, 691), (689, 0)])
def test_samples_that_were_counted_and_not_handed_over_are_lost(received: int, after: int) -> None:
    lost, found = summed_up(figures("Watts", WATTS), None, received, 1.0)
    assert isinstance(lost, Lost)
    assert (lost.after, lost.before, lost.missing) == (after, 692, 692 - received)
    assert isinstance(found, Summary)


@pytest.mark.parametrize("refused", [{"Watts"}, {"Uncertainty"}, {"Watts", "Uncertainty"}])
def test_an_older_daemon_that_knows_no_such_word_ends_as_ever(refused: set[str]) -> None:
    bench = make().ready()
    bench.world.faults.refuse = refused
    items = [*bench.log(3.0), *bench.stop()]
    with contextlib.suppress(StopIteration):
        found = next(iter(of(Summary, items)))
        assert (found.energy_j is None) == ("Watts" in refused)
        assert (found.limit_relative is None) == ("Uncertainty" in refused)
    assert len(of(Summary, items)) == (len(refused) < 2)


# --- notices -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "text", "over"),
    [
        ("ERROR", "Bad watts reading inf from WT310", True),
        ("WARNING", "Current too high for range", True),
        ("ERROR", "Bad watts reading nan from WT310", False),
        ("WARNING", "Uncertainty 1.45%, which is above 1.00% limit for the last sample!", False),
    ],
)
def test_a_notice_of_a_reading_beyond_the_range_marks_the_samples_about_it(
    kind: str, text: str, over: bool
) -> None:
    account = MeasurementAccount(1.0, "work")
    account.next_index = 7
    items = list(account.take(Notice(kind, text), 0.0))
    assert [(one.at, one.count) for one in of(OverRange, items)] == [(6, 2)] * over
