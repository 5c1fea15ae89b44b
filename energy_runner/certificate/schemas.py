# SPDX-License-Identifier: Apache-2.0
"""The public documents of certificates, with their JSON Schemas."""

from energy_runner.certificate.facts import SCHEMA, EnergyCertificate
from energy_runner.certificate.profile.spec import LabProfile
from energy_runner.session.schemas import Document

CERTIFICATE = Document(
    "certificate",
    "The predicate of certificate.json",
    "An energy score with all that a sceptic asks: what is signed, in an in-toto statement in a DSSE envelope.",
    EnergyCertificate,
    int(SCHEMA.rpartition("/")[2]),
)
PROFILE = Document(
    "lab-profile",
    "A laboratory's profile",
    "What the laboratory states for its certificates. A TOML file; unknown keys are refused.",
    LabProfile,
)
