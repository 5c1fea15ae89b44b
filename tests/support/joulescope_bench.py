# SPDX-License-Identifier: Apache-2.0
"""A Joulescope on its twin, whose DUT draws what a test says; and messages as the vendor's library makes them."""

from typing import Any

import numpy as np

from instruments.clock import VirtualClock
from instruments.joulescope.instrument import Joulescope
from instruments.joulescope.twin import VirtualJoulescope
from instruments.registry import drivers
from instruments.roles import Edge, Lost, Note, Samples, SamplingSettings, StreamItem
from instruments.world.library import LibraryLink
from instruments.world.world import World

LIMIT_S = 10.0


def message(first: int, data: np.ndarray, *, rate: int = 2_000_000, decimate: int = 1) -> dict[str, Any]:
    """Return a stream message, with the keys that count."""
    return {"sample_id": first, "sample_rate": rate, "decimate_factor": decimate, "data": data}


class JoulescopeBench:
    """One Joulescope, opened on request; the DUT is fed with 3 V and draws 5 mA."""

    def __init__(self, model: str = "js220", *, seed: int = 5, ideal: bool = True, **options: object) -> None:
        spec = drivers()[model]
        self.clock = VirtualClock()
        self.world = World(self.clock, seed, ideal=ideal)
        self.twin: VirtualJoulescope = spec.build_twin(self.world, "js")
        self.heard: list[tuple[str, bytes]] = []
        self.link = LibraryLink(
            "js", self.clock, self.twin.port, listener=lambda direction, data: self.heard.append((direction, data))
        )
        built = spec.build(self.link, self.clock, spec.options_model().model_validate(options))
        assert isinstance(built, Joulescope)
        self.driver = built
        self.edges: list[Edge] = []
        self.world.set_supply(True, 3.0)
        self.world.draw(0.005)

    def open(self) -> "JoulescopeBench":
        self.driver.open(self.clock.deadline(LIMIT_S))
        return self

    def start(self, rate_hz: float | None = 10e3) -> None:
        self.driver.configure(SamplingSettings(rate_hz), self.clock.deadline(LIMIT_S))
        self.driver.start(self.clock.deadline(LIMIT_S))

    def poll(self, duration_s: float = 0.0, every_s: float = 0.1) -> list[StreamItem]:
        items: list[StreamItem] = []
        limit = self.clock.deadline(duration_s)
        while True:
            items += self.driver.poll(self.clock.deadline(LIMIT_S))
            self.edges += self.driver.take(self.clock.deadline(LIMIT_S))
            if limit.expired():
                return items
            self.clock.sleep(min(every_s, limit.remaining_s()))

    def stop(self) -> list[StreamItem]:
        items = list(self.driver.stop(self.clock.deadline(LIMIT_S)))
        self.edges += self.driver.take(self.clock.deadline(LIMIT_S))
        return items

    def said(self) -> list[str]:
        """Return the calls that were made, in words."""
        return [data.decode().strip() for direction, data in self.heard if direction == "tx"]


def samples(items: list[StreamItem]) -> list[Samples]:
    return [item for item in items if isinstance(item, Samples)]


def lost(items: list[StreamItem]) -> list[Lost]:
    return [item for item in items if isinstance(item, Lost)]


def notes(items: list[StreamItem]) -> list[Note]:
    return [item for item in items if isinstance(item, Note)]


def end(items: list[StreamItem]) -> int:
    """Return the index after the last sample; check that nothing overlaps and that every gap is reported."""
    at = 0
    for item in items:
        if isinstance(item, Samples):
            assert item.first == at
            at += item.count
        elif isinstance(item, Lost):
            assert (item.after, item.before) == (at, at + item.missing)
            at += item.missing
    return at
