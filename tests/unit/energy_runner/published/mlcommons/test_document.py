# SPDX-License-Identifier: Apache-2.0
"""`results.json` of the MLCommons runner: passes, errors, and what is refused."""

import json
import math

import pytest

from energy_runner.errors import SessionError
from energy_runner.published.mlcommons.document import parse_passes
from tests.support.published_sessions import mlcommons_passes


@pytest.mark.parametrize("text", ["[" * 10**6, '[{"x":' * 10**5, "[1]", '[{"infer": {"iterations": -1}}]', "\x00"])
def test_what_is_no_result_of_this_runner_is_refused(text: str) -> None:
    with pytest.raises(SessionError, match=r"results\.json: is not a result of the MLCommons runner"):
        parse_passes(text.encode(), "results.json")


def test_numbers_may_be_text_and_need_not_be_finite() -> None:
    passes = mlcommons_passes()
    text = json.dumps(passes).replace('"iterations": 250', '"iterations": "250"', 1).replace("3e-06", "NaN", 1)
    first, second, *_ = parse_passes(text.encode(), "results.json")
    assert first.infer is not None
    assert first.infer.iterations == 250
    assert first.power is not None
    assert second.power is not None
    assert sum(map(math.isnan, first.power.samples)) == 1
    assert not any(map(math.isnan, second.power.samples))
