# SPDX-License-Identifier: Apache-2.0
"""Each rule has a fault that no other rule catches: without it, that fault would pass for a good run."""

from pathlib import Path

import pytest

from energy_runner.rules import load_rule_set
from energy_runner.rules.table import RULES
from tests.support.rule_faults import FAULTS, UNKNOWN, caught, every_rule, good, judged


def test_every_rule_has_its_fault() -> None:
    assert sorted(FAULTS) == sorted(RULES), "a rule needs a fault in tests/support/rule_faults.py"
    assert set(every_rule().rules) == set(RULES), "a rule needs a row in the suite's or the laboratory's rule set"


@pytest.mark.parametrize("mode", ["energy", "performance", "accuracy"])
def test_a_good_run_passes_every_rule(tmp_path: Path, mode: str) -> None:
    assert caught(judged(good(mode), tmp_path, every_rule())) == UNKNOWN.get(mode, set())


@pytest.mark.parametrize("rule", FAULTS)
def test_only_this_rule_catches_its_fault(tmp_path: Path, rule: str) -> None:
    fault = FAULTS[rule]
    if fault.laboratory:
        result = judged(fault.given(), tmp_path, load_rule_set("lab"))
        found = {verdict.id for verdict in result.verdicts if verdict.binding and not verdict.passed}
    else:
        found = caught(judged(fault.given(), tmp_path, every_rule())) - UNKNOWN.get(fault.mode, set())
    assert rule in found
    assert found == {rule, *fault.also}
