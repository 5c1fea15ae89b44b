"""Read the data-sheet limits of a power monitor from its table, a TOML file beside this module.

A table says which document it follows, one `[[term]]` for each limit of error, and the assumptions made
where no document gives a limit:

    document = "UM2243 Rev 3"
    assumptions = ["..."]

    [[term]]
    name = "gain"
    relative = 0.02
    source = "UM2243, page 23"

Names in use: `gain` (relative, of the energy or current reading), `offset` (absolute, W or A),
`quantisation` (relative), `supply_voltage` (relative), `clock` (relative), `noise` (absolute, each sample).
"""

import tomllib
from importlib import resources

from instruments.types import Accuracy, AccuracyTerm


def load(name: str) -> Accuracy:
    """Return the limits of error in the table `name` (`lpm01a` for `lpm01a.toml`).

    Raises `FileNotFoundError` for an unknown table, and `TypeError` or `KeyError` for one with a key that is
    misspelt or missing: a limit of error must not vanish because of a typing mistake.
    """
    file = resources.files("instruments.accuracy").joinpath(f"{name}.toml")
    table = tomllib.loads(file.read_text(encoding="utf-8"))
    document = table.pop("document")
    terms = tuple(AccuracyTerm(**entry) for entry in table.pop("term"))
    assumptions = tuple(table.pop("assumptions", ()))
    if table:
        raise KeyError(f"{name}.toml: unknown keys {sorted(table)}")
    return Accuracy(document=document, terms=terms, assumptions=assumptions)
