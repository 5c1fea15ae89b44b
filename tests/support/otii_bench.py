# SPDX-License-Identifier: Apache-2.0
"""A virtual Otii server with its driver, and what its tests share with those of other monitors."""

from dataclasses import dataclass, field

from instruments.clock import Deadline, VirtualClock
from instruments.devices.otii.driver import Options, Otii, OtiiAce
from instruments.devices.otii.twin import VirtualOtii, VirtualOtiiAce
from instruments.links.tap import Direction, TappedLink
from instruments.roles import Edge, StreamItem
from instruments.world.cable import CableLink
from instruments.world.world import World
from tests.support.monitor import Monitor, MonitorSettings

SETTINGS = MonitorSettings(voltage_v=3.0)


@dataclass
class Bench:
    """A twin, a driver, the world around them, and every byte that passed."""

    world: World
    twin: VirtualOtii
    monitor: Monitor
    bytes: dict[Direction, bytes] = field(default_factory=lambda: {"tx": b"", "rx": b""})

    @property
    def clock(self) -> VirtualClock:
        return self.world.clock

    def within(self, seconds: float = 10.0) -> Deadline:
        return self.clock.deadline(seconds)

    def ready(self, settings: MonitorSettings = SETTINGS) -> "Bench":
        """Open, set up, switch on and start."""
        self.monitor.open(self.within())
        self.monitor.configure(settings, self.within())
        self.monitor.power_on(self.within())
        self.world.draw(0.010)
        self.monitor.start(self.within())
        return self

    def log(self, seconds: float, every_s: float = 0.1) -> list[StreamItem | Edge]:
        items: list[StreamItem | Edge] = []
        end_ns = self.clock.now_ns() + round(seconds * 1e9)
        while self.clock.now_ns() < end_ns:
            self.clock.sleep(min(every_s, (end_ns - self.clock.now_ns()) / 1e9))
            items += self.monitor.poll(self.within())
        return items

    def stop(self) -> list[StreamItem | Edge]:
        return list(self.monitor.stop(self.within()))


def make(seed: int = 1, *, ideal: bool = True, ace: bool = False, device: str = "") -> Bench:
    """Return a bench with an Arc, or with an Ace."""
    clock = VirtualClock()
    world = World(clock, seed, ideal=ideal)
    twin = (VirtualOtiiAce if ace else VirtualOtii)(world)
    passed: dict[Direction, bytes] = {"tx": b"", "rx": b""}

    def listen(direction: Direction, data: bytes) -> None:
        passed[direction] += data

    link = TappedLink(CableLink("monitor", clock, twin.port), listen)
    driver = (OtiiAce if ace else Otii)(link, clock, Options(device=device))
    return Bench(world, twin, Monitor(driver, edges=True), passed)
