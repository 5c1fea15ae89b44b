# SPDX-License-Identifier: Apache-2.0
"""Refuse settings of a bench file that its instruments cannot take, before any of them is opened."""

from typing import TYPE_CHECKING

from energy_runner.bench.spec import BenchSpec
from energy_runner.errors import ConfigurationError
from instruments.errors import Refused
from instruments.roles import SupplyLimits, SupplySettings

if TYPE_CHECKING:
    from energy_runner.bench.build import Bench


def check_limits(bench: "Bench") -> None:
    """Raise `ConfigurationError` for a voltage, current limit, sample rate or edges that the bench cannot have."""
    spec, players, settings = bench.spec, bench.players, bench.supply_settings
    if bench.supply is not None and settings is None:
        raise ConfigurationError(f"bench '{spec.name}': [supply] with voltage_v is missing")
    for rail in bench.rails:
        driver = players.instruments[rail.fed_by].driver
        _check_voltage(rail.supply.limits, rail.settings, spec, f"rails.{rail.name}", driver)
        _check_current(
            rail.settings, rail.supply.limits, _at(spec, f"rails.{rail.name}", "current_limit_a"), driver
        )
    if bench.supply is not None and settings is not None and not bench.rails:
        limits = bench.supply.limits
        key = "monitor" if spec.monitor is not None else "supply"
        driver = players.instruments[players.supply.instrument].driver if players.supply else ""
        _check_voltage(limits, settings, spec, key, driver)
        _check_current(settings, limits, _at(spec, key, "current_limit_a"), driver)
    _check_rates(bench)
    in_samples = bench.edges is not None and bench.edges.timebase == "samples"
    if in_samples and bench.rails:
        raise ConfigurationError(
            f"bench '{spec.name}': roles.edges = '{players.edges}' captures edges among the samples of one rail, "
            "and each rail has a timebase of its own. Try: edges from an IO manager"
        )
    if in_samples and players.edges and players.sampler and players.edges.instrument != players.sampler.instrument:
        raise ConfigurationError(
            f"bench '{spec.name}': roles.edges = '{players.edges}' captures edges among its own samples, but "
            f"the sampler is '{players.sampler}'; let one instrument do both, or take edges from an IO manager"
        )


def _at(spec: BenchSpec, table: str, key: str) -> str:
    """Return a key with its file and line, or with the bench's name where no file is known."""
    where = spec.origin.at((*table.split("."), key)) if spec.origin.where else f"bench '{spec.name}'"
    return f"{where}: {table}.{key}"


def _check_voltage(
    limits: SupplyLimits, settings: SupplySettings, spec: BenchSpec, table: str, driver: str
) -> None:
    """Refuse a voltage that the supply cannot have."""
    if not limits.voltage_min_v <= settings.voltage_v <= limits.voltage_max_v:
        raise ConfigurationError(
            f"{_at(spec, table, 'voltage_v')} = {settings.voltage_v:g} is outside what {driver} can supply. "
            f"Try: {limits.voltage_min_v:g} to {limits.voltage_max_v:g} V, or another supply"
        )


def _check_current(settings: SupplySettings, limits: SupplyLimits, key: str, driver: str) -> None:
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
