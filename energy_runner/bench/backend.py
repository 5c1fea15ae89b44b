# SPDX-License-Identifier: Apache-2.0
"""`backend`: a bench file may name a VISA library that is installed, not the path of one, which could be any code.

pyvisa loads a path as it is. A bench file that came with a session or in an archive must not decide which library
that is. The person who starts the program can: with `--set`, or in pyvisa's own file `.pyvisarc`.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from energy_runner.bench.origin import Origin
from energy_runner.errors import Call, ConfigurationError
from energy_runner.wording import shown

_INSTALLED = re.compile(r"@[A-Za-z0-9_]+")


def check_backends(table: Mapping[str, Any], changes: Mapping[str, Any], origin: Origin) -> None:
    """Raise `ConfigurationError` for a path as backend in a bench file's own `table`; `changes` may name one."""
    for place, value in _backends(table):
        key = ".".join(place)
        if key in changes or not isinstance(value, str) or _INSTALLED.fullmatch(value):
            continue
        raise ConfigurationError(
            f"{origin.at(place)}: {key} = '{shown(value)}': a bench file may not name a library by its path, "
            "which would be loaded as code. Try: '@ivi' for the installed VISA library; or for a run of your own ",
            Call(f"changes={{{key!r}: PATH}}", f"--set {key}=PATH"),
        )


def _backends(table: Mapping[str, Any]) -> Iterator[tuple[tuple[str, ...], Any]]:
    named = table.get("instruments")
    tables: dict[tuple[str, ...], Any] = {("monitor",): table.get("monitor")}
    tables |= {("instruments", name): one for name, one in named.items()} if isinstance(named, dict) else {}
    for place, one in tables.items():
        if isinstance(one, dict) and "backend" in one:
            yield (*place, "backend"), one["backend"]
