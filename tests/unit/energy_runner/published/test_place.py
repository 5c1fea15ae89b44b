# SPDX-License-Identifier: Apache-2.0
"""Round, division, submitter and system by the tree, and the rule set that follows from them."""

from pathlib import Path

import pytest

from energy_runner.published.audit import limits_for
from energy_runner.published.place import Place, place_of


@pytest.mark.parametrize(
    ("path", "place", "rules"),
    [
        ("/r/v0.5/closed/A/results/b/kws/energy", Place("v0.5", "closed", "A", "b"), "mlperf-tiny-0.5"),
        ("/r/tiny_results_v1.2/open/A/results/b/ic/E", Place("v1.2", "open", "A", "b"), "mlperf-tiny-1.2-open"),
        ("/r/v1.4/Open/A/results/b/kws", Place("v1.4", "open", "A", "b"), "mlperf-tiny-1.4-open"),
        ("/r/v1.3/closed/A/results/b/kws", Place("v1.3", "closed", "A", "b"), "mlperf-tiny-1.3"),
        ("/open/v9.9/closed/A/results/b", Place("v9.9", "closed", "A", "b"), "mlperf-tiny-1.4"),
        ("/r/closed/A/systems", Place("", "closed", "A", ""), "mlperf-tiny-1.4"),
        ("/r/v1.1/kws/energy", Place("v1.1"), "mlperf-tiny-1.1"),
        ("/r/board-1.2.3/kws", Place(), "mlperf-tiny-1.4"),
    ],
)
def test_a_place_and_its_rules(path: str, place: Place, rules: str) -> None:
    assert place_of(Path(path)) == place
    assert limits_for(Path(path)).rules.id == rules
