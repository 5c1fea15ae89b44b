# SPDX-License-Identifier: Apache-2.0
"""Build a bench of twins: one world, one DUT, and a twin for each instrument named in the bench file."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from instruments.clock import VirtualClock
from instruments.devices.dut.twin import DutOptions, VirtualDut
from instruments.devices.dut.twin_classifier import TableClassifier, TfliteClassifier
from instruments.devices.dut.twin_profile import load_network
from instruments.errors import Unavailable
from instruments.registry import DriverSpec
from instruments.world.cable import HostPort
from instruments.world.dut import DutTwin
from instruments.world.load import LoadOptions, VirtualLoad
from instruments.world.world import World

RAIL_SHARE = 0.3  # of the first rail's current that each further rail of the virtual DUT draws


@dataclass(frozen=True)
class TwinRail:
    """An instrument on a further rail of the DUT: the rail's name, and what it is a channel of, if anything.

    `beside` is the instrument, built before, of whose mainframe it is another `channel`.
    """

    rail: str
    beside: str = ""
    channel: int = 0


@dataclass(frozen=True)
class TwinOptions:
    """The description of a twin bench.

    `instruments` holds each instrument's driver by its name. `firmware` is the build of the DUT's firmware
    ("energy" or "performance"). `dut_baud` is the speed of the DUT's UART, `line_baud` the speed that the host (or
    the IO manager) uses, which a test may set wrong. With `emulated`, both boards run their real firmware in
    emulators, and `model_path` is the network built into the DUT's firmware. `load` is a resistor in the place of
    the DUT. `fed_v` is the voltage of a supply outside the bench, which is always on; 0 where an instrument of the
    bench feeds the DUT. `rails` says which instruments are on further rails, or further channels of a mainframe.
    `outputs` is the number of the output on which the DUT hangs, for each instrument that has several.
    Another `repeat` means the same instruments and other noise.
    """

    instruments: dict[str, DriverSpec] = field(default_factory=dict)
    network: str = "kws01"
    firmware: str = "energy"
    seed: int = 0
    repeat: int = 0
    ideal: bool = False
    noise: bool = True
    dut_baud: int = 9600
    line_baud: int | None = None
    model_string: str | None = None
    model_path: Path | None = None
    start_ns: int = 0
    emulated: bool = False
    load: LoadOptions | None = None
    fed_v: float = 0.0
    rails: dict[str, TwinRail] = field(default_factory=dict)
    outputs: dict[str, int] = field(default_factory=dict)


class Twin(Protocol):
    """A twin with a cable to the host."""

    @property
    def port(self) -> HostPort:
        """Return the twin's end of the cable."""


# Builds the twin of an instrument that is wired to the DUT's UART; called with its driver and its name.
Wired = Callable[[DriverSpec, str], Twin]


@dataclass
class TwinBench:
    """The twins by the names of their instruments, with the world and the clock that they share."""

    clock: VirtualClock
    world: World
    dut: DutTwin
    twins: dict[str, Any]

    def ports(self) -> dict[str, HostPort]:
        """Return the twins' ends of the cables, by the names of the instruments."""
        return {name: twin.port for name, twin in self.twins.items()}


def build_twin_bench(options: TwinOptions) -> TwinBench:
    """Return a twin bench; the same options give the same bench, byte for byte.

    Raises `Unavailable` for a driver without a twin.
    """
    for spec in options.instruments.values():
        if spec.twin is None:
            raise Unavailable(f"build a twin of '{spec.name}'", "its driver has none", "use a driver with a twin")
    clock = VirtualClock()
    clock.advance_to(options.start_ns)
    world = World(clock, options.seed, ideal=options.ideal, repeat=options.repeat)
    if options.load is not None:
        dut, wired = _loaded(world, options, options.load)
    else:
        dut, wired = _emulated(world, options) if options.emulated else _simulated(world, options)
    # Twins wired to the UART are built first, then the others: the world calls its listeners in this order.
    on_uart = {name: spec for name, spec in options.instruments.items() if "dut" in spec.roles}
    twins = {name: wired(spec, name) for name, spec in on_uart.items()}
    others = {name: spec for name, spec in options.instruments.items() if name not in twins}
    rails = {"": world}
    for name, spec in others.items():
        on = options.rails.get(name, TwinRail(""))
        if on.rail not in rails:
            rails[on.rail] = world.rail(on.rail, RAIL_SHARE)
        twin = _twin(spec, name, on, rails[on.rail], twins)
        output = on.channel or options.outputs.get(name, 0)
        if output and not on.beside:
            twin.feeds(output)
        twins[name] = twin
    if options.fed_v:
        world.set_supply(True, options.fed_v)
    return TwinBench(clock, world, dut, {name: twins[name] for name in options.instruments})


def _twin(spec: DriverSpec, name: str, on: TwinRail, world: World, twins: dict[str, Any]) -> Any:
    """Return the twin of an instrument on its rail, whose `world` it sees."""
    if on.beside:
        return twins[on.beside].another(world, name, on.channel)
    return spec.build_twin(world, name)


def _loaded(world: World, options: TwinOptions, load: LoadOptions) -> tuple[DutTwin, Wired]:
    resistor = VirtualLoad(world, load)
    return resistor, lambda spec, name: spec.build_twin(world, name, resistor, options.dut_baud)


def _simulated(world: World, options: TwinOptions) -> tuple[DutTwin, Wired]:
    network = load_network(options.network)
    classifier = (
        TfliteClassifier(options.model_path, network.model)
        if options.model_path is not None
        else TableClassifier(network.outputs)
    )
    settings = DutOptions(
        mode=options.firmware, baud=options.dut_baud, model=options.model_string, noise=options.noise
    )
    dut = VirtualDut(world, network, settings, classifier)
    line_baud = options.line_baud or options.dut_baud
    return dut, lambda spec, name: spec.build_twin(world, name, dut, line_baud)


def _emulated(world: World, options: TwinOptions) -> tuple[DutTwin, Wired]:
    from instruments.twin_bench.cosim.bench import build_boards

    boards = build_boards(
        world,
        benchmark=options.network,
        firmware=options.firmware,
        network=options.model_path,
        dut_baud=options.dut_baud,
        line_baud=options.line_baud or options.dut_baud,
        model_string=options.model_string,
    )
    emulated: dict[str, Twin] = {"io-manager": boards.io_manager, "dut-port": boards.direct}

    def wired(spec: DriverSpec, name: str) -> Twin:
        if spec.name not in emulated:
            raise Unavailable(
                f"emulate '{spec.name}'", "there is no firmware for it", f"one of {', '.join(emulated)}"
            )
        return emulated[spec.name]

    return boards.dut, wired
