"""Put a whole twin bench together: one world, one DUT, an IO manager and a power monitor."""

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol

from instruments.clock import VirtualClock
from instruments.devices.dut.twin import DutOptions, VirtualDut
from instruments.devices.dut.twin_classifier import TableClassifier, TfliteClassifier
from instruments.devices.dut.twin_profile import load_network
from instruments.devices.io_manager.twin import VirtualIoManager
from instruments.errors import Unavailable
from instruments.twin_bench.serial_line import VirtualSerialLine
from instruments.world.cable import HostPort
from instruments.world.phase_marks import PhaseMarks
from instruments.world.world import World

# The twin of each monitor driver, by the driver's name: module and class, loaded on use.
MONITOR_TWINS = {
    "lpm01a": ("instruments.devices.lpm01a.twin", "VirtualLpm01a"),
    "n6705": ("instruments.devices.n6705.twin", "VirtualN6705"),
    "ideal": ("instruments.devices.ideal.twin", "VirtualIdeal"),
}


@dataclass(frozen=True)
class TwinOptions:
    """What a twin bench is made of.

    `firmware` is how the DUT's firmware was built ("energy" or "performance"); `dut_baud` its UART's speed;
    `line_baud` the speed the host (or the IO manager) uses, which a test may set wrong. With `emulated`, both
    boards run their real firmware in emulators, and `model_path` is the network that is built into the DUT's.
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
    emulated: bool = False


class TwinDut(Protocol):
    """What a bench tells of its DUT, imitated or emulated."""

    @property
    def answers_from(self) -> str:
        """Return in words where its results come from."""

    def take_marks(self) -> PhaseMarks | None:
        """Return where the layers of the last finished window began, once; None if nobody can know."""


class TwinBox(Protocol):
    """A box with a cable to the host."""

    @property
    def port(self) -> HostPort:
        """Return the twin's end of the cable."""


@dataclass
class TwinBench:
    """The twins and the host's ends of their cables."""

    clock: VirtualClock
    world: World
    dut: TwinDut
    io_manager: TwinBox
    direct: TwinBox
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
    dut, io_manager, direct = _emulated(world, options) if options.emulated else _imitated(world, options)
    module, name = MONITOR_TWINS[options.monitor]
    twin: Callable[[World], Any] = getattr(import_module(module), name)
    return TwinBench(clock, world, dut, io_manager, direct, monitor=twin(world))


def _imitated(world: World, options: TwinOptions) -> tuple[TwinDut, TwinBox, TwinBox]:
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
    return dut, VirtualIoManager(world, dut, line_baud), VirtualSerialLine(world, dut, line_baud)


def _emulated(world: World, options: TwinOptions) -> tuple[TwinDut, TwinBox, TwinBox]:
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
    return boards.dut, boards.io_manager, boards.direct
