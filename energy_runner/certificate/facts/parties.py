# SPDX-License-Identifier: Apache-2.0
"""Who measured, for whom, and who answers for it, as the laboratory states it (ISO/IEC 17025:2017, 7.8.2.1)."""

from energy_runner.session.document import Model


class Organisation(Model):
    """A laboratory or a customer."""

    name: str = ""
    """Its name."""
    address: str = ""
    """Its postal address."""
    country: str = ""
    """Its country, ISO 3166-1 alpha-2; empty where nobody states it."""
    contact: str = ""
    """A person, an e-mail address or a telephone number."""


class Laboratory(Organisation):
    """The laboratory that measured and issues the certificate."""

    place: str = ""
    """Where it was measured, if not at the address."""
    accreditation: str = ""
    """Number of its accreditation; empty for a laboratory that states none."""


class Parties(Model):
    """The laboratory, its customer and its people."""

    laboratory: Laboratory = Laboratory()
    """Who measured."""
    customer: Organisation = Organisation()
    """For whom."""
    operator: str = ""
    """Who measured, by name."""
    approver: str = ""
    """Who authorises the certificate, by name."""
