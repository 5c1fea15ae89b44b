# SPDX-License-Identifier: Apache-2.0
"""The tables and keys of a laboratory's profile."""

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, StringConstraints

from energy_runner.bench.table import Day, Table

# Long enough for any address; a certificate is laid out on paper.
Text = Annotated[str, StringConstraints(strip_whitespace=True, max_length=500)]

Temperature = Annotated[float, Field(strict=False, ge=-273.15)]  # °C
Positive = Annotated[float, Field(strict=False, gt=0)]
# ISO 3166-1 alpha-2, without the codes that stand for no country: AA, QM to QZ, XA to XZ but for Kosovo's, and ZZ.
_COUNTRY = "(A[B-Z]|[B-PR-WY][A-Z]|Q[A-L]|XK|Z[A-Y])?"


def _country(code: str) -> str:
    if not re.fullmatch(_COUNTRY, code):
        raise ValueError("two capital letters of ISO 3166-1, as DE")
    return code


Country = Annotated[Text, AfterValidator(_country), Field(json_schema_extra={"pattern": f"^{_COUNTRY}$"})]


class OrganisationSpec(Table):
    """`[customer]`."""

    name: Text = ""
    """Its name."""
    address: Text = ""
    """Its postal address."""
    country: Country = ""
    """Its country, ISO 3166-1 alpha-2, such as DE."""
    contact: Text = ""
    """A person, an e-mail address or a telephone number."""


class LaboratorySpec(OrganisationSpec):
    """`[laboratory]`."""

    place: Text = ""
    """Where it was measured, if not at the address."""
    accreditation: Text = ""
    """Number of its accreditation."""


class PeopleSpec(Table):
    """`[people]`."""

    operator: Text = ""
    """Who measured, by name."""
    approver: Text = ""
    """Who authorises the certificate, by name."""


class PhotoSpec(Table):
    """`[[item.photos]]`."""

    file: Annotated[Text, Field(min_length=1)]
    """The file, relative to the profile."""
    shows: Text = ""
    """What it shows."""


class ItemSpec(Table):
    """`[item]`."""

    board: Text = ""
    """Make and model of the board."""
    revision: Text = ""
    """Its revision."""
    serial: Text = ""
    """Its serial number."""
    processor: Text = ""
    """Processor or accelerator, with its stepping."""
    clock_hz: Positive | None = None
    """Clock of the processor while it infers, Hz."""
    memory: Text = ""
    """Memory that the benchmark uses."""
    modifications: list[Text] = Field(default_factory=list, max_length=50)
    """What was changed about the board."""
    typical: bool | None = None
    """Whether its silicon is typical."""
    availability: Literal["", "available", "preview", "research"] = ""
    """Whether it can be bought."""
    condition: Text = ""
    """Its condition when it was received."""
    received: Day | Literal[""] = ""
    """Day on which it was received."""
    photos: list[PhotoSpec] = Field(default_factory=list, max_length=50)
    """Photographs of the item and of the set-up."""


class FirmwareSpec(Table):
    """`[firmware]`."""

    image: Text = ""
    """The firmware's file, relative to the profile; its hash goes into the certificate."""
    network: Text = ""
    """The network's file, likewise."""
    toolchain: Text = ""
    """Compiler and version."""
    flags: Text = ""
    """Its flags."""
    framework: Text = ""
    """Inference framework and version."""
    kernels: Text = ""
    """Kernels or their library."""
    quantisation: Text = ""
    """Number formats of weights and activations."""


class WorkloadSpec(Table):
    """`[workload]`."""

    division: Text = ""
    """Division of the suite."""


class InstrumentSpec(Table):
    """`[instruments.NAME]`, by the name in the bench file."""

    make: Text = ""
    """Make, where the instrument does not tell it itself."""
    model: Text = ""
    """Model, likewise."""
    serial: Text = ""
    """Serial number, likewise."""
    firmware: Text = ""
    """Version of its firmware, likewise."""
    certificate: Text = ""
    """Number of its calibration certificate."""
    laboratory: Text = ""
    """Who calibrated it."""
    date: Day | Literal[""] = ""
    """Day of the calibration."""
    due: Day | Literal[""] = ""
    """Day until which it holds."""
    accredited: bool | None = None
    """Whether that laboratory is accredited for it."""
    adjusted: bool | None = None
    """Whether the instrument was adjusted then."""


class ConditionsSpec(Table):
    """`[conditions]`."""

    temperature_c: Annotated[list[Temperature], Field(min_length=2, max_length=2)] | None = None
    """Lowest and highest temperature during the measurement, °C, where no thermometer took part."""
    humidity_percent: Annotated[float, Field(strict=False, ge=0, le=100)] | None = None
    """Relative humidity, %."""
    warm_up_s: Annotated[float, Field(strict=False, ge=0)] | None = None
    """How long the instruments had been on, s."""


class SetUpSpec(Table):
    """`[setup]`."""

    sense: Literal["", "2-wire", "4-wire"] = ""
    """How the voltage at the DUT is sensed."""
    inside: Text = ""
    """What the measured energy feeds."""
    outside: Text = ""
    """What of the board it does not feed."""
    jumpers: Text = ""
    """Jumpers and switches of the board."""
    isolation: Text = ""
    """How the signals to the IO manager are isolated or shifted."""
    cables: Text = ""
    """Cables between supply and DUT."""


class LabProfile(Table):
    """What the laboratory states; whatever is left out is listed as missing."""

    laboratory: LaboratorySpec = LaboratorySpec()
    """The laboratory."""
    customer: OrganisationSpec = OrganisationSpec()
    """The customer."""
    people: PeopleSpec = PeopleSpec()
    """Who measured and who authorises."""
    item: ItemSpec = ItemSpec()
    """The board."""
    firmware: FirmwareSpec = FirmwareSpec()
    """What runs on it."""
    workload: WorkloadSpec = WorkloadSpec()
    """What it had to do."""
    instruments: dict[str, InstrumentSpec] = Field(default_factory=dict, max_length=50)
    """The instruments by name."""
    conditions: ConditionsSpec = ConditionsSpec()
    """The environment."""
    setup: SetUpSpec = SetUpSpec()
    """How it was connected."""
