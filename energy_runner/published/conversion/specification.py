# SPDX-License-Identifier: Apache-2.0
"""The specifications of the monitors that published sessions were measured with.

The tables are those of the control layer, read as data and not through its code: one instrument has one table,
and a term that is corrected for our own driver is corrected for imported sessions too. For an instrument without a
table nothing is known, and the result says that its uncertainty is incomplete.
"""

import tomllib
from dataclasses import dataclass, field
from importlib import resources
from typing import Any

# The table of a JS110 is assumed, for the samples that our own driver makes of its stream, not for these energies.
_TABLES = ("lpm01a",)
_TITLES = {"lpm01a": "ST X-NUCLEO-LPM01A", "js110": "Joulescope JS110", "js220": "Joulescope JS220"}
_UNTRACED = (
    "The published session records neither serial number nor calibration nor self-calibration nor temperature."
)


@dataclass(frozen=True)
class Instrument:
    """The title of a monitor, its specification and its largest readings as our own driver would state them."""

    title: str
    specification: dict[str, Any]
    largest: list[dict[str, Any]] = field(default_factory=list)


def look_up(name: str) -> Instrument:
    """Return the monitor that a log calls `name`; an empty name means that the log does not name it."""
    title = _TITLES.get(name, name or "not named")
    known = name if name in _TABLES else ""
    file = resources.files("instruments.devices").joinpath(known, "specification.toml")
    if not known or not file.is_file():
        who = _TITLES.get(name, name or "an instrument that the session does not name")
        unknown = f"No specification is known for {who}: gain, offset and noise are not counted."
        return Instrument(title, {"document": "", "terms": [], "assumptions": [unknown, _UNTRACED]})
    table = tomllib.loads(file.read_text(encoding="utf-8"))
    specification = {
        "document": table.get("document", ""),
        "terms": table.get("term", []),
        "assumed": table.get("assumed", False),
        "assumptions": [*table.get("assumptions", []), _UNTRACED],
    }
    return Instrument(title, specification, table.get("largest", []))
