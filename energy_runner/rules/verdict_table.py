# SPDX-License-Identifier: Apache-2.0
"""The verdicts of sessions as a table: one row for each rule that applies, judged again from the facts."""

from collections.abc import Iterator

import numpy as np

from energy_runner.analysis.tables import Kind, Part, numbers, words
from energy_runner.rules.judge import check
from energy_runner.session.folder import Session

_ABOUT = {
    "rule_set": "Id of the rule set that asked.",
    "rule": "Id of the rule.",
    "state": "passed, failed, or not known where the session lacks the facts to judge by.",
    "binding": "False for a rule that only informs and never makes a run invalid.",
    "measured": "What was found, as a person reads it.",
    "limit": "What is demanded, as a person reads it.",
    "value": "The number that was judged, in the row's unit.",
    "value_u": "Standard uncertainty of the value, in the row's unit.",
    "low": "The least value allowed, in the row's unit.",
    "high": "The largest value allowed, in the row's unit.",
    "unit": "Unit of the numbers of this row.",
    "clause": "The rule, standard or practice that demands it.",
    "text": "The verdict in one sentence.",
}


def _verdicts(session: Session, noted: list[str]) -> Iterator[Part]:
    found = check(session)
    texts = {
        "rule_set": [one.rule_set for one in found],
        "rule": [one.id for one in found],
        "state": ["passed" if one.passed else "failed" if one.known else "not known" for one in found],
        "measured": ["" if one.measured is None else str(one.measured) for one in found],
        "limit": ["" if one.limit is None else str(one.limit) for one in found],
        "unit": [one.unit for one in found],
        "clause": [one.clause for one in found],
        "text": [one.text or one.note for one in found],
    }
    figures = {
        "value": [one.value for one in found],
        "value_u": [one.u for one in found],
        "low": [one.low for one in found],
        "high": [one.high for one in found],
    }
    part: Part = {name: words(values) for name, values in texts.items()}
    part |= {name: numbers(values, np.float64) for name, values in figures.items()}
    yield part | {"binding": np.array([one.binding for one in found], dtype=np.bool_)}


VERDICTS = Kind("verdict", _ABOUT, ("rule_set", "rule"), _verdicts, frozenset({"value", "value_u", "low", "high"}))
