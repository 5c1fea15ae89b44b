# SPDX-License-Identifier: Apache-2.0
"""Issue the certificate of a session: judged anew from its facts, signed, in four forms."""

from dataclasses import dataclass
from functools import partial
from os import PathLike
from pathlib import Path
from typing import cast

from energy_runner.api.analysis import analyze
from energy_runner.api.keys import AnyPath, list_keys, load_key, secret_bytes
from energy_runner.api.sessions import AnySession, load_session
from energy_runner.api.trust_at import trust_of
from energy_runner.certificate.catalogue import current, find
from energy_runner.certificate.collect import Given, collect
from energy_runner.certificate.document.pdf import Paper
from energy_runner.certificate.facts import EnergyCertificate, Issuing, Revision
from energy_runner.certificate.forms import JSON, PDF, issue
from energy_runner.certificate.profile.files import Profile
from energy_runner.certificate.profile.load import load_profile
from energy_runner.certificate.register import STAMP, check_free, put_certificate
from energy_runner.certificate.signing.keys import SigningKey
from energy_runner.certificate.signing.moments import moment_s
from energy_runner.errors import Argument, ConfigurationError, SessionError, in_words
from energy_runner.session import disk
from energy_runner.session.days import epoch_s
from energy_runner.session.folder import Session
from energy_runner.session.result import Result
from energy_runner.software import commit
from energy_runner.version import version
from energy_runner.wording import printable, shown
from instruments.clock import NS_PER_S, RealClock, utc_text

__all__ = ["EnergyCertificate", "Issued", "certificate_facts", "certify"]

FOLDER = Path("certificates")
SWEEPS = Path("sweeps")
PAPERS = ("a4", "us-letter")
_MOST_BYTES = 1 << 20
_UNKNOWN_KEY = "0" * 64


@dataclass(frozen=True)
class Issued:
    """A certificate that was issued: its facts, its folder, its files, and what the issuer has to know.

    `certificate.title` says whether it is a certificate or only a report, and `certificate.reasons` why.
    """

    certificate: EnergyCertificate
    folder: Path
    files: tuple[Path, ...]
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True)
class Asked:
    """What was asked for, read: the session, its accuracy session, what the laboratory states."""

    session: Session
    accuracy: Session | None
    profile: Profile
    issued_utc: str


def certificate_facts(
    session: AnySession,
    *,
    accuracy_session: AnySession | None = None,
    profile: AnyPath | Profile | None = None,
    issued: str | None = None,
    verified: bool = False,
    sweeps: AnyPath = SWEEPS,
) -> EnergyCertificate:
    """Return what a certificate of a session would state, unsigned: title, reasons, and what is missing.

    Arguments and errors are those of `certify`.
    """
    asked = _read(session, accuracy_session, profile, issued, verified=verified)
    return _facts(asked, _issuing(asked.issued_utc, _UNKNOWN_KEY, None), verified=verified, sweeps=Path(sweeps))


def certify(
    session: AnySession,
    key: SigningKey | AnyPath,
    *,
    passphrase: str | None = None,
    accuracy_session: AnySession | None = None,
    profile: AnyPath | Profile | None = None,
    issued: str | None = None,
    paper: str = "a4",
    out: AnyPath = FOLDER,
    supersedes: str | None = None,
    why: str = "",
    timestamp_url: str | None = None,
    seal_certificate: AnyPath | None = None,
    seal_key: AnyPath | None = None,
    seal_passphrase: str | None = None,
    verified: bool = False,
    sweeps: AnyPath = SWEEPS,
    ring: AnyPath | None = None,
) -> Issued:
    """Issue the certificate of an energy session, in a new folder of `out` that is called as its id.

    The result is judged anew from the facts, with the accuracy session, and the control chart of the bench is read
    from `sweeps`. If the minimum of a certificate is not met, the same document is titled a measurement report and
    says why. `profile` is the laboratory's TOML file; `issued` the moment of issue, `YYYY-MM-DDThh:mm:ssZ`, by
    default now: the same facts, key and moment give the same bytes. `supersedes` is the id of a certificate in
    `out` that this one replaces, and `why` says for what reason. `timestamp_url` is an authority (RFC 3161) that
    stamps the signature. With `seal_certificate` and `seal_key` (EC P-256, PEM) the PDF is sealed, too; a seal
    has other bytes each time. `verified` states that the association that keeps the benchmark has reviewed the
    result.

    Raises `ConfigurationError` for what is asked wrongly: a clock that was set back, a key that the ring does not
    trust, a certificate that exists already, a text that a form cannot hold; `SessionError` for facts that cannot
    be read; `BenchFault` if the disk or the time stamp authority refuses. Then nothing was written.
    """
    if paper not in PAPERS:
        raise ConfigurationError(Argument("paper", shown(paper)), f": must be one of {', '.join(PAPERS)}")
    seal = _seal_files(seal_certificate, seal_key)
    signing = key if isinstance(key, SigningKey) else load_key(key, passphrase)
    asked = _read(session, accuracy_session, profile, issued, verified=verified)
    into = Path(out)
    remarks = [*_check_key(signing, asked.issued_utc, ring), *_check_now(asked.issued_utc)]
    revision = _revision(into, supersedes, why, asked.issued_utc)
    issuing = _issuing(asked.issued_utc, signing.key_id, revision)
    facts = _facts(asked, issuing, verified=verified, sweeps=Path(sweeps))
    check_free(into, facts.id)
    files = dict(issue(facts, signing, cast("Paper", paper)).by_name)
    if timestamp_url is not None:
        files[STAMP] = _stamp(timestamp_url, files[JSON])
    if seal is not None:
        files[PDF] = _sealed(files[PDF], *seal, seal_passphrase, facts)
    folder = put_certificate(into, facts.id, files)
    return Issued(facts, folder, tuple(folder / name for name in files), tuple(remarks))


# --- what is asked -------------------------------------------------------------------------------------------


def _read(
    session: AnySession,
    accuracy_session: AnySession | None,
    profile: AnyPath | Profile | None,
    issued: str | None,
    *,
    verified: bool,
) -> Asked:
    opened = load_session(session)
    tested = load_session(accuracy_session) if accuracy_session is not None else None
    _check_mode(opened, "energy", "a certificate states the energy of an energy session")
    if tested is not None:
        _check_mode(tested, "accuracy", "the accuracy is that of an accuracy session")
    if verified and opened.record.virtual:
        raise ConfigurationError(
            Argument("verified"), ": the session is simulated, and nobody reviews such a result. Try: without it"
        )
    issued_utc = _moment(issued)
    for one in filter(None, (opened, tested)):
        _check_after(issued_utc, _begun_utc(one), f"the session {printable(str(one.path))} was begun")
    return Asked(opened, tested, _profile(profile), issued_utc)


def _check_mode(session: Session, mode: str, why: str) -> None:
    found = session.record.run.mode
    if found != mode:
        raise ConfigurationError(
            printable(f"{session.path}: is of mode {found}, and {why}. Try: a session of mode {mode}")
        )


def _moment(issued: str | None) -> str:
    if issued is None:
        return f"{utc_text(RealClock().utc_ns()).partition('.')[0]}Z"
    try:
        moment_s(issued)
    except SessionError as error:
        raise ConfigurationError(Argument("issued", shown(issued)), f": {error}") from None
    return f"{issued.rstrip('Z').partition('.')[0]}Z"


def _begun_utc(session: Session) -> str:
    """Return when a session was begun by the host's clock; of a virtual one only a sweep tells it."""
    sweep = session.record.sweep
    return sweep.started_utc if sweep is not None else session.record.started_utc


def _check_after(issued_utc: str, before_utc: str, what: str) -> None:
    before_s = epoch_s(before_utc)
    if before_s is not None and moment_s(issued_utc) < before_s:
        raise ConfigurationError(
            f"{what} at {shown(before_utc)}, after the moment of issue, {issued_utc}: a clock was set back. "
            "Try: correct this computer's clock, or ",
            Argument("issued", "TIME"),
        )


def _check_now(issued_utc: str) -> list[str]:
    ahead_s = moment_s(issued_utc) - RealClock().utc_ns() / NS_PER_S
    return [f"the moment of issue, {issued_utc}, is later than this computer's clock"] if ahead_s > 0 else []


def _profile(profile: AnyPath | Profile | None) -> Profile:
    if profile is None:
        return Profile()
    return profile if isinstance(profile, Profile) else load_profile(Path(profile))


def _check_key(key: SigningKey, issued_utc: str, ring: AnyPath | None) -> list[str]:
    """Return a remark for a key that the ring does not know; refuse one of which it says that it is not good."""
    trust = list_keys(ring).trust(key.key_id, issued_utc)
    if trust.trusted:
        return []
    if trust.state == "unknown":
        return [f"{trust.detail}, so that nobody who has only that ring trusts what it signs"]
    raise ConfigurationError(f"{trust.detail}: nobody would trust the certificate. Try: another key")


def _revision(out: Path, supersedes: str | None, why: str, issued_utc: str) -> Revision | None:
    if supersedes is None:
        if why:
            raise ConfigurationError(Argument("why"), ": of what? Try: ", Argument("supersedes", "ID"))
        return None
    if not why.strip():
        raise ConfigurationError(
            Argument("supersedes", shown(supersedes)), ": for what reason? Try: ", Argument("why", "TEXT")
        )
    before = find(out, supersedes, whole=True)
    _check_after(issued_utc, before.certificate.issuing.issued_utc, f"{before.id} was issued")
    later = current(out, before)
    if later is not None:
        raise ConfigurationError(
            f"{before.id}: it is superseded already. Try: ",
            Argument("supersedes", later.id),
            ", which replaces it",
        )
    return Revision(id=before.id, sha256=before.sha256, why=why.strip())


# --- facts ---------------------------------------------------------------------------------------------------


def _issuing(issued_utc: str, key_id: str, revision: Revision | None) -> Issuing:
    return Issuing(
        issued_utc=issued_utc,
        software=f"energy-runner {version()}",
        commit=commit(),
        key_id=key_id,
        supersedes=revision,
    )


def _facts(asked: Asked, issuing: Issuing, *, verified: bool, sweeps: Path) -> EnergyCertificate:
    result = analyze(asked.session, accuracy_session=asked.accuracy)
    given = Given(issuing, asked.profile, trust_of(asked.session, sweeps, asked.issued_utc), verified)
    return collect(asked.session, result, given, _tested(asked.accuracy))


def _tested(accuracy: Session | None) -> tuple[Session, Result] | None:
    return (accuracy, analyze(accuracy)) if accuracy is not None else None


# --- stamp and seal ------------------------------------------------------------------------------------------


def _stamp(url: str, envelope: bytes) -> bytes:
    from energy_runner.certificate.signing.post import post_query
    from energy_runner.certificate.signing.timestamp import request_token

    return request_token(url, envelope, partial(post_query))


def _seal_files(certificate: AnyPath | None, key: AnyPath | None) -> tuple[bytes, bytes] | None:
    if certificate is None and key is None:
        return None
    if certificate is None or key is None:
        raise ConfigurationError(
            "a seal needs a certificate and its key. Try: both ",
            Argument("seal_certificate", "PEM"),
            " and ",
            Argument("seal_key", "PEM"),
        )
    return _pem(certificate, "seal_certificate"), _pem(key, "seal_key")


def _pem(path: str | PathLike[str], name: str) -> bytes:
    try:
        with disk.open_file(Path(path)) as file:
            return file.read(_MOST_BYTES)
    except OSError as error:
        raise ConfigurationError(
            Argument(name, printable(str(path))), f": cannot be read ({in_words(error)}). Try: its file in PEM"
        ) from None


def _sealed(pdf: bytes, certificate: bytes, key: bytes, passphrase: str | None, facts: EnergyCertificate) -> bytes:
    from energy_runner.certificate.document.seal import seal_pdf

    return seal_pdf(pdf, certificate, key, secret_bytes(passphrase), reason=f"{facts.title} {facts.id}")
