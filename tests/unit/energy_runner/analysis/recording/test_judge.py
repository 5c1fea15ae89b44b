# SPDX-License-Identifier: Apache-2.0
"""Limits on figures: over only beyond U, and nothing else than a number above zero is a limit."""

import math
from typing import Any

import pytest

from energy_runner.analysis.recording.figures import Figure, Recorded
from energy_runner.analysis.recording.judge import LIMITS, SHOWN, in_words, judge, limits_of
from energy_runner.errors import ConfigurationError


def recorded(value: float = 1e-3, expanded: float = 2e-5) -> Recorded:
    one = Figure(value, expanded / 2, expanded, 2.0, "J")
    return Recorded("x", True, one, one, one, one, one, period_s=1e-3, samples=1000)


@pytest.mark.parametrize(
    ("limit", "verdict"),
    [(979.0, "over"), (981.0, "cannot be told"), (1019.0, "cannot be told"), (1021.0, "within")],
)
def test_only_what_is_beyond_the_uncertainty_is_over(limit: float, verdict: str) -> None:
    (found,) = judge(recorded(), limits_of({"max_uj": limit}))
    assert found.verdict == verdict
    assert str(found) == f"energy 1000 ± 20 µJ, limit {limit:g} µJ: {verdict}"


@pytest.mark.parametrize("name", LIMITS)
def test_each_limit_is_about_a_figure_in_its_unit(name: str) -> None:
    figure, factor = LIMITS[name]
    assert limits_of({name: 7.0}) == {figure: pytest.approx(7.0 * factor)}
    assert figure in SHOWN
    assert SHOWN[figure][0] in in_words(recorded())


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"max_uj": 0.0}, "above 0"),
        ({"max_uj": -1.0}, "above 0"),
        ({"max_uj": math.nan}, "above 0"),
        ({"max_uj": math.inf}, "above 0"),
        ({"max_uj": True}, "above 0"),
        ({"max_uj": "3"}, "above 0"),
        ({"max_kj": 1.0}, "max_uj"),
        ({"max_uj": 1.0, "max_mj": 1.0}, "two limits"),
    ],
    ids=str,
)
def test_anything_else_is_no_limit(given: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigurationError, match=words):
        limits_of(given)
