"""Put a whole twin bench together: one world, one DUT, an IO manager and a power monitor."""

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from instruments.clock import VirtualClock
from instruments.errors import Unavailable
from instruments.virtual.cable import HostPort
from instruments.virtual.classifier import TableClassifier, TfliteClassifier
from instruments.virtual.dut import DutOptions, VirtualDut
from instruments.virtual.dut_profile import load_network
from instruments.virtual.io_manager import VirtualIoManager
from instruments.virtual.serial_line import VirtualSerialLine
from instruments.virtual.world import World

# The twin of each monitor driver, by the driver's name: module and class, loaded on use.
MONITOR_TWINS = {
    "lpm01a": ("instruments.virtual.lpm01a", "VirtualLpm01a"),
    "n6705": ("instruments.virtual.n6705", "VirtualN6705"),
    "ideal": ("instruments.virtual.ideal", "VirtualIdeal"),
}


@dataclass(frozen=True)
class TwinOptions:
    """What a twin bench is made of.

    `firmware` is how the DUT's firmware was built ("energy" or "performance"); `dut_baud` its UART's speed;
    `line_baud` the speed the host (or the IO manager) uses, which a test may set wrong.
    """

    monitor: str
    network: str = "kws01"
    firmware: str = "energy"
    seed: int = 0
    ideal: bool = False
    noise: bool = True
    dut_baud: int = 9600
    line_baud: int | None = None
    model_string: str | None = None
    model_path: Path | None = None
    start_ns: int = 0


@dataclass
class TwinBench:
    """The twins and the host's ends of their cables."""

    clock: VirtualClock
    world: World
    dut: VirtualDut
    io_manager: VirtualIoManager
    direct: VirtualSerialLine
    monitor: Any

    def ports(self) -> dict[str, HostPort]:
        """Return the host-side ports by box name: "monitor", "io", "dut"."""
        return {"monitor": self.monitor.port, "io": self.io_manager.port, "dut": self.direct.port}


def build_twin_bench(options: TwinOptions) -> TwinBench:
    """Return a twin bench; the same options give the same bench, byte for byte."""
    if options.monitor not in MONITOR_TWINS:
        raise Unavailable(
            f"build a twin of '{options.monitor}'", "there is none", f"one of {', '.join(MONITOR_TWINS)}"
        )
    clock = VirtualClock()
    clock.advance_to(options.start_ns)
    world = World(clock, options.seed, ideal=options.ideal)
    network = load_network(options.network)
    classifier = (
        TfliteClassifier(options.model_path, network.model)
        if options.model_path is not None
        else TableClassifier(network.outputs)
    )
    dut = VirtualDut(
        world,
        network,
        DutOptions(
            mode=options.firmware,
            baud=options.dut_baud,
            model=options.model_string,
            noise=options.noise,
        ),
        classifier,
    )
    line_baud = options.line_baud or options.dut_baud
    module, name = MONITOR_TWINS[options.monitor]
    twin: Callable[[World], Any] = getattr(import_module(module), name)
    return TwinBench(
        clock=clock,
        world=world,
        dut=dut,
        io_manager=VirtualIoManager(world, dut, line_baud),
        direct=VirtualSerialLine(world, dut, line_baud),
        monitor=twin(world),
    )
