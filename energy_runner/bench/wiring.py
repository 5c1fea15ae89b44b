# SPDX-License-Identifier: Apache-2.0
"""Derive the instruments of a bench file and the roles they play.

The short form of a bench file (`[monitor]`, `[io_manager]`, `dut.port`) is expanded into the long form here, so
that no other part needs to know it.
"""

import re
from collections.abc import Sequence

from energy_runner.bench.instrument_checks import check_server, driver_of_model, options_of
from energy_runner.bench.occupied import Occupied, channel_of, occupied_by
from energy_runner.bench.players import DUT_PORT, IO_MANAGER, MONITOR, Player, Wiring, WiringError
from energy_runner.bench.rails import check_channels, expanded, players_of, split
from energy_runner.bench.spec import VIRTUAL_PORT, BenchSpec, InstrumentSpec, Mode
from energy_runner.bench.words import meant
from energy_runner.errors import ConfigurationError
from energy_runner.wording import shown
from instruments.links.address import AddressError
from instruments.registry import DriverSpec, broken_drivers, drivers
from instruments.roles import RoleName

__all__ = [
    "DUT_PORT",
    "IO_MANAGER",
    "MONITOR",
    "Player",
    "Wiring",
    "WiringError",
    "check_roles",
    "driver_of",
    "instruments_of",
    "roles_of",
    "wiring",
]
HOW_TO = "docs/how-to/write-a-driver.md"
# What an instrument must offer to play a role of the bench file.
NEEDED: dict[str, RoleName] = {
    "supply": "supply",
    "sampler": "sampler",
    "edges": "edges",
    "cross_check": "edges",
    "dut": "dut",
    "thermometer": "thermometer",
    "switch": "switch",
}


ROLES = ("supply", "sampler", "edges", "cross_check", "thermometer", "switch")


def instruments_of(spec: BenchSpec) -> dict[str, InstrumentSpec]:
    """Return every instrument of the bench file by name, including those of the short form."""
    found: dict[str, InstrumentSpec] = {}
    if spec.monitor is not None:
        monitor = spec.monitor
        found[MONITOR] = InstrumentSpec(
            driver=monitor.driver,
            port=monitor.port,
            baud=monitor.baud,
            dtr=monitor.dtr,
            rts=monitor.rts,
            backend=monitor.backend,
            options=monitor.options,
            calibration=monitor.calibration,
            specification=monitor.specification,
        )
    found.update(expanded(spec))
    if spec.io_manager is not None:
        uno = spec.io_manager
        found[IO_MANAGER] = InstrumentSpec(
            driver="io-manager", port=uno.port, baud=uno.baud, dtr=uno.dtr, rts=uno.rts
        )
    if spec.dut.port is not None:
        found[DUT_PORT] = InstrumentSpec(driver="dut-port", port=spec.dut.port, dtr=spec.dut.dtr, rts=spec.dut.rts)
    return found


def roles_of(spec: BenchSpec) -> dict[str, Player]:
    """Return the player of each role, the relay as `dut`; roles that the short form implies are included."""
    given = {role: _player(text) for role, text in spec.roles.model_dump(exclude_none=True).items()}
    return {**_implied(spec), **given}


def _implied(spec: BenchSpec) -> dict[str, Player]:
    implied: dict[str, Player] = {}
    sees_laps = spec.io_manager is not None and spec.io_manager.timestamps
    captures = False
    if spec.monitor is not None:
        known = drivers().get(spec.monitor.driver)
        captures = known is not None and "edges" in known.plays(spec.monitor.options)
        implied = {"supply": Player(MONITOR), "sampler": Player(MONITOR)}
        if captures:
            implied["edges"] = Player(MONITOR)
    elsewhere = spec.roles.edges not in (None, IO_MANAGER)  # the file says who captures edges
    if sees_laps and not (elsewhere and spec.roles.cross_check):
        implied["cross_check" if captures or elsewhere else "edges"] = Player(IO_MANAGER)
    if spec.io_manager is not None:
        implied["dut"] = Player(IO_MANAGER)
    rails = list(rails_of(spec).values())
    if rails:
        implied |= {"supply": rails[0][0], "sampler": rails[0][1]}
    return implied


def rails_of(spec: BenchSpec) -> dict[str, tuple[Player, Player]]:
    """Return who feeds and who samples each rail."""
    return {
        name: (Player(*split(spec, rail.supply)), Player(*split(spec, rail.sampler)))
        for name, rail in (spec.rails or {}).items()
    }


def check_roles(spec: BenchSpec) -> None:
    """Raise `WiringError` for roles that cannot be played in any mode."""
    present = instruments_of(spec)
    for name in (MONITOR, IO_MANAGER, DUT_PORT):
        short = {MONITOR: spec.monitor, IO_MANAGER: spec.io_manager, DUT_PORT: spec.dut.port}[name]
        if name in spec.instruments and short is not None:
            table = "dut.port" if name == DUT_PORT else f"[{name.replace('-', '_')}]"
            raise WiringError(("instruments", name), f"the name '{name}' is taken by {table}; choose another")
    if spec.monitor is not None:
        for table in ("supply", "sampler"):
            if getattr(spec, table) is not None:
                raise WiringError((table,), f"[{table}] and [monitor] say the same thing twice; leave one out")
        _check_monitor(present[MONITOR])
    for name, instrument in present.items():
        driver = driver_of(name, instrument)
        options_of(name, driver, instrument)  # first: which roles it plays depends on them
        check_server(name, driver, instrument)
    implied = _implied(spec)
    for role, text in spec.roles.model_dump(exclude_none=True).items():
        player = _player(text)
        if role in implied and implied[role] != player:
            raise WiringError(
                ("roles", role),
                f"two players for one role: {role} is '{text}' and '{implied[role]}'; leave one out",
            )
        _check_player(("roles", role), role, player, present)
    _check_rails(spec, present)
    roles = roles_of(spec)
    if "cross_check" in roles and roles["cross_check"] == roles.get("edges"):
        raise WiringError(
            ("roles", "cross_check"),
            f"cross_check and edges are both '{roles['edges'].instrument}', and edges are compared with those of "
            "another instrument; leave one out",
        )
    _check_own_output(("roles", "sampler"), roles.get("supply"), roles.get("sampler"), present)
    used = {player.instrument for player in roles_of(spec).values()}
    used |= {text.partition(":")[0] for text in players_of(spec)}
    idle = [name for name in spec.instruments if name not in used]
    if idle:
        raise WiringError(
            ("instruments", idle[0]),
            f"instrument '{idle[0]}' plays no role; give it one in [roles] or leave it out",
        )
    _check_ports(present)


def wiring(spec: BenchSpec, mode: Mode) -> Wiring:
    """Return the wiring for a mode; raise `ConfigurationError` if no instrument plays a role that it needs."""
    present, roles = instruments_of(spec), roles_of(spec)
    _check_ports(present)  # a bench need not come from a file
    route_player = _dut_player(spec, mode, roles)
    players = {role: roles.get(role) for role in ROLES}
    if mode != "energy":
        players |= dict.fromkeys(("edges", "cross_check", "thermometer", "switch"))
        if players["sampler"] is not None and players["sampler"].instrument != _name(players["supply"]):
            players["sampler"] = None
    else:
        _check_energy(spec, players, present)
    rails = rails_of(spec)
    fed = [supply for supply, _ in rails.values()]
    sampled = [sampler for _, sampler in rails.values()] if mode == "energy" else []
    names = [_name(player) for player in (*fed, *sampled, *players.values(), route_player)]
    opened = {name: present[name] for name in dict.fromkeys(names) if name is not None}
    return Wiring(opened, **players, dut=route_player, rails=rails)


def driver_of(name: str, instrument: InstrumentSpec) -> DriverSpec:
    """Return the driver of an instrument; raise `WiringError` for one that is unknown or broken."""
    known = drivers()
    if instrument.driver in known:
        return known[instrument.driver]
    place = ("monitor", "driver") if name == MONITOR else ("instruments", name, "driver")
    broken = broken_drivers().get(instrument.driver)
    if broken:
        text = f"{broken}; update or remove that package"
    else:
        names, own = ", ".join(sorted(known)), driver_of_model(instrument.driver)
        near = (
            f"; did you mean '{own}'? It is the driver of that model" if own else meant(instrument.driver, known)
        )
        text = f"is unknown{near} (known: {names}); for one of your own see {HOW_TO}"
    raise WiringError(place, f"{'.'.join(place)}: '{instrument.driver}' {text}")


def _check_monitor(monitor: InstrumentSpec) -> None:
    """Refuse a `[monitor]` that cannot both feed the DUT and sample it."""
    driver = driver_of(MONITOR, monitor)
    both, played = {"supply", "sampler"}, driver.plays(monitor.options)
    if not both <= set(played):
        able = ", ".join(sorted(name for name, one in drivers().items() if both <= set(one.roles)))
        raise WiringError(
            ("monitor", "driver"),
            f"monitor.driver = '{driver.name}': {_plays(driver, monitor)}; [monitor] needs a "
            f"driver that plays supply and sampler: {able}",
        )


def _check_rails(spec: BenchSpec, present: dict[str, InstrumentSpec]) -> None:
    """Refuse rails described twice, sharing an instrument, or fed by another than their sampler needs."""
    if spec.rails is None:
        return
    for table in ("monitor", "supply"):
        if getattr(spec, table) is not None:
            raise WiringError((table,), f"[{table}] and [rails.*] say the same thing twice; leave one out")
    for name in spec.rails:
        if re.fullmatch("[a-z][a-z0-9_-]{0,29}", name) is None:
            text = f"'{shown(name)}' cannot be a rail's name, which is made of small letters, digits, _ and -"
            raise WiringError(("rails", name), text)
    check_channels(spec)
    taken: dict[tuple[str, Player], str] = {}
    for name, (supply, sampler) in rails_of(spec).items():
        for role, player in (("supply", supply), ("sampler", sampler)):
            place = ("rails", name, role)
            _check_player(place, role, player, present)
            other = taken.setdefault((role, player), name)
            if other != name:
                raise WiringError(place, f"'{player}' plays {role} of the rails '{other}' and '{name}' at once")
        _check_own_output(("rails", name, "sampler"), supply, sampler, present)


def _check_player(place: Sequence[str], role: str, player: Player, present: dict[str, InstrumentSpec]) -> None:
    key = ".".join(place)
    if player.instrument not in present:
        names = ", ".join(present) or "none"
        near = meant(player.instrument, present)
        raise WiringError(place, f"{key} = '{player}': there is no such instrument{near} (there is: {names})")
    driver = driver_of(player.instrument, present[player.instrument])
    options = present[player.instrument].options
    if NEEDED[role] not in driver.plays(options):
        able = _able(NEEDED[role], present)
        options_for = [one.option for one in driver.changes if NEEDED[role] in one.gains]
        hint = f" (with options.{options_for[0]} also {NEEDED[role]})" if options_for else ""
        raise WiringError(
            place,
            f"{key} = '{player}': {_plays(driver, present[player.instrument])}{hint}; "
            f"{role} could be played by: {', '.join(able) or 'none of this bench'}",
        )
    _check_channel(place, player, present[player.instrument], driver)


def _check_channel(place: Sequence[str], player: Player, instrument: InstrumentSpec, driver: DriverSpec) -> None:
    """Refuse a channel that the instrument is not set up for: the driver uses the one in its options."""
    if not player.channel or driver.link == "none":
        return
    option, own = driver.channel_option, channel_of(instrument)
    if player.channel != own:
        used = f"channel {own}" if own else "no channels"
        remedy = f"set options = {{ {option} = {player.channel} }} there" if option else "leave the channel out"
        raise WiringError(
            place,
            f"{'.'.join(place)} = '{player}': {driver.title} uses {used} on this bench; {remedy}",
        )


def _check_own_output(
    place: Sequence[str], supply: Player | None, sampler: Player | None, present: dict[str, InstrumentSpec]
) -> None:
    """Refuse a sampler that would measure its own idle output while another instrument feeds the DUT."""
    if sampler is None or (supply is not None and supply.instrument == sampler.instrument):
        return
    driver = driver_of(sampler.instrument, present[sampler.instrument])
    feeds = "supply" in driver.plays(present[sampler.instrument].options)
    if driver.samples_own_output and feeds:
        fed_by = f"'{supply}' feeds the DUT" if supply is not None else "the DUT is fed from outside"
        raise WiringError(
            place,
            f"{'.'.join(place)} = '{sampler}': {driver.title} measures only what it feeds itself, and {fed_by}; "
            "let it play supply, too, or take another sampler",
        )


def _check_ports(present: dict[str, InstrumentSpec]) -> None:
    """Refuse an address that leads to no device, and two instruments on one device, in any spelling.

    Channels of a mainframe are devices of their own.
    """
    taken: dict[str, Occupied] = {}
    for name, instrument in present.items():
        if instrument.port == VIRTUAL_PORT:
            continue
        try:
            occupied = occupied_by(instrument)
        except AddressError as error:
            place = (*_table(name), "port")
            given = f"{'.'.join(place)} = '{shown(instrument.port)}'"
            raise WiringError(place, f"{given}: {error.came}", try_this=error.try_this) from None
        other = next((one for one, theirs in taken.items() if theirs.overlaps(occupied)), None)
        if other is not None:
            keys = {one: (*_table(one), "port") for one in (other, name)}
            both = " and ".join(f"{'.'.join(key)} = '{shown(present[one].port)}'" for one, key in keys.items())
            raise WiringError(
                keys[name],
                f"port '{shown(instrument.port)}' is given twice, for {other} and {name}: {both} "
                f"are one device ({shown(occupied.resource)}){_channels_overlap(taken[other], occupied)}",
                also=keys[other],
                try_this="give each its own port: `energy-runner instruments list` shows those of this computer",
            )
        taken[name] = occupied


def _channels_overlap(one: Occupied, other: Occupied) -> str:
    """Return why the channel of one instrument does not save it from the other; "" if neither has one."""
    if not one.channel and not other.channel:
        return ""
    used = [f"channel {occupied.channel}" if occupied.channel else "all of it" for occupied in (one, other)]
    return f", of which they use {' and '.join(used)}"


def _table(name: str) -> tuple[str, ...]:
    """Return the table of a bench file that describes an instrument."""
    short = {MONITOR: ("monitor",), IO_MANAGER: ("io_manager",), DUT_PORT: ("dut",)}
    return short.get(name, ("instruments", name))


def _check_energy(spec: BenchSpec, players: dict[str, Player | None], present: dict[str, InstrumentSpec]) -> None:
    """Refuse a bench that cannot measure energy, before anything is opened."""
    if players["sampler"] is None:
        raise ConfigurationError(
            f"bench '{spec.name}' has no [monitor] and no instrument plays sampler; energy mode needs one. "
            f"{_could_play('sampler', present)}"
        )
    if players["edges"] is None and spec.monitor is None:
        raise ConfigurationError(
            f"bench '{spec.name}': [roles] does not say which instrument captures the timestamp pin's edges; "
            f"energy mode needs one in roles.edges. {_could_play('edges', present)}"
        )
    if players["edges"] is None:
        raise ConfigurationError(
            f"bench '{spec.name}': no instrument captures the timestamp pin's edges: "
            f"{_sampler_title(players, present)} cannot, so energy mode needs an [io_manager] with "
            "timestamps = true, its D3 wired to that pin, or an "
            f"instrument in roles.edges. {_could_play('edges', present)}"
        )
    if spec.monitor is None and spec.supply is None and spec.rails is None:
        raise ConfigurationError(
            f"bench '{spec.name}': [supply] with voltage_v is missing: at which voltage does the DUT run?"
        )


def _plays(driver: DriverSpec, instrument: InstrumentSpec) -> str:
    """Return in words which roles a driver plays, and which its options exclude."""
    played = driver.plays(instrument.options)
    lost = [one for one in driver.changes_by(instrument.options) if one.loses]
    so = "".join(f" with {one.option} = '{one.value}'" for one in lost)
    return f"{driver.title} plays {', '.join(played)}{so}"


def _could_play(role: RoleName, present: dict[str, InstrumentSpec]) -> str:
    able = _able(role, present)
    return f"It could be: {', '.join(able)}" if able else "No instrument of this bench could"


def _able(role: RoleName, present: dict[str, InstrumentSpec]) -> list[str]:
    """Return the instruments that can play a role."""
    return [name for name, one in present.items() if role in driver_of(name, one).plays(one.options)]


def _sampler_title(players: dict[str, Player | None], present: dict[str, InstrumentSpec]) -> str:
    player = players["sampler"]
    return present[player.instrument].driver if player is not None else "the sampler"


def _dut_player(spec: BenchSpec, mode: Mode, roles: dict[str, Player]) -> Player:
    """Return who carries the DUT's UART in a mode: by default the relay for energy, else the DUT's own port."""
    chosen: str | None = getattr(spec.dut, mode)
    direct, relay = spec.dut.port is not None, roles.get("dut")
    default = "direct" if direct and (mode != "energy" or relay is None) else "io-manager"
    route = chosen or default
    if route == "direct" and direct:
        return Player(DUT_PORT)
    if route == "io-manager" and relay is not None:
        return relay
    missing = "dut.port" if route == "direct" else "[io_manager] or roles.dut"
    raise ConfigurationError(
        f"bench '{spec.name}': dut.{mode} = '{route}' needs {missing}, which the bench file does not give"
    )


def _player(text: str) -> Player:
    name, _, channel = text.partition(":")
    return Player(name, channel)


def _name(player: Player | None) -> str | None:
    return player.instrument if player is not None else None
