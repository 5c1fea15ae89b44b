# SPDX-License-Identifier: Apache-2.0
"""A bench of the NGU twin and its driver; what its tests share with those of the N6705 is there."""

from instruments.clock import VirtualClock
from instruments.devices.ngu.driver import Ngu
from instruments.devices.ngu.twin import VirtualNgu
from instruments.links.stream_scpi import StreamScpiLink
from instruments.world.cable import CableLink
from instruments.world.world import World
from tests.support.monitor import Monitor
from tests.support.n6705_bench import Bench

PERIOD_S = 64e-6


def make(seed: int = 1, *, ideal: bool = True) -> Bench:
    """Return a bench; its `twin` is a `VirtualNgu`."""
    clock = VirtualClock()
    world = World(clock, seed, ideal=ideal)
    twin = VirtualNgu(world)
    cable = CableLink("monitor", clock, twin.port)
    return Bench(world, twin, Monitor(Ngu(StreamScpiLink(cable), clock)), cable)
