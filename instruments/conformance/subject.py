# SPDX-License-Identifier: Apache-2.0
"""The subject of the checks: an unopened instrument, and functions that act on the bench around it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from instruments.clock import Clock, VirtualClock
from instruments.links.stream_scpi import StreamScpiLink
from instruments.registry import DriverSpec
from instruments.roles import Instrument, RoleName, SamplingSettings, SupplySettings


@dataclass(frozen=True)
class Subject:
    """An instrument and the bench around it.

    `roles` are the roles to examine, each on its channel in `channels` (default: ""). `pulse()` makes the
    timestamp pin fall once; `feed()` powers the DUT if the instrument does not do so itself. `silence()` makes the
    instrument stop answering; None if that cannot be done (real hardware). So do `warm(k)`, which makes the room
    warmer by so many kelvin, `break_probe()` of a thermometer, and `weld()`, after which a switch stays on.
    """

    instrument: Instrument
    clock: Clock
    roles: tuple[RoleName, ...]
    supply: SupplySettings = field(default_factory=lambda: SupplySettings(voltage_v=3.0))
    sampling: SamplingSettings = field(default_factory=SamplingSettings)
    pulse: Callable[[], None] = lambda: None
    feed: Callable[[], None] = lambda: None
    silence: Callable[[], None] | None = None
    warm: Callable[[float], None] | None = None
    break_probe: Callable[[], None] | None = None
    weld: Callable[[], None] | None = None
    channels: dict[RoleName, str] = field(default_factory=dict)

    def channel(self, role: RoleName) -> str:
        """Return the channel that plays a role."""
        return self.channels.get(role, "")


Make = Callable[[], Subject]


def on_twin(spec: DriverSpec, seed: int = 11) -> Subject:
    """Return a driver on its own twin, in a world whose DUT draws 5 mA while it is fed.

    Every driver of the registry is examined on this; another package can do the same with its `DriverSpec`.
    """
    from instruments.world.world import World

    clock = VirtualClock()
    world = World(clock, seed)
    wired = (_silent_dut(), 9600) if "dut" in spec.roles else ()
    twin = spec.build_twin(world, "subject", *wired)
    world.on_power(lambda powered: world.draw(0.005 if powered else 0.0))
    if spec.link == "none":
        instrument: Instrument = twin
    else:
        instrument = spec.build(_link_to(twin.port, spec, clock), clock, spec.options_model()())
    return Subject(
        instrument=instrument,
        clock=clock,
        roles=spec.roles,
        pulse=world.pin_falls,
        feed=lambda: world.set_supply(True, 3.0),
        silence=None if spec.link == "none" else lambda: world.faults.silent.add("subject"),
        warm=lambda by_k: setattr(world, "temperature_c", world.temperature_c + by_k),
        break_probe=None if spec.link == "none" else lambda: setattr(world.faults, "probe_open", True),
        weld=None if spec.link == "none" else lambda: setattr(world.faults, "switch_stays_on", True),
    )


def _link_to(port: Any, spec: DriverSpec, clock: VirtualClock) -> Any:
    """Return the driver's kind of link to the twin at `port`."""
    from instruments.world.cable import CableLink
    from instruments.world.library import LibraryLink

    if spec.link == "vendor":
        return LibraryLink("subject", clock, port)
    cable = CableLink("subject", clock, port)
    return StreamScpiLink(cable) if spec.link == "scpi" else cable


def _silent_dut() -> object:
    """Return a DUT that never answers."""
    from instruments.world.dut import MuteDut

    return MuteDut()
