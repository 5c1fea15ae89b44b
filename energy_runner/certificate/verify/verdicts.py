# SPDX-License-Identifier: Apache-2.0
"""Which verdicts of a certificate its session contradicts, where not all that took part in them is at hand.

Else a laboratory would only have to name a session that nobody has, or a rule set that nobody knows, and could
turn any verdict.
"""

from collections.abc import Iterator

from energy_runner.certificate.collect.collect import as_written
from energy_runner.certificate.verify.checks import Contradiction
from energy_runner.certificate.verify.signed import first_difference
from energy_runner.rules.registry import all_rules
from energy_runner.session.result import Result, Verdict

_DEMAND = ("limit", "low", "high", "unit", "package")
_FOUND = ("passed", "known", "value", "u")
_OTHERWISE = "it is not what follows from the recorded trace"


def verdicts(told: Result, again: Result, *, same_rules: bool) -> Iterator[Contradiction]:
    """Yield where the verdicts `told` differ from those that the session alone gives `again`.

    A rule that compares sessions is left out. Of another rule set than was asked again (`same_rules` is false)
    the verdicts count that demand the same: what they have found is then the same, too.
    """
    compares = {rule_id for rule_id, rule in all_rules().items() if rule.compares}
    own = {one.id: one for one in again.verdicts if one.id not in compares}
    left = dict(own)
    for number, one in enumerate(told.verdicts):
        place = f"result.verdicts[{number}]"
        found = own.get(one.id)
        left.pop(one.id, None)
        if found is not None:
            wrong = _difference(one, found, place) if same_rules else _otherwise(one, found, place)
            if wrong:
                yield wrong, _OTHERWISE
        elif same_rules and one.id not in compares:
            yield place, f"{one.id} is not asked of such a session"
    if same_rules:
        for rule_id in left:
            yield "result.verdicts", f"{rule_id} was asked, and its verdict is not there"


def _difference(one: Verdict, found: Verdict, place: str) -> str:
    return first_difference(_plain(one), _plain(found), place)


def _otherwise(one: Verdict, found: Verdict, place: str) -> str:
    """Return the first place at which a verdict that demands the same has found something else; "" if none."""
    left, right = _plain(one), _plain(found)
    if any(left[name] != right[name] for name in _DEMAND):
        return ""
    return next((f"{place}.{name}" for name in _FOUND if left[name] != right[name]), "")


def _plain(one: Verdict) -> dict[str, object]:
    plain: dict[str, object] = as_written(one.model_dump(mode="json"))
    return plain
