# SPDX-License-Identifier: Apache-2.0
"""What a run does to its DUT before the first stimulus, beyond power-up and identification."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

from energy_runner.director.plan_checks import PREPARATION_CHECKS, checked


@dataclass(frozen=True)
class Preparation:
    """What the DUT gets before its first stimulus; raises `ConfigurationError` for what no run can do.

    `commands` are sent to it, in this order, once it has been identified; each has to be answered.
    """

    commands: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        given = {one.name: getattr(self, one.name) for one in fields(self)}
        for name, value in checked(given, PREPARATION_CHECKS).items():
            object.__setattr__(self, name, value)


def prepared(*, commands: Sequence[str] | None = None) -> Preparation:
    """Return a preparation from the options of a plan, of which None was not given."""
    given: dict[str, Any] = {"commands": commands}
    return Preparation(**{name: value for name, value in given.items() if value is not None})
