# SPDX-License-Identifier: Apache-2.0
"""What one life of a worker is to do."""

from dataclasses import dataclass

from tests.support.soak.scene import Scene
from tests.support.swarm.benches import Clean
from tests.support.swarm.others import Others


@dataclass(frozen=True)
class Duty:
    """Serve `sweep` on `bench`, in life number `life`.

    `near` is the surroundings of the bench, `clean` what an attempt without faults is.
    """

    scene: Scene
    sweep: str
    bench: str
    near: Others
    clean: Clean
    life: int
