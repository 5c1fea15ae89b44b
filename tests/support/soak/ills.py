# SPDX-License-Identifier: Apache-2.0
"""What ails a bench from one job to the next, and what its twin's supply was when the last process on it died.

Every job has a new twin, so what lasts is kept in a file of the bench.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from energy_runner.bench import Bench
from instruments.world.faults import Faults

LATCH_UP_NS = 4_000_000_000  # until which a DUT must be without supply
OPENINGS = 14


@dataclass(frozen=True)
class Ill:
    """A fault that lasts: `begin` sets it, `left` returns what is left of it when a job is over, 0 for cured.

    `needs` is the instrument without which a bench cannot have it; `person` says that only a person cures it.
    """

    begin: Callable[[Faults, int], object]
    left: Callable[[Faults], int]
    amount: int = 1
    needs: str = ""
    person: bool = False


ILLS: dict[str, Ill] = {
    "the IO manager hangs": Ill(
        lambda faults, left: faults.stuck_until_reset.add("io-manager"),
        lambda faults: len(faults.stuck_until_reset),
        needs="io-manager",
    ),
    "the DUT has latched up": Ill(
        lambda faults, left: setattr(faults, "dut_hangs_until_off_ns", left),
        lambda faults: faults.dut_hangs_until_off_ns,
        amount=LATCH_UP_NS,
    ),
    "the monitor is out of step": Ill(
        lambda faults, left: faults.deaf_openings.update({"monitor": left}),
        lambda faults: max(0, faults.deaf_openings.get("monitor", 0)),
        amount=OPENINGS,
        needs="monitor",
    ),
    "the IO manager is gone": Ill(
        lambda faults, left: faults.gone_until_replugged.add("io-manager"),
        lambda faults: len(faults.gone_until_replugged),
        needs="io-manager",
    ),
    "the monitor is unplugged": Ill(
        lambda faults, left: faults.unplugged.add("monitor"), lambda faults: 1, needs="monitor", person=True
    ),
    "the DUT is dead": Ill(lambda faults, left: faults.silent.add("dut"), lambda faults: 1, person=True),
    "the DUT does not infer": Ill(lambda faults, left: faults.refuse.add("infer"), lambda faults: 1, person=True),
}


class Health:
    """What a bench takes from one job to the next; kept in a file, for the process may be killed at any moment."""

    def __init__(self, path: Path) -> None:
        self._path = path

    @property
    def ill(self) -> str:
        """Return what ails the bench, "" if nothing does."""
        return str(self._read().get("ill", ""))

    @property
    def powered(self) -> bool:
        """Return whether its supply was left on."""
        return bool(self._read().get("powered", False))

    def catch(self, ill: str) -> None:
        """Let something ail the bench from now on."""
        self._write(ill=ill, left=ILLS[ill].amount)

    def cure(self) -> None:
        """Let nothing ail the bench."""
        self._write(ill="", left=0)

    def leave(self, *, powered: bool) -> None:
        """Keep how the supply was left."""
        self._write(powered=powered)

    def arm(self, bench: Bench) -> None:
        """Let a new twin have what ails the bench."""
        found = self._read()
        if found.get("ill"):
            ILLS[found["ill"]].begin(faults_of(bench), int(found["left"]))

    def after(self, bench: Bench) -> None:
        """Keep what is left when a job is over."""
        ill = self.ill
        if ill:
            left = ILLS[ill].left(faults_of(bench))
            self._write(ill=ill if left else "", left=left)
        self.leave(powered=is_powered(bench))

    def _read(self) -> dict[str, Any]:
        return json.loads(self._path.read_text("utf-8")) if self._path.is_file() else {}

    def _write(self, **changes: object) -> None:
        temporary = self._path.with_suffix(".part")
        temporary.write_text(json.dumps({**self._read(), **changes}), "utf-8")
        temporary.replace(self._path)


def faults_of(bench: Bench) -> Faults:
    """Return the fault switches of a virtual bench."""
    if bench.twin is None:
        raise ValueError("the soak runs on virtual benches")
    return bench.twin.world.faults


def is_powered(bench: Bench) -> bool:
    """Return whether the DUT of a virtual bench is fed by a supply of the bench."""
    return bench.twin is not None and bench.supply is not None and bench.twin.world.powered
