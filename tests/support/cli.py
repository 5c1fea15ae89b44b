# SPDX-License-Identifier: Apache-2.0
"""The command line, as tests call it: in this process or in one of its own."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import typer

from energy_runner.cli.app import app
from tests.support.places import ROOT

Call = Callable[..., tuple[int, str, str]]  # words in; status, stdout and stderr out


def commands() -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every command and group of commands with its words, as typer built them."""

    def below(command: Any, words: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
        yield words, command
        for name, child in getattr(command, "commands", {}).items():
            yield from below(child, (*words, name))

    return below(typer.main.get_command(app), ())


def started(*words: str, **more: Any) -> subprocess.CompletedProcess[str]:
    """Run the command line in a process of its own."""
    environment = os.environ | {"PYTHONPATH": str(ROOT)} | more.pop("env", {})
    return subprocess.run(
        [sys.executable, *more.pop("python", ()), "-m", "energy_runner", *words],
        env=environment,
        timeout=60,
        text=True,
        check=False,
        **({"capture_output": True} if "stdout" not in more else {}),
        **more,
    )
