# SPDX-License-Identifier: Apache-2.0
"""A virtual PPK2 with its driver, and words as it sends them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from instruments.clock import Deadline, VirtualClock
from instruments.devices.ppk2.driver import Options, Ppk2
from instruments.devices.ppk2.protocol import Event, Gap, Garbage, Run
from instruments.devices.ppk2.twin import VirtualPpk2
from instruments.roles import Lost, Samples, SamplingSettings, StreamItem, SupplySettings
from instruments.world.cable import CableLink
from instruments.world.world import World

VOLTAGE_V = 3.0
CURRENT_A = 0.0123457


def words(count: int, first: int = 0, adc: int = 300, scale: int = 3, logic: int = 1) -> np.ndarray:
    """Return consecutive words of one reading; the counter of the first one is `first` modulo 64."""
    counter = (first + np.arange(count)) % 64
    return (adc | scale << 14 | counter << 18 | logic << 24).astype("<u4")


def merged(events: Sequence[Event]) -> list[object]:
    """Return events with runs and garbage put together, to be compared however they were divided."""
    found: list[object] = []
    for event in events:
        if isinstance(event, Run):
            if found and isinstance(found[-1], list):
                found[-1] += event.words.tolist()
            else:
                found.append(event.words.tolist())
        elif isinstance(event, Garbage):
            before = found.pop()[1] if found and isinstance(found[-1], tuple) else b""
            found.append(("garbage", before + event.data))
        else:
            assert isinstance(event, Gap)
            found.append(event)
    return found


@dataclass
class Bench:
    clock: VirtualClock
    world: World
    twin: VirtualPpk2
    link: CableLink
    box: Ppk2
    options: Options

    def deadline(self, after_s: float = 20.0) -> Deadline:
        return self.clock.deadline(after_s)

    def opened(self) -> "Bench":
        self.box.open(self.deadline())
        return self

    def streaming(self, current_a: float = CURRENT_A) -> "Bench":
        self.opened()
        if self.options.mode == "source":
            self.box.supply().configure(SupplySettings(VOLTAGE_V), self.deadline())
            self.box.supply().on(self.deadline())
        else:
            self.world.set_supply(True, VOLTAGE_V)
        self.world.draw(current_a)
        self.box.configure(SamplingSettings(), self.deadline())
        self.box.start(self.deadline())
        return self

    def record(self, duration_s: float, every_s: float = 0.1) -> list[StreamItem]:
        items: list[StreamItem] = []
        for _ in range(round(duration_s / every_s)):
            self.clock.sleep(every_s)
            items += self.box.poll(self.deadline())
        return items

    def stop(self) -> list[StreamItem]:
        return list(self.box.stop(self.deadline()))


def bench(seed: int = 1, *, ideal: bool = False, **options: object) -> Bench:
    clock = VirtualClock()
    world = World(clock, seed, ideal=ideal)
    twin = VirtualPpk2(world)
    link = CableLink("monitor", clock, twin.port)
    chosen = Options(**options)  # type: ignore[arg-type]
    return Bench(clock, world, twin, link, Ppk2(link, clock, chosen), chosen)


def of[T](kind: type[T], items: Sequence[object]) -> list[T]:
    return [item for item in items if isinstance(item, kind)]


def received(items: Sequence[StreamItem]) -> int:
    return sum(block.count for block in of(Samples, items))


def end(items: Sequence[StreamItem]) -> int:
    last = of(Samples, items)[-1]
    return last.first + last.count


def missing(items: Sequence[StreamItem]) -> int:
    return sum(lost.missing for lost in of(Lost, items))


def mean_a(items: Sequence[StreamItem]) -> float:
    return float(np.mean(np.concatenate([block.values[0] for block in of(Samples, items)]).astype(np.float64)))
