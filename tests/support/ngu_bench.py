# SPDX-License-Identifier: Apache-2.0
"""A bench of the NGU or NGM twin and its driver; what its tests share with those of the N6705 is there."""

from instruments.clock import VirtualClock
from instruments.devices.ngu.driver import Ngm, Ngu, Options
from instruments.devices.ngu.twin import VirtualNgm, VirtualNgu
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


def make_ngm(seed: int = 1, *, ideal: bool = True, channel: int = 1) -> Bench:
    """Return a bench; its `twin` is a `VirtualNgm`."""
    clock = VirtualClock()
    world = World(clock, seed, ideal=ideal)
    twin = VirtualNgm(world)
    twin.feeds(channel)
    cable = CableLink("monitor", clock, twin.port)
    return Bench(world, twin, Monitor(Ngm(StreamScpiLink(cable), clock, Options(channel=channel))), cable)
