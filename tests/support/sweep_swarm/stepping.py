# SPDX-License-Identifier: Apache-2.0
"""A catalogue that tells of each of its transactions just before and just after the commit."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection

from energy_runner.sweep.catalogue import Catalogue
from tests.support.sweep_swarm.fate import AFTER, INSIDE

# Of those that only read, one stands for all.
_COMPILED: dict[object, object] = {}
STEPPED = ("claim", "claim_reference", "beat", "finish", "release", "take", "leave", "running")


class SteppingCatalogue(Catalogue):
    """Calls `step` with `finish: before commit` and the like, in whichever thread."""

    def __init__(self, where: str | Path, step: Callable[[str], object]) -> None:
        self._step = step
        super().__init__(where)
        # What the process before us has compiled, it need not compile again.
        self._engine = self._engine.execution_options(compiled_cache=_COMPILED)

    @contextmanager
    def begin(self) -> Iterator[Connection]:
        """Begin a transaction of the method that asks for one, two frames above."""
        name = sys._getframe(2).f_code.co_name
        stepped = name in STEPPED
        with super().begin() as connection:
            yield connection
            if stepped:
                self._step(f"{name}: {INSIDE}")
        if stepped:
            self._step(f"{name}: {AFTER}")
