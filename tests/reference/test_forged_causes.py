# SPDX-License-Identifier: Apache-2.0
"""Of two faults in a published session the one that explains the figure comes first."""

from pathlib import Path

import pytest

from energy_runner.published.audit import audit
from tests.reference.test_forged_sessions import copied
from tests.support.forged_causes import FIRST


@pytest.mark.parametrize("name", FIRST)
def test_what_comes_first_is_the_cause(reference: Path, tmp_path: Path, name: str) -> None:
    session, change, first, state = FIRST[name]
    folder = copied(reference, session, tmp_path / session)
    change(folder)
    (row,) = audit([folder])
    told = [(one.id, one.severity, one.because_of, one.text) for one in row.findings]
    assert (row.findings[0].id, row.state) == (first, state), told
    assert row.findings[0].because_of is None
    assert row.findings[0].evidence
