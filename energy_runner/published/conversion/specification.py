"""The limits of error of the monitors that published sessions were measured with.

The tables are those of the control layer, read as data and not through its code: one instrument has one table, and
a limit that is corrected for our own driver is corrected for imported sessions too. An instrument without a table
has no limits, and then the result says that its uncertainty is incomplete.
"""

import tomllib
from importlib import resources
from typing import Any

NAMES = {"lpm01a": "ST X-NUCLEO-LPM01A", "js110": "Joulescope JS110", "js220": "Joulescope JS220"}
_UNTRACED = (
    "The published session records neither serial number nor calibration nor self-calibration nor temperature."
)


def limits_of_error(instrument: str) -> dict[str, Any]:
    """Return document, terms and assumptions for an instrument as a log names it."""
    known = instrument if instrument in NAMES else ""
    file = resources.files("instruments.devices").joinpath(known, "specification.toml")
    if not known or not file.is_file():
        who = NAMES.get(instrument, instrument or "an instrument that the session does not name")
        unknown = f"No limits of error are known for {who}: gain, offset and noise are not counted."
        return {"document": "", "terms": [], "assumptions": [unknown, _UNTRACED]}
    table = tomllib.loads(file.read_text(encoding="utf-8"))
    return {
        "document": table.get("document", ""),
        "terms": table.get("term", []),
        "assumptions": [*table.get("assumptions", []), _UNTRACED],
    }
