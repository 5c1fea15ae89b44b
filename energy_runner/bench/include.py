# SPDX-License-Identifier: Apache-2.0
"""Take a table of a bench file from another file that it names by a path.

`calibration = "file.toml"` takes the table `calibration` that `bench calibrate` writes, and
`edge_delay = "file.toml"` the table `edge_delay` that `bench doctor --keep` writes.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from energy_runner.bench.origin import Origin
from energy_runner.errors import ConfigurationError, in_words
from energy_runner.text_file import read_text
from energy_runner.toml_text import MOST_BYTES, read_toml
from energy_runner.wording import printable, shown

Files = dict[tuple[str, ...], tuple[str, str]]
_WRITERS = {"calibration": "bench calibrate", "edge_delay": "bench doctor --keep"}


def included(table: dict[str, Any], folder: Path, origin: Origin) -> tuple[dict[str, Any], Files]:
    """Return a bench file's table with the tables that it names by a path, and the texts of their files.

    Paths are relative to `folder`, that of the bench file. Raises `ConfigurationError`, with the bench file's
    line, for a file that cannot be read or has no table of that name.
    """
    files: Files = {}
    result = _taken(table, ("edge_delay",), folder, origin, files)
    if isinstance(table.get("monitor"), dict):
        result["monitor"] = _taken(table["monitor"], ("monitor", "calibration"), folder, origin, files)
    if isinstance(table.get("instruments"), dict):
        result["instruments"] = {
            name: _taken(one, ("instruments", name, "calibration"), folder, origin, files)
            if isinstance(one, dict)
            else one
            for name, one in table["instruments"].items()
        }
    return result, files


def _taken(
    table: Mapping[str, Any], key: tuple[str, ...], folder: Path, origin: Origin, files: Files
) -> dict[str, Any]:
    """Return `table` with the table that it names by a path; `key` is the place of that path in the bench file."""
    name = key[-1]
    named = table.get(name)
    if not isinstance(named, str):
        return dict(table)
    path = folder / named
    text, found = "", None
    try:
        if not os.path.isfile(path):  # noqa: PTH113 - unlike Path.is_file, it is false for a name that is too long
            problem = "there is no such file"
        else:
            text = read_text(path, MOST_BYTES)
            found = read_toml(text).get(name)
            problem = f"it has no table [{name}]"
    except (OSError, ValueError) as error:
        problem = " ".join(in_words(error).split())
    if not isinstance(found, dict):
        raise ConfigurationError(
            f"{origin.at(key)}: {name} = '{shown(named, 200)}': {shown(problem, 200)}. Try: a file that "
            f"`energy-runner {_WRITERS[name]}` wrote, by its path from the bench file's folder"
        )
    files[key] = (printable(str(path)), text)
    return {**table, name: found}
