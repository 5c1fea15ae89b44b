# SPDX-License-Identifier: Apache-2.0
"""The papers of a session that a page links to: its report, and a certificate of it that lies nearby."""

import os
from collections.abc import Sequence
from pathlib import Path

from energy_runner.errors import RunnerError
from energy_runner.session.folder import JOURNAL, RECORD, REPORT, RESULT, TRACE, Session
from energy_runner.session.stream import STREAM

PLACE = "certificates"  # where `certify` puts them: beside the sessions
_FILES = (RECORD, JOURNAL, STREAM, TRACE, RESULT, REPORT)


def linked_files(folder: Path) -> list[str]:
    """Return which files of a session are links that lead out of its folder: they are not followed."""
    try:
        with os.scandir(folder) as entries:
            links = {entry.name for entry in entries if entry.is_symlink()}
    except OSError:
        return []
    return [name for name in _FILES if name in links and _leads_out(folder, name)]


def _leads_out(folder: Path, name: str) -> bool:
    try:
        return not (folder / name).resolve().is_relative_to(folder.resolve()) or not (folder / name).exists()
    except (OSError, RuntimeError):  # a link to itself
        return True


def report_of(session: Session) -> Path | None:
    """Return the session's report; None if there is none, or a link out of its folder."""
    path = session.path / REPORT
    return path if path.is_file() and REPORT not in linked_files(session.path) else None


def certificate_of(session: Session, places: Sequence[Path] = ()) -> Path | None:
    """Return the PDF of the certificate that was issued last for the facts of a session; None if there is none.

    Certificates are looked for in `places`, by default in the folders `certificates` beside the session and beside
    the folder of its sessions. Nothing is verified: `energy-runner verify` does that.
    """
    seal = session.record.seal
    beside = session.path.absolute().parent
    found = [place for place in places or (beside / PLACE, beside.parent / PLACE) if place.is_dir()]
    if seal is None or not found:
        return None
    from energy_runner.certificate.catalogue import read_catalogue  # takes long to import
    from energy_runner.certificate.forms import PDF

    for place in found:
        try:
            held = read_catalogue(place).held
        except (RunnerError, OSError, ValueError):
            continue
        for one in reversed(held):
            path = one.folder / PDF
            if one.certificate.session.facts_sha256 == seal.sha256 and path.is_file() and not path.is_symlink():
                return path
    return None
