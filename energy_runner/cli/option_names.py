# SPDX-License-Identifier: Apache-2.0
"""The API's messages name its arguments; on the command line they name the options that stand for them."""

from energy_runner.errors import Argument, Call, RunnerError

# Options that are called otherwise than the argument. All others have its name, with dashes.
_OTHERS = {
    "rest_w": "--rest-uw",
    "boot_j": "--boot-mj",
    "boot_s": "--boot-ms",
    "voltage_v": "--battery-v",
    "self_discharge_per_year": "--self-discharge",
    "older_than_days": "--older-than",
    "source": "--from",
    "commands": "--command",
}


def with_options(error: RunnerError) -> str:
    """Return an error's message for the command line: options in place of arguments, commands of calls."""
    return error.written(_written)


def _written(part: Argument | Call) -> str:
    if isinstance(part, Call):
        return part.command
    option = _OTHERS.get(part.name, "--" + part.name.replace("_", "-"))
    if part.value == "True":
        return option
    if part.value == "False":
        return option.replace("--", "--no-", 1)
    values = (part.value,) if isinstance(part.value, str) else part.value
    return " ".join(f"{option} {value}".rstrip() for value in values)
