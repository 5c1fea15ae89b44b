# SPDX-License-Identifier: Apache-2.0
"""Which of two results is better: beyond the uncertainty of the difference, in which common errors cancel."""

import math
from typing import Any

import numpy as np
import pytest

from energy_runner.analysis.against.baseline import Baseline, BaselineFigure, Contribution, Specimen
from energy_runner.analysis.against.better import Difference, as_document, differences, in_words, sentence
from energy_runner.errors import ConfigurationError

MONITOR = Specimen(driver="js220", serial="1234", settings_sha256="a" * 64)
GAIN = Contribution(
    name="gain of the current measurement", relative=0.01, distribution="rectangular", specimen=True
)
SCATTER = Contribution(name="scatter of the windows", relative=0.001)


def result(figures: dict[str, float] | float = 1e-3, *parts: Contribution, **more: Any) -> Baseline:
    values = figures if isinstance(figures, dict) else {"energy_per_inference": figures}
    relative = math.hypot(*(part.relative for part in parts)) if parts else 0.0
    found = {
        name: BaselineFigure(value=value, u=value * relative, U=1.96 * value * relative, parts=list(parts))
        for name, value in values.items()
    }
    facts = {"benchmark": "kws01", "mode": "energy", "virtual": False, "valid": True, "monitor": MONITOR} | more
    return Baseline(figures=found, **facts)


def of_energy(a: Baseline, b: Baseline) -> Difference:
    return differences(a, b)[0]


def test_a_difference_far_below_the_gain_error_of_one_monitor_can_be_told() -> None:
    found = of_energy(result(1e-3, GAIN, SCATTER), result(0.99e-3, GAIN, SCATTER))
    assert found.better == "B"
    assert found.change == pytest.approx(-0.01)
    assert found.U_change == pytest.approx(0.99 * 1.96 * math.sqrt(2) * 0.001, rel=1e-3)
    assert found.cancelled == (GAIN.name,)
    assert sentence([found]) == "B needs (1.00 ± 0.27) % less energy an inference than A: B is better."


def test_the_same_difference_on_two_monitors_cannot() -> None:
    other = result(0.99e-3, GAIN, SCATTER, monitor=MONITOR.model_copy(update={"serial": "99"}))
    found = of_energy(result(1e-3, GAIN, SCATTER), other)
    assert (found.better, found.cancelled) == ("cannot be told", ())
    assert "no error of the monitor cancels: js220 1234 measured A, js220 99 measured B" in found.notes
    assert sentence([found]) == "Neither is better: energy per inference differs by less than can be told."


@pytest.mark.parametrize(
    ("quantity", "a", "b", "better"),
    [
        ("energy_per_inference", 1e-3, 2e-3, "A"),
        ("energy_delay_product", 2e-6, 1e-6, "B"),
        ("throughput", 10.0, 20.0, "B"),
        ("latency", 0.1, 0.2, "A"),
        ("accuracy", 90.0, 89.0, "A"),
        ("accuracy", 90.0, 90.0, "equal"),
    ],
)
def test_what_is_better_depends_on_the_quantity(quantity: str, a: float, b: float, better: str) -> None:
    mode = "accuracy" if quantity == "accuracy" else "energy"
    found = of_energy(result({quantity: a}, mode=mode), result({quantity: b}, mode=mode))
    assert (found.quantity, found.better) == (quantity, better)
    assert found.relative == (quantity != "accuracy")
    assert "is better" in sentence([found]) or better == "equal"
    assert any("B - A = " in line for line in in_words(found))


def test_swapping_a_and_b_swaps_the_answer() -> None:
    a, b = result(1e-3, GAIN, SCATTER), result(1.01e-3, GAIN, SCATTER)
    assert (of_energy(a, b).better, of_energy(b, a).better) == ("A", "B")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"benchmark": "vww01"}, "A is of kws01, energy, not of vww01, energy"),
        ({"mode": "performance"}, "A is of kws01, energy, not of kws01, performance"),
        ({"virtual": True}, "B is virtual, and the other is not"),
        ({"figures": {}}, "B has no energy_per_inference"),
    ],
)
def test_what_cannot_be_compared_says_why(change: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigurationError, match=f"A and B cannot be compared: {words}. Try: "):
        differences(result(), result().model_copy(update=change))


def test_notes_name_a_and_b() -> None:
    a = result(1e-3, SCATTER, valid=False, voltage_v=3.0, facts_sha256="a" * 64)
    b = result(1e-3, SCATTER, voltage_v=1.8, facts_sha256="a" * 64)
    notes = of_energy(a, b).notes
    assert {"A is not valid", "A was measured at 3 V, B at 1.8 V"} <= set(notes)
    assert "A and B are the same session, so that its uncertainty counts twice" in notes
    assert not any("limit" in note or "baseline" in note for note in notes)
    assert as_document(of_energy(a, b))["better"] == "cannot be told"


def test_two_equal_devices_are_called_different_about_once_in_twenty_draws() -> None:
    draws = np.random.default_rng(7)
    wrong, count = 0, 400
    for _ in range(count):
        gain = 1 + draws.uniform(-1, 1) * GAIN.relative * math.sqrt(3)
        values = [1e-3 * gain * (1 + draws.normal() * SCATTER.relative) for _ in range(2)]
        found = of_energy(*(result(value, GAIN, SCATTER) for value in values))
        wrong += found.better != "cannot be told"
    assert 0.02 * count < wrong < 0.09 * count
