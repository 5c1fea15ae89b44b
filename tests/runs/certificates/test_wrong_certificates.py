# SPDX-License-Identifier: Apache-2.0
"""Each certificate of the suite is judged as it has to be, with the checks and the places that tell why."""

import sys
from pathlib import Path

import pytest

from energy_runner import api
from energy_runner.certificate.forms import JSON
from energy_runner.certificate.verify.bundle import gather
from energy_runner.certificate.verify.verify import With, verify
from energy_runner.errors import RunnerError
from tests.support.wrong_certificates.case import Case, Made
from tests.support.wrong_certificates.judge import complaints
from tests.support.wrong_certificates.lab import NOW, RING, virtual_forms
from tests.support.wrong_certificates.run import run_case, run_suite
from tests.support.wrong_certificates.sessions import write_session
from tests.support.wrong_certificates.suite import CASES
from tests.support.wrong_certificates.write import write_all, write_case


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
            now_utc=NOW,
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


@pytest.mark.deep
def test_the_protocol_drives_our_own_verifier(tmp_path: Path) -> None:
    """A few cases of each family go through a process, as those of another verifier would."""
    names = {
        "right-virtual-with-session",
        "right-time-stamp",
        "key-unknown",
        "json-with-mark",
        "session-trace-changed",
    }
    write_all(tmp_path / "suite", [case for case in CASES if case.name in names])
    command = [sys.executable, "-m", "energy_runner", "verify"]
    for name in sorted(names):
        assert run_case(tmp_path / "suite" / name, command) == [], name


def test_a_verifier_that_believes_everything_is_found_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    believes = [sys.executable, "-c", 'print(\'{"holds": true, "checks": []}\')']
    write_all(
        tmp_path / "suite", [case for case in CASES if case.name in {"right-json-alone", "signature-missing"}]
    )
    assert run_suite(tmp_path / "suite", believes) == 1
    said = capsys.readouterr().out
    assert "ok   right-json-alone" in said
    assert "FAIL signature-missing: status 0 in place of 1; holds is True; readable does not fail" in said
    assert "1 of 2 cases" in said


@pytest.mark.parametrize(
    ("said", "wrong"),
    [
        ("It was replaced by ER-0000000000000001 on 2026-04-01.", "replaced"),
        ("It was revoked on 2026-04-01: the board was another one.", "revoked"),
        ("", ""),
    ],
)
def test_a_certificate_that_was_superseded_or_revoked_does_not_verify(
    said: str, wrong: str, tmp_path: Path
) -> None:
    (tmp_path / JSON).write_bytes(virtual_forms()[JSON])
    found = verify(gather(tmp_path / JSON), With(RING, NOW, revised=lambda certificate, envelope: said))
    assert found.holds is not bool(wrong)
    (revision,) = [one for one in found.checks if one.id == "revision"]
    assert wrong in revision.detail
