# SPDX-License-Identifier: Apache-2.0
"""The specifications of the monitors that published sessions were measured with.

For an instrument without a table nothing is known, and the result says that its uncertainty is incomplete.
"""

from dataclasses import dataclass, field
from typing import Any

from energy_runner.specifications import as_specification, table_of, without_table

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
    table = table_of(name) if name in _TABLES else None
    if table is None:
        who = _TITLES.get(name, name or "an instrument that the session does not name")
        unknown = f"No specification is known for {who}: gain, offset and noise are not counted."
        return Instrument(title, without_table(unknown, _UNTRACED))
    return Instrument(title, as_specification(table, _UNTRACED), table.get("largest", []))
