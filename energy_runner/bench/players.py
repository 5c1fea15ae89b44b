# SPDX-License-Identifier: Apache-2.0
"""Who plays which role on a bench, and the error of roles that do not fit."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from energy_runner.bench.spec import InstrumentSpec
from energy_runner.errors import ConfigurationError

MONITOR, IO_MANAGER, DUT_PORT = "monitor", "io-manager", "dut"


class WiringError(ConfigurationError):
    """The roles of a bench file do not fit its instruments.

    `place` is the key that is wrong, `also` one that it contradicts.
    """

    def __init__(
        self,
        place: Sequence[str],
        text: str,
        also: Sequence[str] = (),
        try_this: str = "compare it with `energy-runner bench show virtual-lpm01a`",
    ) -> None:
        super().__init__(f"{text}. Try: {try_this}")
        self.place = tuple(place)
        self.also = tuple(also)


@dataclass(frozen=True)
class Player:
    """An instrument of the bench, and the channel of it that plays a role (empty: it has only one)."""

    instrument: str
    channel: str = ""

    def __str__(self) -> str:
        return f"{self.instrument}:{self.channel}" if self.channel else self.instrument


@dataclass(frozen=True)
class Wiring:
    """The instruments that one mode opens, by name, and which of them plays which role in that mode.

    The supply's instrument comes first: whatever else is missing, the supply can then be switched off. `rails`
    holds who feeds and who samples each rail, where there are several; the first one's are `supply` and `sampler`.
    """

    instruments: dict[str, InstrumentSpec]
    supply: Player | None = None
    sampler: Player | None = None
    edges: Player | None = None
    cross_check: Player | None = None
    thermometer: Player | None = None
    switch: Player | None = None
    dut: Player = field(default_factory=lambda: Player(DUT_PORT))
    rails: dict[str, tuple[Player, Player]] = field(default_factory=dict)
