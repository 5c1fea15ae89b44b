# SPDX-License-Identifier: Apache-2.0
"""Several supply rails of one DUT: which instruments feed and sample them, and their supplies as one."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from energy_runner.bench.spec import BenchSpec, InstrumentSpec
from instruments.clock import Deadline
from instruments.errors import InstrumentError
from instruments.registry import drivers
from instruments.roles import AppliedSupply, Sampler, SelfWatching, Supply, SupplySettings
from instruments.twin_bench.bench import TwinRail


def split(spec: BenchSpec, text: str) -> tuple[str, str]:
    """Return the instrument and the channel that `text` names, such as `psu:2`.

    Where rails are on channels of a mainframe, each channel is an instrument of its own, called `psu:2`: it has a
    connection of its own, and is locked, set and read by itself.
    """
    name, _, channel = text.partition(":")
    return (text, "") if channel and _is_mainframe(spec, name) else (name, channel)


def expanded(spec: BenchSpec) -> dict[str, InstrumentSpec]:
    """Return the instruments of the bench file, each channel of a mainframe that a rail uses by itself."""
    found: dict[str, InstrumentSpec] = {}
    for name, instrument in spec.instruments.items():
        used = [text for text in players_of(spec) if text.partition(":")[0] == name]
        if not _is_mainframe(spec, name):
            found[name] = instrument
            continue
        option = drivers()[instrument.driver].channel_option
        for text in dict.fromkeys(used):
            channel = text.partition(":")[2]
            options = instrument.options | ({option: int(channel)} if channel.isdigit() else {})
            found[text] = instrument.model_copy(update={"options": options})
    return found


def players_of(spec: BenchSpec) -> list[str]:
    """Return who feeds and who samples the rails, as the bench file names them, in its order."""
    return [text for rail in (spec.rails or {}).values() for text in (rail.supply, rail.sampler)]


def _is_mainframe(spec: BenchSpec, name: str) -> bool:
    """Return whether the rails name channels of an instrument whose options leave the channel open."""
    instrument = spec.instruments.get(name)
    driver = drivers().get(instrument.driver) if instrument is not None else None
    if instrument is None or driver is None or not driver.channel_option:
        return False
    channels = [text.partition(":")[2] for text in players_of(spec) if text.partition(":")[0] == name]
    return driver.channel_option not in instrument.options and any(channels)


@dataclass
class BenchRail:
    """One rail of the DUT: its supply and sampler, and who plays them; `applied` once it is set."""

    name: str
    supply: Supply
    sampler: Sampler | None
    settings: SupplySettings
    fed_by: str
    sampled_by: str
    applied: AppliedSupply | None = None


@dataclass(frozen=True)
class Sampled:
    """A rail with its sampler, and the instruments that sample and feed it; "" for the only rail of a DUT."""

    rail: str
    sampler: Sampler
    by: str
    fed_by: str


class RailsSupply:
    """The supplies of all rails as one: on in the order of the bench file, off in reverse, each confirmed.

    `switched(rail, on)` is called for each rail that has confirmed it.
    """

    def __init__(self, rails: Sequence[BenchRail]) -> None:
        self._rails = tuple(rails)
        self.limits = rails[0].supply.limits
        self.switched: Callable[[str, bool], object] = lambda rail, on: None

    def configure(self, settings: SupplySettings, deadline: Deadline) -> AppliedSupply:
        """Set each rail as the bench file says; return what the first one reports."""
        for rail in self._rails:
            rail.applied = rail.supply.configure(rail.settings, deadline)
        first = self._rails[0].applied
        assert first is not None  # noqa: S101 - set above
        return first

    def on(self, deadline: Deadline) -> None:
        """Switch the rails on, one after the other; the first that does not confirm it ends this."""
        for rail in self._rails:
            rail.supply.on(deadline)
            self.switched(rail.name, True)

    def off(self, deadline: Deadline) -> None:
        """Switch all rails off, the last one first; raise the first error when every one was tried."""
        trouble: InstrumentError | None = None
        for left, rail in zip(range(len(self._rails), 0, -1), reversed(self._rails), strict=True):
            try:
                rail.supply.off(deadline.at_most(deadline.remaining_s() / left))
            except InstrumentError as error:
                trouble = trouble or type(error)(f"{error.asked} (rail {rail.name})", error.came, error.try_this)
            else:
                self.switched(rail.name, False)
        if trouble is not None:
            raise trouble

    def measured_voltage_v(self, deadline: Deadline) -> float | None:
        """Return the voltage at the first rail."""
        return self._rails[0].supply.measured_voltage_v(deadline)

    def keep_alive(self, deadline: Deadline) -> None:
        """Say to each rail's supply that it is still wanted."""
        for rail in self._rails:
            if isinstance(rail.supply, SelfWatching):
                rail.supply.keep_alive(deadline)


def twin_outputs(instruments: Mapping[str, InstrumentSpec]) -> dict[str, int]:
    """Return the output on which the DUT hangs, for each instrument that has several."""
    outputs = {name: drivers()[one.driver].feeding_output(one.options) for name, one in instruments.items()}
    return {name: output for name, output in outputs.items() if output}


def twin_rails(spec: BenchSpec) -> dict[str, TwinRail]:
    """Return which twins are on a further rail than the first one, or on a channel of one mainframe."""
    found: dict[str, TwinRail] = {}
    mainframes: dict[str, str] = {}
    for number, (name, rail) in enumerate((spec.rails or {}).items()):
        for text in (rail.supply, rail.sampler):
            instrument, _ = split(spec, text)
            base, _, channel = text.partition(":")
            if instrument in found:
                continue
            beside = mainframes.get(base, "") if instrument == text else ""
            mainframes.setdefault(base, instrument)
            own = int(channel) if instrument == text and channel.isdigit() else 0
            found[instrument] = TwinRail(name if number else "", beside, own)
    return found
