# SPDX-License-Identifier: Apache-2.0
"""Read a device's specification from the table in its package, `specification.toml`.

The table names the document it follows, has one `[[term]]` for each limit, and lists the assumptions made where
no document gives a limit:

    document = "UM2243 Rev 3"
    assumptions = ["..."]

    [[term]]
    name = "gain"
    relative = 0.02
    source = "UM2243, page 23"

A term with neither `relative` nor `absolute` is a cause that the documents name without giving its size: it makes
the uncertainty of a real measurement incomplete (a twin has no such error). So does `assumed = true`, for one term
or for the whole table: a limit that no document of the maker states is counted, but the uncertainty is never
called complete. `above`, in the term's `unit`, restricts a term to larger readings. `absolute` is in W, A, V or J
(an error of each reading), or in s or samples (a delay common to all edges).

Names in use: `gain` (relative, of the energy or current reading), `offset` (absolute, W or A), `noise` (absolute,
the standard deviation of each sample), `quantisation`, `clock` and `supply_voltage` (relative), `voltage_gain` and
`voltage_offset` (where voltage is measured), `range_changes` (what another range adds), `edge_latency` and
`trigger_latency` (s or samples), `temperature` (since the last calibration).
"""

import math
import tomllib
from dataclasses import replace
from importlib import resources

from instruments.roles import Specification, SpecificationTerm

FILE = "specification.toml"


def load(package: str) -> Specification:
    """Return the specification in `package` (such as `instruments.devices.lpm01a`).

    Raises `FileNotFoundError` if there is none, and `TypeError` or `KeyError` for a misspelt or missing key: a
    limit must not vanish because of a typing mistake.
    """
    table = tomllib.loads(resources.files(package).joinpath(FILE).read_text(encoding="utf-8"))
    document = table.pop("document")
    terms = tuple(SpecificationTerm(**entry) for entry in table.pop("term"))
    assumptions = tuple(table.pop("assumptions", ()))
    assumed = bool(table.pop("assumed", False))
    if table:
        raise KeyError(f"{package}/{FILE}: unknown keys {sorted(table)}")
    return Specification(document=document, terms=terms, assumptions=assumptions, assumed=assumed)


def with_noise_at(table: Specification, period_s: float, reference_s: float, power: float) -> Specification:
    """Return `table` with its noise, stated for a period of `reference_s` seconds, scaled to `period_s` seconds.

    White noise of a mean falls with the square root of the period (`power` -0.5); that of a sum grows with the
    square root (`power` 0.5).
    """
    factor = math.sqrt(period_s / reference_s) if power > 0 else math.sqrt(reference_s / period_s)
    terms = tuple(
        replace(term, absolute=term.absolute * factor) if term.name == "noise" else term for term in table.terms
    )
    return replace(table, terms=terms)
