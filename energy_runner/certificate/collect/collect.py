# SPDX-License-Identifier: Apache-2.0
"""From a session to the facts of its certificate; pure: the same session, profile and day give the same facts."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from energy_runner.certificate.collect.equipment import conditions, equipment, setup
from energy_runner.certificate.collect.evidence import curves, session_evidence
from energy_runner.certificate.collect.gathered import gathered
from energy_runner.certificate.collect.item import firmware, item, parties
from energy_runner.certificate.collect.statements import statements
from energy_runner.certificate.collect.workload import workload
from energy_runner.certificate.facts import CERTIFICATE, REPORT, EnergyCertificate, Issuing
from energy_runner.certificate.facts.evidence import BenchTrust
from energy_runner.certificate.minimum import minimum
from energy_runner.certificate.profile.files import Profile
from energy_runner.certificate.profile.questions import missing
from energy_runner.session.folder import Session
from energy_runner.session.result import Result

_PLAIN = 1e21  # below it canonical JSON writes a whole number without an exponent
NOT_WATCHED = BenchTrust(state="not watched")


@dataclass(frozen=True)
class Given:
    """What a certificate says beside its session.

    `trust` is the state of the bench by its control chart; where it is "not watched", the one that the session
    recorded counts. `verified` says that the association that keeps the benchmark has reviewed the result.
    """

    issuing: Issuing
    profile: Profile = field(default_factory=Profile)
    trust: BenchTrust = NOT_WATCHED
    verified: bool = False


def collect(
    session: Session,
    result: Result,
    given: Given,
    accuracy: tuple[Session, Result] | None = None,
) -> EnergyCertificate:
    """Return the facts of a certificate of `session`; its `result` was judged with the accuracy session beside it.

    Raises `SessionError` for a journal that cannot be read, `ConfigurationError` where the laboratory states
    another instrument or calibration than the session.
    """
    found = gathered(session, result)
    tested = gathered(*accuracy) if accuracy is not None else None
    profile = given.profile.spec
    instruments = equipment(found, profile)
    virtual = found.record.virtual or result.virtual
    draft = EnergyCertificate(
        id="",
        title=REPORT,
        virtual=virtual,
        issuing=given.issuing,
        minimum=[],
        missing=[],
        parties=parties(profile),
        item=item(given.profile),
        firmware=firmware(found, given.profile),
        workload=workload(found, tested, given.profile),
        equipment=instruments,
        conditions=conditions(found, profile),
        setup=setup(found, profile),
        session=session_evidence(found),
        trust=_trust(session, given.trust),
        result=result,
        curves=curves(found),
        statements=statements(result, instruments, virtual=virtual, verified=given.verified),
    )
    return with_derived(draft)


def with_derived(draft: EnergyCertificate) -> EnergyCertificate:
    """Return a certificate with what follows from its other facts: demands, missing items, title and id."""
    draft = EnergyCertificate.model_validate(as_written(draft.document()))
    demands = minimum(draft)
    full = draft.model_copy(
        update={
            "minimum": demands,
            "missing": missing(draft),
            "title": CERTIFICATE if all(one.met for one in demands) else REPORT,
        }
    )
    return full.model_copy(update={"id": id_of(full)})


def as_written(held: Any) -> Any:
    """Return plain data as it comes back from canonical JSON (RFC 8785), which has no `10.0` beside `10`."""
    if isinstance(held, dict):
        return {key: as_written(value) for key, value in held.items()}
    if isinstance(held, list):
        return [as_written(value) for value in held]
    return int(held) if isinstance(held, float) and held.is_integer() and abs(held) < _PLAIN else held


def id_of(certificate: EnergyCertificate) -> str:
    """Return the id of a certificate: a digest of all facts in it but the id itself."""
    return id_of_document(certificate.document())


def id_of_document(document: Mapping[str, Any]) -> str:
    """Return the id of a certificate as plain data, with whatever fields the version knew that issued it."""
    facts = as_written({**document, "id": ""})
    data = json.dumps(facts, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode()
    return f"ER-{hashlib.sha256(data).hexdigest()[:16].upper()}"


def _trust(session: Session, chart: BenchTrust) -> BenchTrust:
    """Return the state of the bench by its control chart; where none was looked at, as the session recorded it."""
    sweep = session.record.sweep
    if chart.state != NOT_WATCHED.state or sweep is None:
        return chart
    return BenchTrust(state=sweep.bench_trust, source="the session")
