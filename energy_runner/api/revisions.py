# SPDX-License-Identifier: Apache-2.0
"""What the catalogue of certificates tells of one of them: superseded by which, revoked when and why."""

from pathlib import Path

from energy_runner.certificate.catalogue import Held, read_catalogue
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


def revision(folder: Path, ring: KeyRing, one: EnergyCertificate, envelope: bytes) -> str | None:
    """Return how a certificate was superseded or revoked since, "" if it was not; None if it is not in the folder.

    What somebody says who may not is told with it: whoever reads it is to ask.
    """
    catalogue = read_catalogue(folder)
    held = next((each for each in catalogue.held if each.id == one.id and each.data == envelope), None)
    if held is None:
        standing = catalogue.standing(Held(folder / one.id, envelope, read_envelope(envelope), one), ring)
        if not (standing.superseded_by or standing.revoked):
            return None
    else:
        standing = catalogue.standing(held, ring)
    said = []
    if standing.superseded_by:
        said.append(f"superseded by {', '.join(standing.superseded_by)}")
    if standing.revoked is not None:
        said.append(f"revoked at {standing.revoked.revoked_utc}: {shown(standing.revoked.why)}")
    return "; ".join([*said, *standing.remarks])
