# SPDX-License-Identifier: Apache-2.0
"""Each certificate of the suite is judged as it has to be, with the checks and the places that tell why."""

from pathlib import Path

import pytest

from energy_runner import api
from energy_runner.errors import RunnerError
from tests.support.wrong_certificates.case import Case, Made
from tests.support.wrong_certificates.judge import complaints
from tests.support.wrong_certificates.sessions import write_session
from tests.support.wrong_certificates.suite import CASES
from tests.support.wrong_certificates.write import write_case


def _by_name(case: Case) -> str:
    return case.name


@pytest.fixture(scope="module")
def sessions(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the sessions that cases name."""
    return tmp_path_factory.mktemp("sessions")


def _session(folder: Path, name: str | None) -> Path | None:
    if name is None:
        return None
    return folder / name if (folder / name).exists() else write_session(name, folder / name)


def _answer(case: Case, made: Made, folder: Path, sessions: Path) -> list[str]:
    """Verify a case, and return what is wrong with the answer."""
    expected = case.expected(made)
    try:
        found = api.verify_certificate(
            folder / made.file,
            ring=folder / "ring.json",
            session=_session(sessions, made.session),
            accuracy_session=_session(sessions, made.accuracy),
            authorities=[folder / name for name in made.authorities],
        )
    except RunnerError:
        return complaints(expected, 2, None)
    return complaints(expected, 0 if found.holds else 1, found.document())


@pytest.mark.parametrize("case", CASES, ids=_by_name)
def test_each_case_is_judged_as_it_has_to_be(case: Case, tmp_path: Path, sessions: Path) -> None:
    made = case.make()
    write_case(tmp_path / "case", case, made)
    assert _answer(case, made, tmp_path / "case", sessions) == []


def test_there_are_enough_cases_and_each_has_its_own_name() -> None:
    names = [case.name for case in CASES]
    assert len(set(names)) == len(names)
    assert sum(bool(case.fails) for case in CASES) >= 60
    assert sum(case.family == "right" for case in CASES) >= 5
    assert all(case.fails or case.cannot_tell or case.family == "right" for case in CASES)
