# SPDX-License-Identifier: Apache-2.0
"""A figure against its baseline: closed forms, what cancels, and how often a draw of errors is judged wrongly."""

import math
from typing import Any

import numpy as np
import pytest

from energy_runner.analysis.against.baseline import Baseline, BaselineFigure, Contribution, Specimen
from energy_runner.analysis.against.compare import Compared, compare
from energy_runner.analysis.against.limit import parse_limit
from energy_runner.analysis.against.wording import as_document, in_words

MONITOR = Specimen(driver="js220", serial="1234", settings_sha256="a" * 64)
GAIN = Contribution(
    name="gain of the current measurement", relative=0.01, distribution="rectangular", specimen=True
)
SCATTER = Contribution(name="scatter of the windows", relative=0.001)
U_SCATTER = 1.96 * math.sqrt(2) * 0.001


def base(value: float = 1e-3, *parts: Contribution, monitor: Specimen | None = MONITOR, **more: Any) -> Baseline:
    u = value * math.hypot(*(part.relative for part in parts)) if parts else 0.0
    figure = BaselineFigure(value=value, u=u, U=1.96 * u, parts=list(parts))
    facts = {"benchmark": "kws01", "mode": "energy", "virtual": False, "valid": True, "monitor": monitor} | more
    return Baseline(figures={"energy_per_inference": figure}, **facts)


def judged(before: Baseline, after: Baseline, text: str = "energy_per_inference +2%") -> Compared:
    (found,) = compare(before, after, [parse_limit(text)])
    return found


def test_the_gain_of_one_monitor_cancels_and_scatter_does_not() -> None:
    found = judged(base(1e-3, GAIN, SCATTER), base(1.01e-3, GAIN, SCATTER))
    assert found.change == pytest.approx(0.01)
    assert found.U_change == pytest.approx(1.01 * U_SCATTER, rel=1e-3)
    assert found.cancelled == (GAIN.name,)
    assert found.verdict == "within"


@pytest.mark.parametrize(
    "change",
    [{"serial": "99"}, {"serial": ""}, {"driver": "js110"}, {"settings_sha256": "b" * 64}, {"supply": "dp800 7"}],
    ids=str,
)
def test_nothing_cancels_between_two_monitors_or_settings(change: dict[str, str]) -> None:
    other = base(1.01e-3, GAIN, SCATTER, monitor=MONITOR.model_copy(update=change))
    found = judged(base(1e-3, GAIN, SCATTER), other)
    assert found.cancelled == ()
    # Two equal rectangular errors: a triangle; its 95 % lie within 2 (1 - sqrt(0.05)) limits. Scatter adds little.
    assert found.U_change == pytest.approx(1.01 * 2 * (1 - math.sqrt(0.05)) * math.sqrt(3) * 0.01, rel=0.02)
    assert found.verdict == "cannot be told"
    assert not found.fails
    assert any("cancels" in note for note in found.notes)


@pytest.mark.parametrize(("volt", "cancels"), [(3.0, True), (2.95, False)])
def test_the_error_of_a_voltage_that_was_set_otherwise_does_not_cancel(volt: float, *, cancels: bool) -> None:
    """A limit of 1 % of what was set says nothing of how the errors at two settings hang together."""
    of_voltage = GAIN.model_copy(update={"name": "supply voltage (as set, not measured)"})
    found = judged(
        base(1e-3, GAIN, of_voltage, SCATTER, voltage_v=3.0), base(1e-3, GAIN, of_voltage, SCATTER, voltage_v=volt)
    )
    assert found.cancelled == ((GAIN.name, of_voltage.name) if cancels else (GAIN.name,))
    triangle = 2 * (1 - math.sqrt(0.05)) * math.sqrt(3) * 0.01  # of two equal rectangular errors, 95 %
    assert found.U_change == pytest.approx(U_SCATTER if cancels else triangle, rel=0.02)
    assert any("set, and not measured, does not cancel" in note for note in found.notes) == (not cancels)


@pytest.mark.parametrize(("latency_s", "cancels"), [(0.05, True), (0.09, True), (0.15, False), (0.02, False)])
def test_a_gain_does_not_cancel_where_the_range_may_be_another(latency_s: float, cancels: bool) -> None:
    """The same energy in three times the time: the monitor may have measured it in a lower range."""
    before, after = base(1e-3, GAIN, SCATTER), base(1.03e-3, GAIN, SCATTER)
    for one, lasts_s in ((before, 0.05), (after, latency_s)):
        one.figures["latency"] = BaselineFigure(value=lasts_s)
    found = judged(before, after)
    assert (found.cancelled == (GAIN.name,)) == cancels
    assert found.verdict == ("worse" if cancels else "cannot be told")
    assert any("another range" in note for note in found.notes) != cancels


def test_two_twins_of_other_seeds_are_two_specimens() -> None:
    before, after = (MONITOR.model_copy(update={"seed": seed}) for seed in (1, 2))
    found = judged(base(1e-3, GAIN, monitor=before), base(1e-3, GAIN, monitor=after))
    assert found.cancelled == ()


def test_contributions_that_differ_cancel_only_in_part() -> None:
    stronger = GAIN.model_copy(update={"relative": 0.013})
    opposite = GAIN.model_copy(update={"relative": -0.01})
    for other, apart in ((stronger, 0.003), (opposite, 0.02)):
        found = judged(base(1e-3, GAIN), base(1e-3, other))
        assert found.U_change == pytest.approx(0.95 * math.sqrt(3) * apart, rel=1e-3)  # rectangular


@pytest.mark.parametrize(
    ("now", "verdict"),
    [
        (0.001, "within"),
        (0.001016, "within"),
        (0.001019, "cannot be told"),
        (0.001021, "cannot be told"),
        (0.0010235, "worse"),
        (0.0009, "within"),
    ],
)
def test_only_what_is_beyond_the_uncertainty_fails(now: float, verdict: str) -> None:
    found = judged(base(1e-3, SCATTER), base(now, SCATTER))
    assert found.verdict == verdict
    assert found.fails == (verdict == "worse")


def test_limits_in_a_unit_and_either_way() -> None:
    before, after = base(1e-3, SCATTER), base(0.97e-3, SCATTER)
    assert judged(before, after, "energy_per_inference ±1%").verdict == "worse"
    assert judged(before, after, "energy_per_inference ±20uJ").verdict == "worse"
    found = judged(after, before, "energy_per_inference +40uJ")
    assert (found.verdict, found.change) == ("within", pytest.approx(30e-6))
    assert found.U_change == pytest.approx(1e-3 * U_SCATTER, rel=1e-3)


def test_an_accuracy_exactly_at_its_limit_is_within_it() -> None:
    """In binary half of these differences are larger than their limit."""

    def accuracy(tenths: int) -> Baseline:
        figures = {"accuracy": BaselineFigure(value=tenths / 10)}
        return base().model_copy(update={"mode": "accuracy", "figures": figures})

    for tenths in range(500, 1000):
        before = accuracy(tenths)
        assert judged(before, accuracy(tenths - 5), "accuracy -0.5").verdict == "within"
        assert judged(before, accuracy(tenths - 6), "accuracy -0.5").verdict == "worse"


def test_figures_without_a_budget_are_independent() -> None:
    before, after = (
        Baseline(
            benchmark="kws01",
            mode="performance",
            virtual=False,
            valid=True,
            figures={"throughput": BaselineFigure(value=value, u=0.1, U=0.2)},
        )
        for value in (100.0, 97.0)
    )
    found = judged(before, after, "throughput -1%")
    assert found.verdict == "worse"
    assert found.U_change == pytest.approx(1.96 * 0.97 * math.hypot(0.1 / 100, 0.1 / 97), rel=1e-3)


@pytest.mark.parametrize("other", [{"virtual": True}, {"benchmark": "ad01"}, {"figures": {}}], ids=str)
def test_what_cannot_be_compared_fails_and_says_why(other: dict[str, Any]) -> None:
    after = base(1e-3, SCATTER).model_copy(update=other)
    found = judged(base(1e-3, SCATTER), after)
    assert (found.verdict, found.fails, found.change) == ("cannot be compared", True, None)
    assert found.notes
    assert in_words(found)[0].endswith("CANNOT BE COMPARED")
    assert as_document(found)["now"] is None


def test_words_and_document_say_the_same() -> None:
    found = judged(base(1.4402e-3, GAIN, SCATTER), base(1.5e-3, GAIN, SCATTER, valid=True))
    text = "\n".join(in_words(found))
    assert "WORSE" in text
    assert "baseline 1440 ± 28 µJ, now 1500 ± 30 µJ" in text
    assert "change +4.15 ± 0.29 %, limit +2 %" in text
    assert GAIN.name in text
    document = as_document(found)
    assert (document["verdict"], document["fails"], document["limit"]) == ("worse", True, 0.02)


def test_a_doubtful_baseline_is_named() -> None:
    before = base(1e-3, SCATTER, valid=False, voltage_v=3.0)
    found = judged(before, base(1e-3, SCATTER, voltage_v=3.3))
    assert "the baseline is not valid" in found.notes
    assert any("3.3 V" in note for note in found.notes)


def test_drawn_errors_are_judged_worse_as_seldom_as_u_says() -> None:
    """A change of exactly the limit: the verdict "worse" is wrong, and may come in 2.5 % of the draws."""
    draw = np.random.default_rng(13)
    gain = draw.uniform(-0.01, 0.01, 2000) * math.sqrt(3)
    scatter = draw.normal(0.0, 0.001, (2, 2000))
    wrong = 0
    for each, one, two in zip(gain, *scatter, strict=True):
        before = base(1e-3 * (1 + each) * (1 + one), GAIN, SCATTER)
        after = base(1.02e-3 * (1 + each) * (1 + two), GAIN, SCATTER)
        wrong += judged(before, after).verdict == "worse"
    assert wrong / 2000 == pytest.approx(0.025, abs=0.011)
