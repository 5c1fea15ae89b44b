# SPDX-License-Identifier: Apache-2.0
"""The text of a limit, such as `energy_per_inference +2%`: a quantity, the direction that is worse, how much.

`+` limits a rise, `-` a fall, `±` (or `+-`) a change either way. The amount is in percent of the baseline, or in a
unit of the quantity.
"""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass

from energy_runner.errors import ConfigurationError
from energy_runner.wording import shown

PERCENT = "%"
_JOULE = {"J": 1.0, "mJ": 1e-3, "µJ": 1e-6, "uJ": 1e-6, "nJ": 1e-9}
_SECOND = {"s": 1.0, "ms": 1e-3, "µs": 1e-6, "us": 1e-6}
_EITHER = {"±": 0, "+-": 0, "+/-": 0}
_SIGNS = {"+": 1, "-": -1, "−": -1} | _EITHER  # noqa: RUF001 - a minus sign, as documents are pasted
_NUMBER = r"[0-9]+(?:\.[0-9]*)?(?:[eE][-+]?[0-9]+)?|\.[0-9]+(?:[eE][-+]?[0-9]+)?"
_LIMIT = re.compile(
    rf"\s*([A-Za-z][A-Za-z_ -]*?)\s*(\+/-|\+-|[-+±\u2212])\s*({_NUMBER})\s*([^\s0-9.,+-]\S*)?\s*", re.ASCII
)
_COMMA = re.compile(r"[0-9],[0-9]")
_EXAMPLE = "energy_per_inference +2%"


@dataclass(frozen=True)
class Kind:
    """A quantity that can be limited: which direction is worse, its units and their factors to SI.

    Without units it is compared in the unit of its metric; `modes` are those whose results have it.
    """

    worse: int
    units: Mapping[str, float]
    unit: str
    modes: tuple[str, ...] = ("energy",)
    relative: bool = True


QUANTITIES: dict[str, Kind] = {
    "energy_per_inference": Kind(+1, _JOULE, "J"),
    "energy_delay_product": Kind(+1, {"Js": 1.0, "µJs": 1e-6, "uJs": 1e-6}, "J·s"),
    "throughput": Kind(-1, {"/s": 1.0, "1/s": 1.0}, "1/s", ("energy", "performance")),
    "latency": Kind(+1, _SECOND, "s", ("energy", "performance")),
    "accuracy": Kind(-1, {"": 1.0}, "", ("accuracy",), relative=False),
}


@dataclass(frozen=True)
class Limit:
    """How far a quantity may go: by `amount`, a share of the baseline if `relative`, else in the SI unit.

    `direction` is +1 for a rise, -1 for a fall, 0 for either.
    """

    quantity: str
    direction: int
    amount: float
    relative: bool

    def __str__(self) -> str:
        sign = {1: "+", -1: "-", 0: "±"}[self.direction]
        if self.relative:
            return f"{self.quantity} {sign}{self.amount * 100:.12g}%"
        unit = next((name for name, factor in QUANTITIES[self.quantity].units.items() if factor == 1.0), "")
        return f"{self.quantity} {sign}{self.amount:.15g}{unit}"


def parse_limit(text: str) -> Limit:
    """Return the limit that `text` states.

    Raises `ConfigurationError` for anything else, and for a limit that only an improvement or nothing could break.
    """
    match = _LIMIT.fullmatch(text) if len(text) <= 200 else None
    if match is None:
        comma = " (with a decimal point)" if _COMMA.search(text) else ""
        raise ConfigurationError(f"'{shown(text)}' is no limit. Try: {_EXAMPLE}{comma}")
    name = match[1].strip().replace("-", "_").replace(" ", "_")
    kind = QUANTITIES.get(name)
    if kind is None:
        raise ConfigurationError(
            f"'{shown(text)}': unknown quantity {shown(name)!r}. Try: {', '.join(QUANTITIES)}"
        )
    direction = _SIGNS[match[2]]
    if direction and direction != kind.worse:
        sign = "+" if kind.worse > 0 else "-"
        raise ConfigurationError(
            f"'{shown(text)}': a change in this direction makes {name} better. Try: {name} {sign}{match[3]}"
            f"{match[4] or ''}, or ± for a change either way"
        )
    amount, unit = float(match[3]), (match[4] or "").replace("\u03bc", "µ")
    if not math.isfinite(amount) or amount >= 1e6:
        raise ConfigurationError(f"'{shown(text)}': {shown(match[3])} is too large. Try: {_EXAMPLE}")
    if unit == PERCENT and kind.relative:
        if direction < 0 and amount >= 100.0:
            raise ConfigurationError(
                f"'{shown(text)}': {name} cannot fall below 0, so this would never fail. Try: {name} -2%"
            )
        return Limit(name, direction, amount / 100.0, relative=True)
    if unit not in kind.units:
        listed = " or ".join(([PERCENT] if kind.relative else []) + [one for one in kind.units if one])
        advice = listed or "a number without unit, in the unit of the metric: percent of Top-1, or the AUC"
        raise ConfigurationError(f"'{shown(text)}': {name} has no unit {shown(unit)!r}. Try: {advice}")
    return Limit(name, direction, amount * kind.units[unit], relative=False)
