# SPDX-License-Identifier: Apache-2.0
"""Refuse settings of a bench file that its instruments cannot take, before any of them is opened."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from energy_runner.bench.spec import BenchSpec
from energy_runner.errors import ConfigurationError
from instruments.errors import Refused
from instruments.roles import SupplyLimits, SupplySettings

if TYPE_CHECKING:
    from energy_runner.bench.build import Bench


def check_limits(bench: "Bench") -> None:
    """Raise `ConfigurationError` for a voltage, current limit, sample rate or edges that the bench cannot have."""
    if bench.supply is not None and bench.supply_settings is None:
        raise ConfigurationError(f"bench '{bench.spec.name}': [supply] with voltage_v is missing")
    for table, limits, settings, driver in _fed(bench):
        _check_voltage(limits, settings, _at(bench.spec, table, "voltage_v"), driver)
        _check_current(limits, settings, _at(bench.spec, table, "current_limit_a"), driver)
    _check_rates(bench)
    _check_edges(bench)


def _fed(bench: "Bench") -> Iterator[tuple[str, SupplyLimits, SupplySettings, str]]:
    """Yield for each supply its table in the bench file, what it can be set to, what is set, and its driver."""
    spec, instruments = bench.spec, bench.players.instruments
    for rail in bench.rails:
        yield f"rails.{rail.name}", rail.supply.limits, rail.settings, instruments[rail.fed_by].driver
    player = bench.players.supply
    if bench.supply is not None and bench.supply_settings is not None and not bench.rails:
        table = "monitor" if spec.monitor is not None else "supply"
        driver = instruments[player.instrument].driver if player else ""
        yield table, bench.supply.limits, bench.supply_settings, driver


def _at(spec: BenchSpec, table: str, key: str) -> str:
    """Return a key with its file and line, or with the bench's name where no file is known."""
    where = spec.origin.at((*table.split("."), key)) if spec.origin.where else f"bench '{spec.name}'"
    return f"{where}: {table}.{key}"


def _check_voltage(limits: SupplyLimits, settings: SupplySettings, key: str, driver: str) -> None:
    """Refuse a voltage that the supply cannot have."""
    if not limits.voltage_min_v <= settings.voltage_v <= limits.voltage_max_v:
        raise ConfigurationError(
            f"{key} = {settings.voltage_v:g} is outside what {driver} can supply. "
            f"Try: {limits.voltage_min_v:g} to {limits.voltage_max_v:g} V, or another supply"
        )


def _check_current(limits: SupplyLimits, settings: SupplySettings, key: str, driver: str) -> None:
    """Refuse a current limit that the supply cannot have."""
    limit_a = settings.current_limit_a
    if limit_a is None:
        return
    if limits.current_max_a is None:
        raise ConfigurationError(f"{key} = {limit_a:g}: {driver} has no current limit to set. Try: leave it out")
    if limit_a > limits.current_max_a:
        raise ConfigurationError(
            f"{key} = {limit_a:g} is above what {driver} takes. Try: at most {limits.current_max_a:g} A"
        )


def _check_rates(bench: "Bench") -> None:
    """Refuse a sample rate that a sampler of the bench does not have."""
    for one in bench.sampled():
        rates, driver = bench.instruments[one.by].rates, bench.players.instruments[one.by].driver
        if rates is None:
            continue
        try:
            rates.checked(bench.sampling.sample_rate_hz)
        except Refused as error:
            key = "monitor" if bench.spec.monitor is not None else "sampler"
            raise ConfigurationError(
                f"{_at(bench.spec, key, 'sample_rate_hz')} = {bench.sampling.sample_rate_hz:g}: "
                f"{driver} has no such rate. Try: {error.try_this}"
            ) from error


def _check_edges(bench: "Bench") -> None:
    """Refuse edges among the samples of another instrument than the sampler, or of one rail of several."""
    name, players = bench.spec.name, bench.players
    if bench.edges is None or bench.edges.timebase != "samples":
        return
    if bench.rails:
        raise ConfigurationError(
            f"bench '{name}': roles.edges = '{players.edges}' captures edges among the samples of one rail, "
            "and each rail has a timebase of its own. Try: edges from an IO manager"
        )
    if players.edges and players.sampler and players.edges.instrument != players.sampler.instrument:
        raise ConfigurationError(
            f"bench '{name}': roles.edges = '{players.edges}' captures edges among its own samples, but "
            f"the sampler is '{players.sampler}'; let one instrument do both, or take edges from an IO manager"
        )
