# SPDX-License-Identifier: Apache-2.0
"""All drivers by their names: our own, and those that other packages add.

Other packages add theirs through the entry-point group `energy_runner.drivers`; each entry is a `DriverSpec`.
"""

import sys
from functools import cache
from importlib import metadata

from instruments.built_in import BUILT_IN
from instruments.driver_spec import DriverSpec, LinkKind, NoOptions, RoleChange

__all__ = [
    "BUILT_IN",
    "ENTRY_POINT_GROUP",
    "DriverSpec",
    "LinkKind",
    "NoOptions",
    "RoleChange",
    "broken_drivers",
    "drivers",
    "entry_points",
]

ENTRY_POINT_GROUP = "energy_runner.drivers"


def drivers() -> dict[str, DriverSpec]:
    """Return all usable drivers by name, including those of other packages; for the rest see `broken_drivers`."""
    table = {spec.name: spec for spec in BUILT_IN}
    table.update({name: found for name, found in _of_other_packages().items() if isinstance(found, DriverSpec)})
    return table


def broken_drivers() -> dict[str, str]:
    """Return the reason why a driver of another package cannot be used, by the name of its entry point."""
    return {name: found for name, found in _of_other_packages().items() if isinstance(found, str)}


def entry_points(group: str) -> metadata.EntryPoints:
    """Return the entry points of `group`; they are read again when the import path changes.

    Reading what all installed packages provide takes longer than opening an instrument, and a run asks often.
    """
    return _entry_points(group, tuple(sys.path))


@cache
def _entry_points(group: str, path: tuple[str, ...]) -> metadata.EntryPoints:
    del path
    return metadata.entry_points(group=group)


def _of_other_packages() -> dict[str, DriverSpec | str]:
    """Return each driver of another package, or what is wrong with it; built-in drivers keep their names.

    A package that fails to import must not make the other drivers unusable, whatever it raises.
    """
    own = {spec.name for spec in BUILT_IN}
    table: dict[str, DriverSpec | str] = {}
    for entry in entry_points(group=ENTRY_POINT_GROUP):
        where = f"{entry.value} of {entry.dist.name if entry.dist else 'an unknown package'}"
        try:
            spec = entry.load()
        except Exception as error:  # code of other packages may raise anything
            table[entry.name] = f"{where} cannot be loaded: {type(error).__name__}: {error}"
            continue
        if not isinstance(spec, DriverSpec):
            table[entry.name] = f"{where} is of type {type(spec).__name__}, not a DriverSpec"
        elif spec.name in own:
            table[entry.name] = f"{where} takes the name of a built-in driver, '{spec.name}'"
        else:
            table[spec.name] = spec
    return table
