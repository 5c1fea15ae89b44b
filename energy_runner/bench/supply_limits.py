# SPDX-License-Identifier: Apache-2.0
"""The limits of a voltage that nothing measures: those of the supply that was set to it.

A meter of current does not know the voltage, so its energy is computed with the voltage as set. How far that may
be off is stated by the supply's specification, not by the meter's.
"""

from collections.abc import Collection
from dataclasses import replace

from energy_runner.bench.calibration import applied
from energy_runner.bench.spec import BenchSpec
from energy_runner.bench.wiring import driver_of, instruments_of
from instruments.specifications import VOLTAGE_TERMS, Specification, load_supply

SUPPLY_VOLTAGE = "supply_voltage"
_MEASURED = {"voltage", "power", "energy"}


def with_supply(
    spec: BenchSpec, table: Specification, signals: Collection[str], sampled_by: str, fed_by: str
) -> Specification:
    """Return the specification of the sampler `sampled_by` with the limits of the voltage that `fed_by` sets.

    The specification is returned unchanged if the voltage is among the measured `signals`, if the specification
    already has a limit of it, if the sampler has no error at all, or if no table of the supply states a limit: the
    budget then says that it is unknown.
    """
    known = {term.name for term in table.terms} | set(table.replaced)
    if not fed_by or fed_by == sampled_by or not table.terms or known & set(VOLTAGE_TERMS):
        return table
    if _MEASURED & set(signals):
        return table
    package = driver_of(fed_by, instruments_of(spec)[fed_by]).specification
    if not package:
        return table
    stated = applied(spec, fed_by, load_supply(package))
    limits = [term for term in stated.terms if term.name == SUPPLY_VOLTAGE]
    if not limits:
        return table
    # A cause of unknown size in the supply's table makes this budget incomplete, too.
    unknown = [replace(term, name="supply_temperature") for term in stated.terms if term.name == "temperature"]
    terms = [
        replace(term, source=f"{fed_by}: {term.source}", assumed=term.assumed or stated.assumed)
        for term in (*limits, *unknown)
    ]
    words = f"The voltage is that to which {fed_by} was set; what drops on the way counts as the DUT's."
    return replace(table, terms=(*table.terms, *terms), assumptions=(*table.assumptions, words))
