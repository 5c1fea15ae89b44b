# SPDX-License-Identifier: Apache-2.0
"""A bench of the N6705 twin and its driver, and what its tests share."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from instruments.clock import Deadline, VirtualClock
from instruments.devices.n6705.driver import N6705, Options
from instruments.devices.n6705.twin import VirtualN6705
from instruments.links.stream_scpi import StreamScpiLink
from instruments.roles import Lost, Samples, StreamItem
from instruments.world.cable import CableLink
from instruments.world.world import World
from tests.support.monitor import Monitor, MonitorSettings

PERIOD_S = 204.8e-6
SETTINGS = MonitorSettings(voltage_v=3.0)


@dataclass
class Bench:
    """A twin, a driver, and the world around them."""

    world: World
    twin: VirtualN6705
    monitor: Monitor
    link: CableLink

    @property
    def clock(self) -> VirtualClock:
        return self.world.clock

    def within(self, seconds: float = 10.0) -> Deadline:
        return self.clock.deadline(seconds)

    def ready(self, settings: MonitorSettings = SETTINGS) -> "Bench":
        """Open, set up, switch on and arm."""
        self.monitor.open(self.within())
        self.monitor.configure(settings, self.within())
        self.monitor.power_on(self.within())
        self.world.draw(0.010)
        self.monitor.start(self.within())
        return self

    def log(self, seconds: float, every_s: float = 0.1) -> list[StreamItem]:
        items: list[StreamItem] = []
        end_ns = self.clock.now_ns() + round(seconds * 1e9)
        while self.clock.now_ns() < end_ns:
            self.clock.sleep(min(every_s, (end_ns - self.clock.now_ns()) / 1e9))
            items += self.monitor.poll(self.within())
        return items


def make(
    seed: int = 1,
    *,
    ideal: bool = True,
    channel: int = 1,
    link: type[CableLink] = CableLink,
    **options: object,
) -> Bench:
    clock = VirtualClock()
    world = World(clock, seed, ideal=ideal)
    twin = VirtualN6705(world)
    cable = link("monitor", clock, twin.port)
    given = Options.model_validate({"channel": channel, **options})
    return Bench(world, twin, Monitor(N6705(StreamScpiLink(cable), clock, given)), cable)


def of[T](kind: type[T], items: Sequence[object]) -> list[T]:
    return [item for item in items if isinstance(item, kind)]


def energy_j(items: Sequence[StreamItem], period_s: float) -> float:
    return sum(
        float(np.dot(s.values[0].astype(np.float64), s.values[1].astype(np.float64))) * period_s
        for s in of(Samples, items)
    )


def check_indexes(items: Sequence[StreamItem]) -> int:
    """Assert that samples and losses follow each other without gap or overlap; return where they end."""
    at = 0
    for item in items:
        if isinstance(item, Lost):
            assert (item.after, item.before) == (at, at + item.missing)
            at = item.before
        elif isinstance(item, Samples):
            assert item.first == at
            at += item.count
    return at


def listening(sent: list[bytes]) -> Callable[[bytes], bytes]:
    """Return a wire that writes down what passes."""

    def pass_on(data: bytes) -> bytes:
        sent.append(data)
        return data

    return pass_on


def renamed(model: bytes, data: bytes) -> bytes:
    """Let the twin call itself by another model name."""
    return data.replace(b"N6705C", model)


def busy(world: World, seconds: float) -> None:
    """Let the DUT draw levels that change at odd moments for some seconds from now."""
    rng = world.rng("load")
    at_ns = world.clock.now_ns()
    end_ns = at_ns + round(seconds * 1e9)
    while at_ns < end_ns:
        at_ns += int(rng.integers(50_000, 30_000_000))
        current_a = float(rng.uniform(0.002, 0.05))
        world.clock.call_at(at_ns, partial(world.draw, current_a))
