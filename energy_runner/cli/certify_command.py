# SPDX-License-Identifier: Apache-2.0
"""`certify`: issue a certificate, and ask first for what the laboratory's profile lacks."""

from dataclasses import dataclass
from pathlib import Path
from textwrap import wrap
from typing import TYPE_CHECKING, Any

from energy_runner.cli.differences import tell_differences, tell_others
from energy_runner.cli.outcome import say
from energy_runner.cli.output import write, write_json
from energy_runner.cli.passphrase import SEAL, passphrase_for
from energy_runner.errors import Argument, ConfigurationError, ExitStatus
from energy_runner.report.units import plain
from energy_runner.session import disk
from energy_runner.wording import printable

if TYPE_CHECKING:
    from energy_runner.api.certificates import Issued
    from energy_runner.certificate.facts import EnergyCertificate
    from energy_runner.session.folder import Session

SCHEMA = "energy-runner/certify/1"
_CLOSED = b"ENCRYPTED"
_MOST_BYTES = 1 << 20  # of the key of a seal
_COLUMNS = 80
_EVEN: dict[str, Any] = {"initial_indent": "  ", "subsequent_indent": "  "}
_INDENT: dict[str, Any] = {"initial_indent": "  ", "subsequent_indent": "    "}


@dataclass(frozen=True)
class CertifyOptions:
    """The options of `certify`: `asked` says what is certified, `signed` how it is signed and where it goes."""

    sessions: list[Path]
    key: Path | None
    profile: Path | None
    form: bool
    asked: dict[str, Any]
    signed: dict[str, Any]
    as_json: bool


def certify_command(options: CertifyOptions) -> int:
    """Issue a certificate; status 1 if it is only a measurement report."""
    from energy_runner import api

    if not options.sessions:
        return _form_alone(options)
    if options.key is None:
        raise ConfigurationError(
            Argument("key"),
            " is needed: the key that signs. Try: ",
            Argument("key", "FILE"),
            "; energy-runner keys new FILE makes one",
        )
    closed = api.key_needs_passphrase(options.key)
    key = api.load_key(options.key, passphrase_for(printable(str(options.key))) if closed else None)
    session, tested = _by_mode(options)
    tell_differences(session)
    tell_others(tested)
    asked = options.asked | {"accuracy_session": tested}
    profile = options.profile
    if options.form:
        from energy_runner.cli.form_command import ask_for_missing

        profile = ask_for_missing(session, profile, asked)
    secret = _seal_passphrase(options.signed["seal_key"])
    issued = api.certify(session, key, profile=profile, seal_passphrase=secret, **asked, **options.signed)
    _show(issued, as_json=options.as_json)
    return ExitStatus.RULE_FAILED if issued.certificate.reasons else ExitStatus.VALID


def _by_mode(options: CertifyOptions) -> tuple["Session", "Session | None"]:
    """Return the energy session and the accuracy session, in whatever order they were named."""
    from energy_runner import api

    beside = options.asked["accuracy_session"]
    named = [api.load_session(one) for one in [*options.sessions, *([beside] if beside is not None else [])]]
    by_mode: dict[str, list[Session]] = {}
    for one in named:
        by_mode.setdefault(one.record.run.mode, []).append(one)
    energy, accuracy = by_mode.pop("energy", []), by_mode.pop("accuracy", [])
    if by_mode or len(energy) != 1 or len(accuracy) > 1:
        modes = ", ".join(f"{one.path}: {one.record.run.mode}" for one in named)
        raise ConfigurationError(
            printable(
                f"a certificate is of one energy session and at most one accuracy session; these are {modes}. "
                "Try: one of each"
            )
        )
    return energy[0], accuracy[0] if accuracy else None


def _form_alone(options: CertifyOptions) -> int:
    if not options.form:
        raise ConfigurationError(
            "a session is needed. Try: energy-runner certify SESSION --key FILE; or, for an empty profile, ",
            Argument("form", "True"),
            " ",
            Argument("profile", "lab.toml"),
        )
    from energy_runner.cli.form_command import write_empty

    return write_empty(options.profile, as_json=options.as_json)


def _seal_passphrase(path: Path | None) -> str | None:
    """Return the passphrase of the seal's key, if it is closed by one; that it can be read is not asked here."""
    if path is None:
        return None
    try:
        with disk.open_file(path) as file:
            closed = _CLOSED in file.read(_MOST_BYTES)
    except OSError:
        return None
    return passphrase_for(printable(str(path)), SEAL) if closed else None


# --- what is printed -----------------------------------------------------------------------------------------


def _show(issued: "Issued", *, as_json: bool) -> None:
    for remark in issued.remarks:
        say(remark)
    if as_json:
        write_json(_document(issued))
        return
    one = issued.certificate
    lines = []
    if one.missing:
        keys = wrap(", ".join(each.key for each in one.missing), _COLUMNS, break_on_hyphens=False, **_EVEN)
        lines += ["The laboratory does not state (keys of its profile; --form asks for them):", *keys, ""]
    if one.reasons:
        lines += ["It is not a certificate, for these reasons:", *_reasons(one), ""]
    write("\n".join(plain(line) for line in (*lines, *headline(one), *map(str, issued.files))) + "\n")


def headline(one: "EnergyCertificate") -> list[str]:
    """Return the first lines about a certificate: title, id, score; SIMULATED for a virtual one."""
    score = one.result.energy_per_inference_j
    told = score.stated.text if score is not None and score.stated is not None else "no score"
    marked = "SIMULATED: no hardware was measured" if one.virtual else ""
    lines = [f"{one.title}  {one.id}", f"{one.workload.benchmark}: {told}", marked]
    return [line for line in lines if line]


def _reasons(one: "EnergyCertificate") -> list[str]:
    each = (wrap(f"{reason.id}: {reason.detail}", _COLUMNS, **_INDENT) for reason in one.reasons)
    return [line for lines in each for line in lines]


def _document(issued: "Issued") -> dict[str, Any]:
    one = issued.certificate
    score = one.result.energy_per_inference_j
    return {
        "schema": SCHEMA,
        "id": one.id,
        "title": one.title,
        "certificate": not one.reasons,
        "virtual": one.virtual,
        "issued_utc": one.issuing.issued_utc,
        "key_id": one.issuing.key_id,
        "score": score.model_dump(mode="json") if score is not None else None,
        "reasons": [{"id": each.id, "demand": each.demand, "detail": each.detail} for each in one.reasons],
        "missing": [{"key": each.key, "what": each.what} for each in one.missing],
        "remarks": list(issued.remarks),
        "folder": str(issued.folder),
        "files": [path.name for path in issued.files],
    }
