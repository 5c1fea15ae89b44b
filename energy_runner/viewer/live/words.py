# SPDX-License-Identifier: Apache-2.0
"""Words and figures of a live view: printable, short, and without what JSON cannot hold."""

import math
from collections.abc import Iterable, Mapping
from typing import Any

from energy_runner.bench.players import Wiring
from energy_runner.bench.spec import BenchSpec, parse_mode
from energy_runner.bench.wiring import wiring
from energy_runner.errors import RunnerError
from energy_runner.wording import shown

LONGEST = 200  # characters of a line, a remark, or a name
_CONSIDERED = 4 * LONGEST  # of a giant text, no more is even looked at
_ROLES = {
    "supply": "feeds the DUT",
    "sampler": "samples",
    "edges": "captures edges",
    "cross_check": "captures edges, too",
    "thermometer": "thermometer",
    "switch": "switch",
    "dut": "route to the DUT",
}


def words(text: object) -> str:
    """Return a device's or a file's text, printable and cut."""
    given = str(text)[:_CONSIDERED]
    return given if len(given) <= LONGEST and given.isprintable() else shown(given, LONGEST)


def finite(value: object) -> float | None:
    """Return a number as JSON has it: None for NaN, infinity, and what is no number."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if math.isfinite(value) else None


def figure(value: float) -> float | None:
    """Return a sample with the seven digits that a 32-bit float has; None where it is missing."""
    return float(f"{value:.7g}") if math.isfinite(value) else None


def figures(values: Iterable[float]) -> list[float | None]:
    """Return samples as `figure` does."""
    return [figure(value) for value in values]


def identity_words(identity: Mapping[str, Any]) -> str:
    """Return who a device says it is."""
    known = [str(identity[key])[:LONGEST] for key in ("make", "model", "serial", "firmware") if identity.get(key)]
    return words(" ".join(known))


class Roles:
    """Who plays which role on a bench, as far as that is known: `dut` is the box whose link the DUT talks on."""

    def __init__(self, players: Wiring | None = None) -> None:
        self.by_box: dict[str, str] = {}
        self.dut = ""
        if players is None:
            return
        self.dut = players.dut.instrument
        for role, text in _ROLES.items():
            player = getattr(players, role)
            if player is not None:
                told = self.by_box.get(player.instrument)
                self.by_box[player.instrument] = f"{told}, {text}" if told else text

    @classmethod
    def of(cls, spec: BenchSpec | Mapping[str, Any] | None, mode: str) -> "Roles":
        """Return the roles on a bench, or on that of a record; none for one that cannot be read."""
        try:
            if isinstance(spec, Mapping):  # as a record holds it, with keys that no bench file has
                spec = BenchSpec.model_validate({key: spec[key] for key in BenchSpec.model_fields if key in spec})
            return cls() if spec is None else cls(wiring(spec, parse_mode(mode)))
        except (RunnerError, ValueError, TypeError):
            return cls()
