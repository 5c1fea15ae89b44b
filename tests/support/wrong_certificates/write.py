# SPDX-License-Identifier: Apache-2.0
"""Write the cases of the suite as folders: DIR/NAME with the files, `ring.json` and `expected.json`."""

import json
from collections.abc import Iterable
from pathlib import Path

from energy_runner.certificate.signing.ring import save_ring
from tests.support.wrong_certificates.case import Case, Made
from tests.support.wrong_certificates.sessions import write_session
from tests.support.wrong_certificates.suite import CASES

SESSIONS = "sessions"


def write_all(folder: Path, cases: Iterable[Case] = CASES) -> int:
    """Write cases, and the sessions that they need, into a new folder; return how many."""
    folder.mkdir(parents=True, exist_ok=False)
    written = list(cases)
    for case in written:
        made = case.make()
        write_case(folder / case.name, case, made)
        for session in filter(None, (made.session, made.accuracy)):
            if not (folder / SESSIONS / session).exists():
                write_session(session, folder / SESSIONS / session)
    return len(written)


def write_case(folder: Path, case: Case, made: Made) -> None:
    """Write one case into a new folder."""
    folder.mkdir(parents=True)
    for name, data in {**made.files, **made.authorities}.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    save_ring(folder / "ring.json", made.ring)
    text = json.dumps(case.expected(made), indent=2, ensure_ascii=False) + "\n"
    (folder / "expected.json").write_text(text, encoding="utf-8")
