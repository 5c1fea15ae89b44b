# SPDX-License-Identifier: Apache-2.0
"""Verify a certificate from any of its forms, with its session if that is at hand."""

from collections.abc import Sequence
from functools import partial
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING

from platformdirs import user_config_path

from energy_runner.api.revisions import catalogue_of, revision
from energy_runner.api.sessions import AnySession, load_session
from energy_runner.certificate.catalogue import read_catalogue
from energy_runner.certificate.verify.bundle import gather
from energy_runner.certificate.verify.checks import Check
from energy_runner.certificate.verify.verify import VerifiedCertificate, With, verify
from energy_runner.errors import Argument, ConfigurationError, SessionError, in_words
from energy_runner.session import disk
from energy_runner.session.folder import RECORD, Session
from energy_runner.wording import printable
from instruments.clock import RealClock, utc_text

if TYPE_CHECKING:
    from energy_runner.certificate.signing.ring import KeyRing

__all__ = ["Check", "VerifiedCertificate", "verify_certificate"]

FOLDER = Path("certificates")
_MOST_BYTES = 1 << 20  # of a certificate of a time stamp authority


def verify_certificate(
    path: str | PathLike[str],
    *,
    ring: "KeyRing | str | PathLike[str] | None" = None,
    session: AnySession | None = None,
    accuracy_session: AnySession | None = None,
    authorities: Sequence[str | PathLike[str]] = (),
    certificates: str | PathLike[str] | None = None,
    full: bool = False,
    dcc_schema: str | PathLike[str] | None = None,
    now_utc: str | None = None,
) -> VerifiedCertificate:
    """Verify a certificate: signature, key, hashes, consistency, and with its session the figures from the trace.

    `path` is one of its forms (PDF, JSON, XML), its folder, or a session, whose last certificate is then looked
    for in `certificates`: the folder of all certificates, which also tells whether it was revised, as does a
    `revocation.json` beside it. By default that is the one in which it lies, and for a session `certificates/`.
    `ring` is a key ring or its file, by default the user's own; `authorities` are files with certificates of time
    stamp authorities.

    With the session every figure is derived again; from more than 10 million samples only the energies, unless it
    is to be `full`. `dcc_schema` is a `dcc.xsd`, as PTB publishes it, by which the XML is checked; what it imports
    has to lie beside it. `now_utc` is the moment for which keys are asked (ISO 8601), by default now.

    Its `holds` is true only if the signature is that of a trusted key and everything that could be checked holds;
    `unchecked` says what could not be. Nothing is executed, written or fetched. Raises `SessionError` for what is
    no certificate at all, `ConfigurationError` for a key ring or a schema that cannot be read.
    """
    path = Path(path)
    own_ring = _ring(ring)
    if (path / RECORD).is_file():
        if session is not None:
            raise ConfigurationError(
                Argument("session"),
                f": {printable(str(path))} is a session already. Try: its certificate, or without",
            )
        measured, catalogue = load_session(path), Path(certificates or FOLDER)
        return verify_certificate(
            _last_of(measured, catalogue),
            ring=own_ring,
            session=measured,
            accuracy_session=accuracy_session,
            authorities=authorities,
            certificates=catalogue,
            full=full,
            dcc_schema=dcc_schema,
            now_utc=now_utc,
        )
    bundle = gather(path)
    folder = Path(certificates) if certificates is not None else catalogue_of(path)
    given = With(
        ring=own_ring,
        now_utc=utc_text(RealClock().utc_ns()) if now_utc is None else now_utc,
        roots=[_bytes_of(Path(one)) for one in authorities],
        session=None if session is None else load_session(session),
        accuracy=None if accuracy_session is None else load_session(accuracy_session),
        full=full,
        dcc_schema=None if dcc_schema is None else Path(dcc_schema),
        revised=partial(revision, path if path.is_dir() else path.parent, folder, own_ring),
    )
    return verify(bundle, given)


def _last_of(session: Session, folder: Path) -> Path:
    """Return the folder of the last certificate in the catalogue that was issued for the facts of a session."""
    seal = session.record.seal
    issued = [
        held
        for held in (read_catalogue(folder).held if folder.is_dir() else ())
        if seal is not None and held.certificate.session.facts_sha256 == seal.sha256
    ]
    if not issued:
        raise SessionError(
            f"{printable(str(session.path))}: no certificate of it is in {printable(str(folder))}. Try: ",
            Argument("certificates", "DIR"),
            ", or the certificate with ",
            Argument("session", str(session.path)),
        )
    return issued[-1].folder


def _ring(ring: "KeyRing | str | PathLike[str] | None") -> "KeyRing":
    from energy_runner.certificate.signing.ring import KeyRing, load_ring

    if isinstance(ring, KeyRing):
        return ring
    if ring is not None:
        return load_ring(Path(ring))
    own = user_config_path("energy-runner") / "key-ring.json"
    return load_ring(own) if own.exists() else KeyRing()


def _bytes_of(path: Path) -> bytes:
    try:
        with disk.open_file(path) as file:
            data = file.read(_MOST_BYTES + 1)
    except OSError as error:
        raise ConfigurationError(
            f"{printable(str(path))}: cannot be read ({in_words(error)}). Try: the authority's certificate in PEM"
        ) from None
    if len(data) > _MOST_BYTES:
        raise ConfigurationError(f"{printable(str(path))}: is no certificate. Try: that of the authority in PEM")
    return data
