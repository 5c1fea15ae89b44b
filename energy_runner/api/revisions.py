# SPDX-License-Identifier: Apache-2.0
"""What the catalogue of certificates tells of one of them: superseded by which, revoked when and why."""

from dataclasses import replace
from pathlib import Path

from energy_runner.certificate.catalogue import OF_ANOTHER, Catalogue, Held, Standing, read_catalogue
from energy_runner.certificate.facts import EnergyCertificate
from energy_runner.certificate.forms import JSON
from energy_runner.certificate.signing.envelope import read_envelope
from energy_runner.certificate.signing.ring import KeyRing
from energy_runner.wording import shown


def catalogue_of(path: Path) -> Path | None:
    """Return the folder of all certificates in which a form, or a certificate's folder, lies; None if in none."""
    own = path if path.is_dir() else path.parent
    above = own.resolve().parent
    return above if own.resolve().name.startswith("ER-") and (own / JSON).is_file() else None


def revision(own: Path, folder: Path | None, ring: KeyRing, one: EnergyCertificate, envelope: bytes) -> str | None:
    """Return how a certificate was superseded or revoked since, "" if it was not; None if nobody can tell.

    `own` is the folder that it lies in: a `revocation.json` there counts, whatever the folder is called, because
    a revocation is sent to everyone who has the certificate. `folder` is the catalogue; None if there is none.
    A statement signed by a key that may not revise this certificate is reported with that remark.
    """
    handed = Held(own, envelope, read_envelope(envelope), one)
    said = [each for each in _said(Catalogue(own).standing(handed, ring)) if not each.startswith(OF_ANOTHER)]
    known = False
    if folder is not None:
        catalogue = read_catalogue(folder)
        held = next((each for each in catalogue.held if each.id == one.id and each.data == envelope), None)
        known = held is not None
        said += _said(catalogue.standing(held or replace(handed, folder=folder / one.id), ring))
    return "; ".join(dict.fromkeys(said)) if said or known else None


def _said(standing: Standing) -> list[str]:
    """Return what became of a certificate, in words, and what claims it and may not."""
    said = [f"superseded by {', '.join(standing.superseded_by)}"] if standing.superseded_by else []
    if standing.revoked is not None:
        said.append(f"revoked at {standing.revoked.revoked_utc}: {shown(standing.revoked.why)}")
    return [*said, *standing.remarks]
