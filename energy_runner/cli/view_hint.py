# SPDX-License-Identifier: Apache-2.0
"""The command that opens what was just read, so that a figure is one step from its traces."""

import os
from collections.abc import Iterable
from pathlib import Path
from shlex import quote

from energy_runner.cli.outcome import say

_MOST = 4  # folders of one command


def tell_traces(folders: Iterable[str | Path | None]) -> None:
    """Say how the traces of these sessions are looked at; nothing where none of them is here."""
    found = [Path(folder) for folder in folders if folder is not None]
    here = list(dict.fromkeys(_short(folder) for folder in found if folder.is_dir()))
    if not here:
        return
    if len(here) > _MOST:
        here = list(dict.fromkeys(str(Path(folder).parent) for folder in here))[:_MOST]
    say(f"To see the traces: energy-runner view {' '.join(quote(folder) for folder in here)}")


def _short(folder: Path) -> str:
    """Return a path as it can be typed here: from this folder, if it lies below."""
    path = folder.absolute()
    return os.path.relpath(path) if path.is_relative_to(Path.cwd()) else str(path)
