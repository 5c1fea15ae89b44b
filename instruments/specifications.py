"""Read what a data sheet says of a device from its table, `specification.toml` in the device's room.

A table says which document it follows, one `[[term]]` for each limit, and the assumptions made where no document
gives a limit:

    document = "UM2243 Rev 3"
    assumptions = ["..."]

    [[term]]
    name = "gain"
    relative = 0.02
    source = "UM2243, page 23"

A term without `relative` and `absolute` is a cause that the documents name but give no size of: it makes the
uncertainty of a real measurement incomplete (a twin has no such error). So does `assumed = true`, for one term or
for the whole table: what no document of the maker states is counted, but never called complete. `above` restricts
a term to readings larger than so many `unit`. `absolute` may be in W, A, V or J (an error of each reading), or in
s or samples (a delay that all edges have in common).

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
    """Return the specification in the room `package` (such as `instruments.devices.lpm01a`).

    Raises `FileNotFoundError` where there is none, and `TypeError` or `KeyError` for a key that is misspelt or
    missing: a limit must not vanish because of a typing mistake.
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
    """Return `table` with its noise, which holds for a period of `reference_s`, scaled to `period_s` seconds.

    White noise of a mean falls with the square root of the period (`power` -0.5), that of a sum grows with it
    (0.5).
    """
    factor = math.sqrt(period_s / reference_s) if power > 0 else math.sqrt(reference_s / period_s)
    terms = tuple(
        replace(term, absolute=term.absolute * factor) if term.name == "noise" else term for term in table.terms
    )
    return replace(table, terms=terms)
