# SPDX-License-Identifier: Apache-2.0
"""The facts of a certificate: one model, from which all its forms are made.

Text that a laboratory states is empty, and a number null, where nobody stated it: nothing is invented.
"""

from energy_runner.certificate.facts.certificate import (
    CERTIFICATE,
    REPORT,
    SCHEMA,
    WORDING,
    EnergyCertificate,
    Issuing,
    MinimumItem,
    Missing,
    Revision,
)

__all__ = [
    "CERTIFICATE",
    "REPORT",
    "SCHEMA",
    "WORDING",
    "EnergyCertificate",
    "Issuing",
    "MinimumItem",
    "Missing",
    "Revision",
]
