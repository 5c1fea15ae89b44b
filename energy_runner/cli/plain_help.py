# SPDX-License-Identifier: Apache-2.0
"""Help texts without the names of Python's types: typer writes `SESSION <list[Path]>` for an argument."""

from typing import Any


def without_types(command: Any) -> Any:
    """Return a command whose help, and that of all commands in it, names arguments and not their types in Python.

    Options have names of their own for what they take (`FILE`, `HZ`), and say in words what it is.
    """
    for parameter in getattr(command, "params", ()):
        if getattr(parameter, "param_type_name", "") == "argument":
            parameter.display_type_rich = lambda ctx: ""
    for inner in getattr(command, "commands", {}).values():
        without_types(inner)
    return command
