# SPDX-License-Identifier: Apache-2.0
"""Each rule that looks at sessions given along says so: without them nobody can ask it again."""

from typing import Any

import pytest

from energy_runner.rules import Case
from energy_runner.rules.rule_sets import built_in_sets
from energy_runner.rules.table import RULES
from tests.support.certificates import demo_session

GIVEN_ALONG = frozenset({"accuracy", "performance", "beside"})


class Watched(Case):
    """A case that notes which of its sessions a rule looks at."""

    seen: Any = None

    def __getattribute__(self, name: str) -> Any:
        if name in GIVEN_ALONG:
            Watched.seen.add(name)
        return super().__getattribute__(name)


@pytest.fixture
def cases() -> list[Watched]:
    Watched.seen = set()
    session = demo_session()
    return [Watched(session, Case.of(session, rules).result, rules) for rules in built_in_sets().values()]


def test_a_rule_that_compares_says_so(cases: list[Watched]) -> None:
    asked = set()
    for case in cases:
        for rule_id, row in case.rules.rules.items():
            Watched.seen.clear()
            RULES[rule_id].verdict(case, row)
            asked.add(rule_id)
            assert not Watched.seen or RULES[rule_id].compares, rule_id
    assert {rule_id for rule_id, rule in RULES.items() if rule.compares} <= asked
