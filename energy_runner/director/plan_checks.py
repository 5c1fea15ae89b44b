# SPDX-License-Identifier: Apache-2.0
"""What a plan may hold: one check for the command line, the Python API and plans that a program makes."""

import math
import operator
import os
import shlex
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from energy_runner.bench.spec import Mode, parse_mode
from energy_runner.errors import Argument, ConfigurationError
from instruments.devices.dut.protocol import encode_command
from instruments.errors import ProtocolViolation

# The DUT's parser keeps counts in 32 bits; a window of so many inferences would last for years.
MOST_INFERENCES = 2**31 - 1
# What a run sends to the DUT: sent between them, they would change what it holds, or make edges.
OWN_COMMANDS = frozenset({"name", "profile", "db", "infer", "timestamp"})
EXAMPLE_COMMAND = "clock 80000000"
LOWEST_C, HIGHEST_C = -60.0, 150.0  # that a thermometer may read


def checked(given: Mapping[str, Any], checks: "Checks | None" = None) -> dict[str, Any]:
    """Return the options of a plan in Python's own types; numpy's integers are taken.

    `checks` are those of a plan's preparation, for the options that it holds. None stands for an option that was
    not given and is kept. Raises `ConfigurationError` that names the option, what came and what is possible.
    """
    checks = CHECKS if checks is None else checks
    return {name: None if value is None else checks[name](name, value) for name, value in given.items()}


def _mode(name: str, value: Any) -> Mode:
    return parse_mode(value if isinstance(value, str) else _shown(value))


def _whole_number(least: int, most: int) -> Callable[[str, Any], int]:
    def check(name: str, value: Any) -> int:
        try:
            # True would be one inference; numpy's truth values are no integers for `index` either.
            number = None if isinstance(value, bool) else operator.index(value)
        except TypeError:
            number = None
        if number is None or not least <= number <= most:
            raise ConfigurationError(
                Argument(name, _shown(value)), f": must be a whole number from {least} to {most}"
            )
        return number

    return check


def _truth(name: str, value: Any) -> bool:
    if not isinstance(value, bool):
        raise ConfigurationError(Argument(name, _shown(value)), ": must be True or False")
    return value


def _seconds(name: str, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < math.inf:
        raise ConfigurationError(Argument(name, _shown(value)), ": must be a number of seconds, 0 or more")
    return float(value)


def _range_c(name: str, value: Any) -> tuple[float, float]:
    """Return the lowest and the highest temperature, °C."""
    numbers = list(value) if isinstance(value, Sequence) and not isinstance(value, str) else []
    plain = all(isinstance(one, int | float) and not isinstance(one, bool) for one in numbers)
    if len(numbers) != 2 or not plain or not LOWEST_C <= numbers[0] < numbers[1] <= HIGHEST_C:
        raise ConfigurationError(
            Argument(name, _shown(value)),
            f": must be the lowest and the highest temperature, from {LOWEST_C:g} to {HIGHEST_C:g} °C. Try: ",
            Argument(name, "21 25"),
        )
    return float(numbers[0]), float(numbers[1])


def _commands(name: str, value: Any) -> tuple[str, ...]:
    """Return commands that the DUT's monitor can take, and that are not those of the run itself."""
    commands = list(value) if isinstance(value, Sequence) and not isinstance(value, str) else None
    if commands is None or not all(isinstance(one, str) for one in commands):
        raise ConfigurationError(
            Argument(name, _shown(value)), f": must be a list of texts, such as ['{EXAMPLE_COMMAND}']"
        )
    return tuple(_command(name, one.strip(" ")) for one in commands)


def _command(name: str, command: str) -> str:
    if command.split(" ", maxsplit=1)[0] in OWN_COMMANDS:
        raise ConfigurationError(Argument(name, _shown(command)), ": the run sends this by itself")
    try:
        encode_command(command)
    except ProtocolViolation as error:
        raise ConfigurationError(
            Argument(name, _shown(command)),
            f": {error.came}; a command is one line without its end mark '%', such as '{EXAMPLE_COMMAND}'",
        ) from error
    return command


def _words(name: str, value: Any) -> tuple[str, ...]:
    """Return the words of a command line, as a POSIX shell would divide it; nothing else of it is a shell's."""
    try:
        words = tuple(shlex.split(value)) if isinstance(value, str) else ()
    except ValueError as error:
        raise ConfigurationError(Argument(name, _shown(value)), f": {str(error).lower()}") from error
    if not words or not words[0] or "\0" in value:
        raise ConfigurationError(
            Argument(name, _shown(value)), ": must be a program with its arguments, such as 'openocd -f board.cfg'"
        )
    return words


def _file(name: str, value: Any) -> str:
    if not isinstance(value, str | os.PathLike) or not str(value) or "\0" in str(value):
        raise ConfigurationError(Argument(name, _shown(value)), ": must be the path of a file")
    return str(value)


def _positive_seconds(name: str, value: Any) -> float:
    seconds = _seconds(name, value)
    if seconds <= 0.0:
        raise ConfigurationError(Argument(name, _shown(value)), ": must be a number of seconds above 0")
    return seconds


def _between_0_and(most: float, unit: str) -> Callable[[str, Any], float]:
    def check(name: str, value: Any) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0.0 < value < most:
            raise ConfigurationError(
                Argument(name, _shown(value)), f": must be a number between 0 and {most:g} {unit}"
            )
        return float(value)

    return check


Checks = Mapping[str, Callable[[str, Any], Any]]
CHECKS: dict[str, Callable[[str, Any], Any]] = {
    "mode": _mode,
    "inferences": _whole_number(1, MOST_INFERENCES),
    "warmups": _whole_number(0, MOST_INFERENCES),
    "read_back": _truth,
    "seed": _whole_number(0, 2**63 - 1),
    "limit": _whole_number(1, 2**31 - 1),
    "head_s": _seconds,
    "tail_s": _seconds,
    "wait_temperature_c": _range_c,
    "wait_temperature_s": _seconds,
}

PREPARATION_CHECKS: dict[str, Callable[[str, Any], Any]] = {
    "commands": _commands,
    "flash": _words,
    "image": _file,
    "flash_timeout_s": _positive_seconds,
    "cool_down_s": _seconds,
    "settle_s": _seconds,
    "settle_v": _between_0_and(1000.0, "V"),
    "settle_share": _between_0_and(1.0, "of the set voltage, such as 0.01"),
    "settle_timeout_s": _positive_seconds,
}


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 40 else text[:37] + "..."
