# SPDX-License-Identifier: Apache-2.0
"""Which limits hold for an N6705 as it is set up: the table is that of an N6781A's external data log."""

from dataclasses import replace

from instruments.devices.n6705.dialect import ELOG
from instruments.specifications import Specification, assuming, load, load_supply, with_noise_at

TABLE_MODULE = "N6781A"
_PACKAGE = "instruments.devices.n6705"


def limits(period_s: float, module: str, *, aux: bool, at_end: bool) -> Specification:
    """Return the limits of the 100 mA range, with the noise of one sample at `period_s`.

    With `aux`, the voltage is not measured but that which was set; `at_end` means a log that is read at its end.
    """
    # Noise falls approximately with the square root of the aperture (specifications guide, page 52).
    table = with_noise_at(load(_PACKAGE), period_s, ELOG.default_period_s, power=-0.5)
    if aux:
        measured = tuple(term for term in table.terms if not term.name.startswith("voltage_"))
        table = replace(table, terms=(*measured, *load_supply(_PACKAGE).terms))
    if at_end:
        table = assuming(table, "The limits of the external data log are used for this log.")
    if module in ("", TABLE_MODULE):
        return table
    return assuming(table, f"The limits of the {TABLE_MODULE} are used for the {module}.")
