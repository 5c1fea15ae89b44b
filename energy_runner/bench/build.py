# SPDX-License-Identifier: Apache-2.0
"""Build the instruments of a bench file, on their links. Nothing is opened here: the director does the I/O."""

from collections.abc import Callable
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from energy_runner.bench.instrument_checks import options_of
from energy_runner.bench.limits import check_limits
from energy_runner.bench.rails import BenchRail, RailsSupply, Sampled, twin_outputs, twin_rails
from energy_runner.bench.spec import BenchSpec, InstrumentSpec, Mode
from energy_runner.bench.wiring import DUT_PORT, Player, Wiring, driver_of, instruments_of, wiring
from energy_runner.benchmarks.catalogue import is_demo, load_benchmark
from energy_runner.benchmarks.places import packaged_network
from energy_runner.errors import Argument, ConfigurationError
from instruments.clock import Clock, RealClock
from instruments.devices.dut.driver import Dut
from instruments.errors import InstrumentError
from instruments.links.address import AddressError
from instruments.links.base import Link
from instruments.links.make import AnyLink, LinkOptions, link_over, make_link
from instruments.links.pump import DEFAULT_CAPACITY_BYTES
from instruments.links.tap import Direction
from instruments.registry import DriverSpec
from instruments.roles import (
    EdgeSource,
    Instrument,
    Sampler,
    SamplingSettings,
    Supply,
    SupplySettings,
    Switch,
    Thermometer,
)
from instruments.twin_bench.bench import TwinBench, TwinOptions, build_twin_bench
from instruments.world.cable import CableLink
from instruments.world.library import LibraryLink, LibraryPort
from instruments.world.load import LoadOptions

# Called with the instrument's name, direction ("tx", "rx") and bytes.
ByteListener = Callable[[str, Direction, bytes], None]
# Feeds a virtual DUT that nothing in its bench feeds, where the bench file states no voltage.
UNSTATED_V = 3.0
# Lets tests step in between driver and link: (instrument's name, link) -> link.
Wrap = Callable[[str, Link], Link]


@dataclass(repr=False)
class Bench:
    """The instruments of one bench, not yet opened, and their roles; `twin` is the world behind twins.

    `players` names the instrument behind each role. `supply_settings` holds the voltage at which the DUT runs,
    also where no instrument of the bench feeds it; None where the bench file does not state it. `rails` are those
    of a DUT that has several: then `supply` is all of their supplies as one, and `sampler` that of the first.

    `switched_on` says that the supply was, or may have been, switched on over this bench; `off_confirmed` that it
    is known to be off. Whoever switches keeps both up to date. `unwatched` says why no watchdog would switch it
    off if this process were killed; "" if one would, or where none is needed. `watch_again` starts another in
    place of one that has ended, and returns what is to be said of it.
    """

    spec: BenchSpec
    clock: Clock
    instruments: dict[str, Instrument]
    players: Wiring
    dut: Dut
    supply: Supply | None = None
    sampler: Sampler | None = None
    edges: EdgeSource | None = None
    cross_check: EdgeSource | None = None
    thermometer: Thermometer | None = None
    switch: Switch | None = None
    supply_settings: SupplySettings | None = None
    sampling: SamplingSettings = field(default_factory=SamplingSettings)
    twin: TwinBench | None = None
    rails: tuple[BenchRail, ...] = ()
    switched_on: bool = False
    off_confirmed: bool = False
    unwatched: Callable[[], str] = lambda: ""
    watch_again: Callable[[], str] = lambda: ""
    _listeners: list[ByteListener] = field(default_factory=list)

    def __repr__(self) -> str:
        return self.spec.brief("Bench")

    def _repr_html_(self) -> str:
        return self.spec._repr_html_()

    def listen(self, listener: ByteListener) -> None:
        """Call `listener` with all bytes that are exchanged."""
        self._listeners.append(listener)

    def feeding(self) -> list[tuple[Instrument, Supply]]:
        """Return the instruments that feed the DUT with their supplies, one for each rail."""
        if self.rails:
            return [(self.instruments[rail.fed_by], rail.supply) for rail in self.rails]
        player = self.players.supply
        found = player is not None and self.supply is not None
        return [(self.instruments[player.instrument], self.supply)] if found and player and self.supply else []

    def sampled(self) -> list[Sampled]:
        """Return what is sampled: each rail of a DUT that has several, or one without a name."""
        if self.rails:
            return [
                Sampled(one.name, one.sampler, one.sampled_by, one.fed_by) for one in self.rails if one.sampler
            ]
        by, supply = self.players.sampler, self.players.supply
        if self.sampler is None or by is None:
            return []
        return [Sampled("", self.sampler, by.instrument, supply.instrument if supply else "")]

    @property
    def virtual(self) -> bool:
        """Return whether twins in this process stand for the instruments."""
        return self.twin is not None


def build_bench(
    spec: BenchSpec,
    mode: Mode = "energy",
    *,
    benchmark: str = "kws01",
    seed: int = 0,
    model: Path | None = None,
    wrap: Wrap = lambda name, link: link,
) -> Bench:
    """Return the bench for one mode; raise `ConfigurationError` for mistakes in its description.

    `benchmark`, `seed` and `model` matter to twins only: what the virtual DUT runs, the errors of the instruments,
    and the .tflite file that gives the answers, or that is built into the firmware of an emulated DUT.
    """
    players = wiring(spec, mode)
    if model is None and spec.is_virtual:
        model = _own_network(spec, benchmark)
    twin = _twin(spec, mode, players, benchmark=benchmark, seed=seed, model=model) if spec.is_virtual else None
    if model is not None and twin is None:
        raise ConfigurationError(
            Argument("model"), " is for virtual benches; a real DUT has its model in its firmware"
        )
    clock: Clock = twin.clock if twin else RealClock()
    builder = _Builder(spec, mode, clock, twin, wrap, players)
    built = {name: builder.instrument(name, one) for name, one in players.instruments.items()}
    rails = tuple(_rail(spec, mode, name, pair, built) for name, pair in players.rails.items())
    bench = Bench(
        spec=spec,
        clock=clock,
        instruments=built,
        players=players,
        dut=Dut(built[players.dut.instrument].dut_link(players.dut.channel), clock),
        supply=RailsSupply(rails) if rails else _role(built, players.supply, "supply"),
        sampler=_role(built, players.sampler, "sampler"),
        edges=_role(built, players.edges, "edges"),
        cross_check=_role(built, players.cross_check, "edges"),
        thermometer=_role(built, players.thermometer, "thermometer"),
        switch=_role(built, players.switch, "switch"),
        supply_settings=_supply_settings(spec),
        sampling=_sampling(spec),
        twin=twin,
        rails=rails,
        _listeners=builder.listeners,
    )
    check_limits(bench)
    return bench


def _role(built: dict[str, Instrument], player: Player | None, role: str) -> Any:
    return getattr(built[player.instrument], role)(player.channel) if player is not None else None


def _rail(
    spec: BenchSpec, mode: Mode, name: str, pair: tuple[Player, Player], built: dict[str, Instrument]
) -> BenchRail:
    """Return one of several rails, with its supply and, to measure energy, its sampler."""
    table = (spec.rails or {})[name]
    supply, sampler = pair
    return BenchRail(
        name=name,
        supply=_role(built, supply, "supply"),
        sampler=_role(built, sampler, "sampler") if mode == "energy" else None,
        settings=SupplySettings(table.voltage_v, table.current_limit_a),
        fed_by=supply.instrument,
        sampled_by=sampler.instrument,
    )


def _supply_settings(spec: BenchSpec) -> SupplySettings | None:
    table = spec.supply or spec.monitor or next(iter((spec.rails or {}).values()), None)
    return SupplySettings(table.voltage_v, table.current_limit_a) if table is not None else None


def _sampling(spec: BenchSpec) -> SamplingSettings:
    table = spec.sampler or spec.monitor
    return SamplingSettings(table.sample_rate_hz if table is not None else None)


@dataclass
class _Builder:
    """Builds the instruments of one bench."""

    spec: BenchSpec
    mode: Mode
    clock: Clock
    twin: TwinBench | None
    wrap: Wrap
    players: Wiring
    listeners: list[ByteListener] = field(default_factory=list)

    def instrument(self, name: str, instrument: InstrumentSpec) -> Instrument:
        """Return the instrument called `name`, on its link."""
        driver = driver_of(name, instrument)
        options = options_of(name, driver, instrument)
        if driver.link == "none":
            if self.twin is None:
                raise ConfigurationError(
                    f'{name}: {driver.name} exists in software only; its port must be "virtual"'
                )
            own: Instrument = self.twin.twins[name]
            return own
        return driver.build(self._link(name, driver, instrument), self.clock, options)

    def _link(self, name: str, driver: DriverSpec, instrument: InstrumentSpec) -> AnyLink:
        """Return the instrument's link with a tap on it; the stream of a sampler is read by a pump."""
        sampler = self.players.sampler
        samplers = {one.instrument for _, one in self.players.rails.values()}
        samplers |= {sampler.instrument} if sampler is not None else set()
        options = LinkOptions(
            baud=self._baud(name, driver, instrument),
            other_bauds=driver.other_bauds if instrument.baud is None else (),
            dtr=instrument.dtr,
            rts=instrument.rts,
            backend=instrument.backend or "",
            pump_bytes=DEFAULT_CAPACITY_BYTES if name in samplers else 0,
            listener=self._tap(name),
            around=lambda link: self.wrap(name, link),
        )
        if self.twin is None:
            try:
                return make_link(driver.link, instrument.port, name, self.clock, options)
            except AddressError as error:
                raise ConfigurationError(f"{name}.port: {error}") from error
        port, called = self.twin.ports()[name], f"{name} on the virtual bench"
        if isinstance(port, LibraryPort):
            clock, listener = self.twin.clock, options.listener
            return LibraryLink(called, clock, port, around=options.around, listener=listener)
        cable = CableLink(called, self.twin.clock, port, dtr=instrument.dtr is not False)
        return link_over("scpi" if driver.link == "scpi" else "stream", cable, self.clock, options)

    def _baud(self, name: str, driver: DriverSpec, instrument: InstrumentSpec) -> int:
        if name == DUT_PORT:
            return self.spec.dut.energy_baud if self.mode == "energy" else self.spec.dut.baud
        return instrument.baud or driver.baud

    def _tap(self, name: str) -> Callable[[Direction, bytes], None]:
        def passed(direction: Direction, data: bytes) -> None:
            for listener in self.listeners:
                listener(name, direction, data)

        return passed


def _own_network(spec: BenchSpec, benchmark: str) -> Path | None:
    """Return the network of a demo benchmark, where the twin can run it; None where it answers from a table."""
    runs = spec.is_emulated or find_spec("ai_edge_litert") is not None
    return packaged_network(load_benchmark(benchmark)) if runs and is_demo(benchmark) else None


def _fed_from_outside_v(spec: BenchSpec) -> float:
    settings = _supply_settings(spec)
    return settings.voltage_v if settings is not None else UNSTATED_V


def _twin(
    spec: BenchSpec, mode: Mode, players: Wiring, *, benchmark: str, seed: int, model: Path | None
) -> TwinBench:
    virtual = spec.virtual
    firmware = virtual.firmware if virtual and virtual.firmware else None
    if firmware is None:
        firmware = "energy" if mode == "energy" else "performance"
    relayed = players.dut.instrument != DUT_PORT
    baud = spec.dut.energy_baud if relayed or mode == "energy" else spec.dut.baud
    options = TwinOptions(
        instruments={name: driver_of(name, one) for name, one in instruments_of(spec).items()},
        network=benchmark,
        firmware=firmware,
        seed=seed,
        repeat=virtual.repeat if virtual else 0,
        ideal=virtual.ideal if virtual else False,
        noise=virtual.noise if virtual else True,
        dut_baud=baud,
        line_baud=virtual.line_baud if virtual else None,
        model_string=virtual.model_string if virtual else None,
        model_path=model,
        start_ns=round((virtual.start_s if virtual else 0.0) * 1e9),
        emulated=virtual.emulated if virtual else False,
        rails=twin_rails(spec),
        outputs=twin_outputs(instruments_of(spec)),
        fed_v=_fed_from_outside_v(spec) if players.supply is None else 0.0,
        load=LoadOptions(virtual.load_ohm, virtual.load_pulse_s, virtual.load_period_s)
        if virtual and virtual.load_ohm is not None
        else None,
    )
    try:
        return build_twin_bench(options)
    except KeyError as error:
        raise ConfigurationError(f"the virtual DUT does not know the benchmark {error}") from error
    except InstrumentError as error:
        raise ConfigurationError(str(error)) from error
