# SPDX-License-Identifier: Apache-2.0
"""The specifications of our drivers' instruments, for sessions that no driver of ours recorded.

The tables are those of the control layer, read as data and not through its code: one instrument has one table,
and a term that is corrected for our own driver is corrected for imported sessions too.
"""

import tomllib
from functools import cache
from importlib import resources
from typing import Any

_DEVICES = "instruments.devices"
_FILE = "specification.toml"
# Families whose tables have names of their own, by the names of their drivers.
_OTHERS = {"otii-arc": ("otii", "arc.toml"), "otii-ace": ("otii", "ace.toml"), "ngm": ("ngu", _FILE)}


@cache
def table_names() -> tuple[str, ...]:
    """Return the names of the instruments that have a table."""
    rooms = [room.name for room in resources.files(_DEVICES).iterdir() if room.joinpath(_FILE).is_file()]
    return tuple(sorted([*rooms, *_OTHERS]))


def table_of(name: str) -> dict[str, Any] | None:
    """Return the table of an instrument as its file has it; None if there is none of that name."""
    if name not in table_names():
        return None
    room, file = _OTHERS.get(name, (name, _FILE))
    return tomllib.loads(resources.files(_DEVICES).joinpath(room, file).read_text(encoding="utf-8"))


def as_specification(table: dict[str, Any], *assumptions: str) -> dict[str, Any]:
    """Return a table as the event `monitor-configured` has it, with further assumptions."""
    return {
        "document": table.get("document", ""),
        "terms": table.get("term", []),
        "assumed": table.get("assumed", False),
        "assumptions": [*table.get("assumptions", []), *assumptions],
    }


def without_table(*assumptions: str) -> dict[str, Any]:
    """Return a specification that states nothing, which makes an uncertainty incomplete."""
    return {"document": "", "terms": [], "assumptions": list(assumptions)}
