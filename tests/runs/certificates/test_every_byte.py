# SPDX-License-Identifier: Apache-2.0
"""A certificate of which any byte was changed does not verify, and neither does one beside a session like that."""

import random
import shutil
from pathlib import Path

import pytest

from energy_runner import api
from energy_runner.certificate.forms import AIBOM, JSON, PDF, XML
from energy_runner.certificate.verify.verify import VerifiedCertificate
from energy_runner.errors import RunnerError
from energy_runner.session.folder import RECORD, RESULT
from tests.support.wrong_certificates.authority import certificate_pem, stamp
from tests.support.wrong_certificates.lab import NOW, RING, virtual_forms
from tests.support.wrong_certificates.seals import sealed_by
from tests.support.wrong_certificates.sessions import JOURNAL, STREAM, TRACE, write_session

OF_A_FORM, OF_AN_ATTACHMENT, OF_A_FILE = 60, 25, 15


def flipped(data: bytes, rng: random.Random, start: int = 0, stop: int | None = None) -> tuple[bytes, int]:
    """Return bytes with one bit changed in one of them, and where."""
    at = rng.randrange(start, len(data) if stop is None else stop)
    return data[:at] + bytes([data[at] ^ (1 << rng.randrange(8))]) + data[at + 1 :], at


def names(found: VerifiedCertificate, name: str) -> bool:
    """Return whether something failed, and one of the places is in that file."""
    return not found.holds and any(name in one.place for one in found.failed)


def _not_verified(path: Path, name: str, authorities: tuple[Path, ...] = ()) -> bool:
    """Return whether a certificate is refused, with the name of the file."""
    try:
        return names(api.verify_certificate(path, ring=RING, now_utc=NOW, authorities=authorities), name)
    except RunnerError as error:
        return name in str(error)


@pytest.mark.deep
@pytest.mark.parametrize("name", [JSON, XML, PDF])
def test_any_byte_of_a_form_alone(name: str, tmp_path: Path) -> None:
    rng = random.Random(f"alone {name}")
    path = tmp_path / name
    for _ in range(OF_A_FORM):
        data, at = flipped(virtual_forms()[name], rng)
        path.write_bytes(data)
        assert _not_verified(path, name), at


@pytest.mark.deep
@pytest.mark.parametrize("name", [JSON, XML, PDF, AIBOM])
def test_any_byte_of_a_form_among_the_others(name: str, tmp_path: Path) -> None:
    rng = random.Random(f"among {name}")
    for other, data in virtual_forms().items():
        (tmp_path / other).write_bytes(data)
    for _ in range(OF_AN_ATTACHMENT):
        data, at = flipped(virtual_forms()[name], rng)
        (tmp_path / name).write_bytes(data)
        assert _not_verified(tmp_path, name), at


@pytest.mark.deep
@pytest.mark.parametrize("name", [JSON, XML, AIBOM])
def test_any_byte_of_an_attachment(name: str, tmp_path: Path) -> None:
    rng = random.Random(f"attached {name}")
    pdf, attached = virtual_forms()[PDF], virtual_forms()[name]
    start = pdf.index(attached)
    path = tmp_path / PDF
    for _ in range(OF_AN_ATTACHMENT):
        data, at = flipped(pdf, rng, start, start + len(attached))
        path.write_bytes(data)
        assert _not_verified(path, PDF), at - start


@pytest.mark.deep
def test_any_byte_of_a_seal(tmp_path: Path) -> None:
    rng = random.Random("seal")
    pdf = virtual_forms()[PDF]
    whole = sealed_by(pdf)
    path = tmp_path / PDF
    path.write_bytes(whole)
    assert api.verify_certificate(path, ring=RING, now_utc=NOW).holds
    missed = []
    for _ in range(OF_A_FORM):
        data, at = flipped(whole, rng, len(pdf))
        path.write_bytes(data)
        if not _not_verified(path, PDF):
            missed.append(at - len(pdf))
    assert missed == []


@pytest.mark.deep
def test_any_byte_of_a_time_stamp(tmp_path: Path) -> None:
    rng = random.Random("time stamp")
    for name, data in virtual_forms().items():
        (tmp_path / name).write_bytes(data)
    token = stamp(virtual_forms()[JSON], "2026-03-02T10:00:05Z")
    authority = tmp_path / "authority.pem"
    authority.write_bytes(certificate_pem())
    path = tmp_path / "certificate.json.tst"
    for _ in range(OF_A_FORM):
        data, at = flipped(token, rng)
        path.write_bytes(data)
        assert _not_verified(tmp_path / JSON, "certificate.json.tst", (authority,)), at


@pytest.mark.deep
@pytest.mark.parametrize("name", [JOURNAL, STREAM, TRACE, RECORD, RESULT])
def test_any_byte_of_a_file_of_the_session(name: str, tmp_path: Path) -> None:
    rng = random.Random(f"session {name}")
    folder = write_session("measured", tmp_path / "session")
    path, certificate = folder / name, tmp_path / JSON
    certificate.write_bytes(virtual_forms()[JSON])
    path.chmod(0o644)
    shutil.copyfile(path, tmp_path / "before")
    before = path.read_bytes()
    for _ in range(OF_A_FILE):
        data, at = flipped(before, rng)
        path.write_bytes(data)
        try:
            found = api.verify_certificate(certificate, ring=RING, now_utc=NOW, session=folder)
        except RunnerError as error:
            assert name in str(error), at
            continue
        assert names(found, name), at
