"""Read the data-sheet limits of a power monitor from its table, a TOML file beside this module.

A table says which document it follows, one `[[term]]` for each limit of error, and the assumptions made
where no document gives a limit:

    document = "UM2243 Rev 3"
    assumptions = ["..."]

    [[term]]
    name = "gain"
    relative = 0.02
    source = "UM2243, page 23"

A term without `relative` and `absolute` is a cause that the documents name but give no size of: it makes the
uncertainty of a real measurement incomplete (a twin has no such error). `above` restricts a term to readings
larger than so many `unit`. `absolute` may be in W, A, V or J (an error of each reading), or in s or samples (a
delay that all edges have in common).

Names in use: `gain` (relative, of the energy or current reading), `offset` (absolute, W or A), `noise`
(absolute, the standard deviation of each sample), `quantisation`, `clock` and `supply_voltage` (relative),
`voltage_gain` and `voltage_offset` (where voltage is measured), `range_changes` (what another range adds),
`edge_latency` and `trigger_latency` (s or samples), `temperature` (since the last calibration).
"""

import tomllib
from importlib import resources

from instruments.roles import Accuracy, AccuracyTerm


def load(name: str) -> Accuracy:
    """Return the limits of error in the table `name` (`lpm01a` for `lpm01a.toml`).

    Raises `FileNotFoundError` for an unknown table, and `TypeError` or `KeyError` for one with a key that is
    misspelt or missing: a limit of error must not vanish because of a typing mistake.
    """
    file = resources.files("instruments.devices").joinpath(name, "specification.toml")
    table = tomllib.loads(file.read_text(encoding="utf-8"))
    document = table.pop("document")
    terms = tuple(AccuracyTerm(**entry) for entry in table.pop("term"))
    assumptions = tuple(table.pop("assumptions", ()))
    if table:
        raise KeyError(f"{name}.toml: unknown keys {sorted(table)}")
    return Accuracy(document=document, terms=terms, assumptions=assumptions)
