# SPDX-License-Identifier: Apache-2.0
"""Benches of the Keithley twins and their drivers: a meter behind the world's supply, or a source meter."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from instruments.clock import Deadline, VirtualClock
from instruments.devices.dmm7510.driver import Dmm7510
from instruments.devices.dmm7510.driver import Options as MeterOptions
from instruments.devices.dmm7510.twin import VirtualDmm7510
from instruments.devices.smu2400.driver import Options as SmuOptions
from instruments.devices.smu2400.driver import Smu2400
from instruments.devices.smu2400.twin import VirtualSmu2400
from instruments.links.stream_scpi import StreamScpiLink
from instruments.roles import AppliedSampling, Samples, SamplingSettings, StreamItem, SupplySettings
from instruments.scpi.twin_keithley import KeithleyTwin
from instruments.world.cable import CableLink
from instruments.world.world import World

VOLTAGE_V = 3.0


@dataclass
class Bench:
    """A twin, its driver, and the world around them; `ready()` feeds the DUT and arms the acquisition."""

    world: World
    twin: KeithleyTwin
    instrument: Dmm7510 | Smu2400
    sent: list[bytes]

    @property
    def clock(self) -> VirtualClock:
        return self.world.clock

    def within(self, seconds: float = 10.0) -> Deadline:
        return self.clock.deadline(seconds)

    def open(self) -> "Bench":
        self.instrument.open(self.within())
        return self

    def configure(self, rate_hz: float | None = None, *, on_edge: bool = True) -> AppliedSampling:
        if isinstance(self.instrument, Smu2400):
            self.instrument.supply().configure(SupplySettings(VOLTAGE_V), self.within())
        return self.instrument.configure(SamplingSettings(rate_hz, on_edge), self.within())

    def feed(self) -> None:
        if isinstance(self.instrument, Smu2400):
            self.instrument.supply().on(self.within())
        else:
            self.world.set_supply(True, VOLTAGE_V)
        self.world.draw(0.010)

    def ready(self, rate_hz: float | None = None, *, on_edge: bool = True) -> "Bench":
        self.open().configure(rate_hz, on_edge=on_edge)
        self.feed()
        self.instrument.start(self.within())
        return self

    def log(self, seconds: float, every_s: float = 0.1) -> list[StreamItem]:
        items: list[StreamItem] = []
        end_ns = self.clock.now_ns() + round(seconds * 1e9)
        while self.clock.now_ns() < end_ns:
            self.clock.sleep(min(every_s, (end_ns - self.clock.now_ns()) / 1e9))
            items += self.instrument.poll(self.within())
        return items

    def stop(self) -> list[StreamItem]:
        return list(self.instrument.stop(self.within()))


def _world(seed: int, *, ideal: bool) -> World:
    return World(VirtualClock(), seed, ideal=ideal)


def _bench(world: World, twin: KeithleyTwin, driver: Any, options: Any) -> Bench:
    sent: list[bytes] = []

    def listen(data: bytes) -> bytes:
        sent.append(data)
        return data

    world.faults.corrupt["host>monitor"] = listen
    link = StreamScpiLink(CableLink("monitor", world.clock, twin.port))
    return Bench(world, twin, driver(link, world.clock, options), sent)


def meter(seed: int = 1, *, ideal: bool = True, **options: Any) -> Bench:
    """Return a bench of a DMM7510 in the supply line."""
    world = _world(seed, ideal=ideal)
    return _bench(world, VirtualDmm7510(world, "monitor"), Dmm7510, MeterOptions(**options))


def smu(seed: int = 1, *, ideal: bool = True, **options: Any) -> Bench:
    """Return a bench of a 2450 that feeds the DUT."""
    world = _world(seed, ideal=ideal)
    return _bench(world, VirtualSmu2400(world, "monitor"), Smu2400, SmuOptions(**options))


def joined(items: Sequence[StreamItem]) -> np.ndarray:
    """Return the current of all samples (A)."""
    return np.concatenate([item.values[0] for item in items if isinstance(item, Samples)])
