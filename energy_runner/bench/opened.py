"""From a bench file to drivers on ports. Nothing is opened here: constructing is pure, the director does I/O."""

from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from energy_runner.bench import brief
from energy_runner.bench.spec import VIRTUAL_PORT, BenchSpec, Mode, MonitorSpec, meant
from energy_runner.benchmarks.catalogue import is_demo, load_benchmark
from energy_runner.benchmarks.places import packaged_network
from energy_runner.errors import ConfigurationError
from instruments.clock import Clock, RealClock
from instruments.devices.dut.driver import Dut
from instruments.devices.dut.port import DirectDutPort, DutPort
from instruments.devices.io_manager.driver import IoManager
from instruments.errors import InstrumentError
from instruments.links.base import ScpiPort, Transport
from instruments.links.tap import Direction, TappedScpiPort, TappedTransport
from instruments.registry import MonitorDriver, broken_drivers, drivers
from instruments.roles import MonitorSettings, PowerMonitor
from instruments.twin_bench.bench import TwinBench, TwinOptions, build_twin_bench
from instruments.world.cable import CableTransport

# Called with box ("monitor", "io-manager", "dut"), direction ("tx", "rx") and bytes.
ByteListener = Callable[[str, Direction, bytes], None]
# Tests put themselves between driver and port with this: (box, transport) -> transport.
Wrap = Callable[[str, Transport], Transport]

# How the fault switches and the twins' ports call the boxes of a bench.
TWIN_PORTS = {"monitor": "monitor", "io-manager": "io", "dut": "dut"}


@dataclass(repr=False)
class Bench:
    """Drivers of one bench, not yet opened; `twin` is the world behind them on a virtual bench."""

    spec: BenchSpec
    clock: Clock
    dut: Dut
    io_manager: IoManager | None
    monitor: PowerMonitor | None
    settings: MonitorSettings | None
    twin: TwinBench | None
    _listeners: list[ByteListener]

    def __repr__(self) -> str:
        return brief.of_bench(self)

    def _repr_html_(self) -> str:
        return brief.html_of_spec(self.spec)

    def listen(self, listener: ByteListener) -> None:
        """Tell `listener` about every byte that is exchanged."""
        self._listeners.append(listener)

    @property
    def virtual(self) -> bool:
        """Return whether twins in this process stand for the boxes."""
        return self.twin is not None


def open_bench(
    spec: BenchSpec,
    mode: Mode = "energy",
    *,
    benchmark: str = "kws01",
    seed: int = 0,
    model: Path | None = None,
    wrap: Wrap = lambda box, transport: transport,
) -> Bench:
    """Return the bench's drivers for one mode; raise `ConfigurationError` for what the file gets wrong.

    `benchmark`, `seed` and `model` matter to twins only: what the virtual DUT runs, its instrument errors,
    and the .tflite file that answers, or that is built into the firmware of an emulated one.
    """
    way = spec.way(mode)
    if spec.monitor is not None and spec.monitor.driver != "ideal":
        _driver(spec.monitor)  # an unknown one is named before anything else can fail because of it
    if model is None and spec.is_virtual:
        model = _own_network(spec, benchmark)
    twin = _twin(spec, mode, benchmark, seed, model) if spec.is_virtual else None
    if model is not None and twin is None:
        raise ConfigurationError("--model is for virtual benches; a real DUT has its model in its firmware")
    clock: Clock = twin.clock if twin else RealClock()
    listeners: list[ByteListener] = []

    def stream(box: str, port: str, baud: int) -> Transport:
        return TappedTransport(wrap(box, _stream(box, port, baud, twin)), _tell(listeners, box))

    io_manager = None
    if spec.io_manager is not None and (way == "io-manager" or mode == "energy"):
        io_manager = IoManager(stream("io-manager", spec.io_manager.port, spec.io_manager.baud), clock)
    dut_port: DutPort
    if way == "direct" or io_manager is None:
        baud = spec.dut.energy_baud if mode == "energy" else spec.dut.baud
        dut_port = DirectDutPort(stream("dut", str(spec.dut.port), baud))
    else:
        dut_port = io_manager
    monitor = _monitor(spec.monitor, clock, stream, twin, listeners) if spec.monitor else None
    _check_monitor(spec, mode, monitor)
    return Bench(
        spec=spec,
        clock=clock,
        dut=Dut(dut_port, clock),
        io_manager=io_manager,
        monitor=monitor,
        settings=_settings(spec.monitor) if spec.monitor else None,
        twin=twin,
        _listeners=listeners,
    )


def _check_monitor(spec: BenchSpec, mode: Mode, monitor: PowerMonitor | None) -> None:
    """Refuse a bench that cannot do what the mode needs, before anything is opened."""
    if monitor is None or spec.monitor is None:
        if mode == "energy":
            raise ConfigurationError(f"bench '{spec.name}' has no [monitor]; energy mode needs a power monitor")
        return
    can = monitor.capabilities
    if not can.voltage_min_v <= spec.monitor.voltage_v <= can.voltage_max_v:
        raise ConfigurationError(
            f"bench '{spec.name}': monitor.voltage_v = {spec.monitor.voltage_v:g} is outside what "
            f"{spec.monitor.driver} can supply ({can.voltage_min_v:g} to {can.voltage_max_v:g} V)"
        )
    sees_laps = spec.io_manager is not None and spec.io_manager.timestamps
    if mode == "energy" and not can.captures_edges and not sees_laps:
        raise ConfigurationError(
            f"bench '{spec.name}': {spec.monitor.driver} cannot see the timestamp pin's edges, so energy mode "
            "needs an [io_manager] with timestamps = true, its D3 wired to that pin"
        )


def _settings(monitor: MonitorSpec) -> MonitorSettings:
    return MonitorSettings(monitor.voltage_v, monitor.sample_rate_hz, monitor.current_limit_a)


def _tell(listeners: list[ByteListener], box: str) -> Callable[[Direction, bytes], None]:
    def told(direction: Direction, data: bytes) -> None:
        for listener in listeners:
            listener(box, direction, data)

    return told


def _stream(box: str, port: str, baud: int, twin: TwinBench | None) -> Transport:
    if twin is not None:
        return CableTransport(f"{box} on the virtual bench", twin.clock, twin.ports()[TWIN_PORTS[box]])
    from instruments.links.serial_port import SerialPort

    return SerialPort(box, port, baud)


def _monitor(
    spec: MonitorSpec,
    clock: Clock,
    stream: Callable[[str, str, int], Transport],
    twin: TwinBench | None,
    listeners: list[ByteListener],
) -> PowerMonitor:
    if twin is not None and spec.driver == "ideal":
        ideal: PowerMonitor = twin.monitor
        return ideal
    driver = _driver(spec)
    port = (
        stream("monitor", spec.port, driver.baud)
        if driver.way == "stream"
        else _scpi(spec.port, stream, _tell(listeners, "monitor"))
    )
    try:
        return driver.build(port, clock, spec.options)
    except TypeError as error:
        raise ConfigurationError(f"monitor.options: {error}") from error


def _driver(spec: MonitorSpec) -> MonitorDriver:
    known = drivers()
    if spec.driver not in known:
        broken = broken_drivers().get(spec.driver)
        why = (
            f"{broken}. Try: update or remove that package"
            if broken
            else f"is unknown{meant(spec.driver, known)} (known: {', '.join(sorted(known))}). "
            "Try: one of them, or a driver of your own (docs/how-to/write-a-driver.md)"
        )
        raise ConfigurationError(f"monitor.driver: '{spec.driver}' {why}")
    return known[spec.driver]


def _scpi(
    port: str, stream: Callable[[str, str, int], Transport], told: Callable[[Direction, bytes], None]
) -> ScpiPort:
    from instruments.links.stream_scpi import StreamScpiPort

    if port == VIRTUAL_PORT:
        return StreamScpiPort(stream("monitor", port, 0))
    from instruments.links.visa import VisaPort

    return TappedScpiPort(VisaPort(port), told)


def _own_network(spec: BenchSpec, benchmark: str) -> Path | None:
    """Return the network of a demo benchmark, where the twin can run it; None where it answers from a table."""
    runs = spec.is_emulated or find_spec("ai_edge_litert") is not None
    return packaged_network(load_benchmark(benchmark)) if runs and is_demo(benchmark) else None


def _twin(spec: BenchSpec, mode: Mode, benchmark: str, seed: int, model: Path | None) -> TwinBench:
    virtual = spec.virtual
    firmware = virtual.firmware if virtual and virtual.firmware else None
    if firmware is None:
        firmware = "energy" if mode == "energy" else "performance"
    through_io = spec.way(mode) == "io-manager"
    baud = spec.dut.energy_baud if through_io or mode == "energy" else spec.dut.baud
    options = TwinOptions(
        monitor=spec.monitor.driver if spec.monitor else "ideal",
        network=benchmark,
        firmware=firmware,
        seed=seed,
        ideal=virtual.ideal if virtual else False,
        noise=virtual.noise if virtual else True,
        dut_baud=baud,
        line_baud=virtual.line_baud if virtual else None,
        model_string=virtual.model_string if virtual else None,
        model_path=model,
        start_ns=round((virtual.start_s if virtual else 0.0) * 1e9),
        emulated=virtual.emulated if virtual else False,
    )
    try:
        return build_twin_bench(options)
    except KeyError as error:
        raise ConfigurationError(f"the virtual DUT does not know the benchmark {error}") from error
    except InstrumentError as error:
        raise ConfigurationError(str(error)) from error
