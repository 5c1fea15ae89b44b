# SPDX-License-Identifier: Apache-2.0
"""What a plan may hold: one check for the command line, the Python API and plans that a program makes."""

import math
import operator
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from energy_runner.bench.spec import Mode, parse_mode
from energy_runner.errors import Argument, ConfigurationError

# The DUT's parser keeps counts in 32 bits; a window of so many inferences would last for years.
MOST_INFERENCES = 2**31 - 1
LOWEST_C, HIGHEST_C = -60.0, 150.0  # that a thermometer may read


def checked(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options of a plan in Python's own types; numpy's integers are taken.

    None stands for an option that was not given and is kept. Raises `ConfigurationError` that names the option,
    what came and what is possible.
    """
    return {name: None if value is None else CHECKS[name](name, value) for name, value in given.items()}


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


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 40 else text[:37] + "..."
