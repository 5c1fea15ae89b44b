# SPDX-License-Identifier: Apache-2.0
"""A virtual LPM01A with its driver, a world whose current a test sets, and a record of every byte."""

from dataclasses import dataclass

import numpy as np

from instruments.clock import VirtualClock
from instruments.devices.lpm01a.driver import Lpm01a
from instruments.devices.lpm01a.twin import VirtualLpm01a
from instruments.roles import Lost, Note, OverRange, Samples, StreamItem
from instruments.world.cable import CableLink
from instruments.world.world import World
from tests.support.monitor import Monitor, MonitorSettings

VOLTAGE_V = 3.0
CURRENT_A = 0.0123457


@dataclass
class Bench:
    clock: VirtualClock
    world: World
    twin: VirtualLpm01a
    monitor: Monitor
    heard: bytearray  # everything that the twin has sent

    def deadline(self, after_s=20.0):
        return self.clock.deadline(after_s)

    def open(self):
        return self.monitor.open(self.deadline())

    def configured(self, rate_hz=None):
        self.open()
        self.monitor.configure(MonitorSettings(VOLTAGE_V, rate_hz), self.deadline())
        return self

    def streaming(self, rate_hz=None):
        self.configured(rate_hz)
        self.monitor.power_on(self.deadline())
        self.world.draw(CURRENT_A)
        self.monitor.start(self.deadline())
        return self

    def record(self, duration_s, every_s=0.1):
        items = []
        for _ in range(round(duration_s / every_s)):
            self.clock.sleep(every_s)
            items += self.monitor.poll(self.deadline())
        return items

    def stop(self):
        return list(self.monitor.stop(self.deadline()))


def bench(seed=1, *, ideal=False, firmware="1.0.6", dialect="completed", **options) -> Bench:
    clock = VirtualClock()
    world = World(clock, seed, ideal=ideal)
    heard = bytearray()

    def listen(data):
        heard.extend(data)
        return data

    world.faults.corrupt["monitor>host"] = listen
    twin = VirtualLpm01a(world, firmware=firmware, end_dialect=dialect, **options)
    monitor = Monitor(Lpm01a(CableLink("monitor", clock, twin.port), clock), edges=True)
    return Bench(clock, world, twin, monitor, heard)


def of_type(items, kind):
    return [item for item in items if isinstance(item, kind)]


def joined(items) -> np.ndarray:
    return np.concatenate([block.values[0].astype(float) for block in of_type(items, Samples)])


def suspicious(items: list[StreamItem]) -> list[str]:
    return [item.text for item in items if isinstance(item, Note) and item.suspicious]


def clean(items) -> bool:
    return not suspicious(items) and not of_type(items, Lost) and not of_type(items, OverRange)
