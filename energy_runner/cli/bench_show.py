"""`bench list`, `bench show`, `instruments list`, `instruments show`: what there is, without opening it."""

from dataclasses import asdict
from importlib import resources
from pathlib import Path
from typing import Any

from energy_runner.bench import build_bench, built_in_names, load_bench_spec
from energy_runner.bench.wiring import instruments_of, roles_of
from energy_runner.cli.output import write, write_json, write_table
from energy_runner.errors import ConfigurationError
from energy_runner.report.units import plain
from instruments.links.serial_link import SerialPortInfo, list_serial_ports
from instruments.registry import DriverSpec, broken_drivers, drivers

# What a USB id may belong to; a serial port is only known for certain when its box has answered.
LIKELY = {
    "0483:5740": "LPM01A, or another STM32 with a USB port of its own",
    "0483:374b": "ST-LINK of a NUCLEO or Discovery board",
    "0483:374e": "ST-LINK of a NUCLEO or Discovery board",
    "2341:0043": "Arduino UNO",
    "2341:0001": "Arduino UNO",
    "2a03:0043": "Arduino UNO",
    "2a03:0243": "Arduino UNO",
}
_TABLES = ("[monitor]", "[io_manager]", "[dut]", "[roles]")


def list_command(*, as_json: bool) -> None:
    """List built-in benches, and bench files in this folder; one with a mistake is listed with it."""
    rows: list[dict[str, Any]] = []
    files = [str(path) for path in sorted(Path().glob("*.toml"))]
    for name in [*built_in_names(), *files]:
        row = _bench_row(name)
        if row is not None:
            rows.append(row)
    if as_json:
        write_json(rows)
        return
    write_table(
        ("Bench", "Monitor", "Virtual", "What it is"),
        [
            (row["name"], row["monitor"] or "none", "yes" if row["virtual"] else "no", row["description"])
            if row["problem"] is None
            else (row["name"], "", "", f"cannot be used: {row['problem']}")
            for row in rows
        ],
    )


def _bench_row(name: str) -> dict[str, Any] | None:
    row = {"name": name, "description": None, "virtual": None, "monitor": None, "problem": None}
    try:
        spec = load_bench_spec(name)
        if not spec.is_virtual:  # constructing is pure: nothing is opened, and every key has been looked at
            build_bench(spec, "energy" if "sampler" in roles_of(spec) else "performance")
    except ConfigurationError as error:
        # Any TOML file may lie in the user's folder; only one that is meant as a bench is worth a word.
        if not _is_meant_as_bench(Path(name)):
            return None
        problem = str(error).removeprefix(f"{name}: ").removeprefix(f"{name}, ")  # its name stands beside it
        return row | {"problem": problem.partition(". Try: ")[0]}
    sampler = roles_of(spec).get("sampler")
    monitor = instruments_of(spec)[sampler.instrument].driver if sampler else None
    return row | {"description": spec.description, "virtual": spec.is_virtual, "monitor": monitor}


def _is_meant_as_bench(path: Path) -> bool:
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError):
        return False
    return any(line.strip() in _TABLES for line in text.splitlines())


def show_command(name: str) -> None:
    """Print the bench file."""
    load_bench_spec(name)  # a file that cannot be used is not shown as if it could
    if name in built_in_names():
        text = resources.files("energy_runner.bench").joinpath(f"builtin/{name}.toml").read_text("utf-8")
    else:
        text = Path(name).read_text("utf-8")
    write(text)


def instruments_command(*, as_json: bool) -> None:
    """List drivers and serial ports."""
    known = sorted(drivers().values(), key=lambda driver: driver.name)
    ports = list_serial_ports()
    if as_json:
        listed = [{"name": driver.name, "title": driver.title, "edges": driver.edges} for driver in known]
        write_json(
            {"drivers": listed, "broken": broken_drivers(), "serial_ports": [_port(port) for port in ports]}
        )
        return
    write_table(
        ("Driver", "Instrument", "Edges of the timestamp pin"),
        [(driver.name, driver.title, driver.edges) for driver in known],
    )
    for name, problem in broken_drivers().items():
        write(f"{plain(name)} cannot be used: {plain(problem)}. Try: update or remove that package\n\n")
    if ports:
        write_table(
            ("Serial port", "USB id", "What it says", "Serial number", "It may be"),
            [tuple(_port(port).values()) for port in ports],
        )
    else:
        write("No serial port was found. Try: plug the boxes in, and look whether their cables carry data.\n")


def _port(port: SerialPortInfo) -> dict[str, str]:
    return asdict(port) | {"likely": LIKELY.get(port.usb, "")}


def instrument_command(name: str, *, as_json: bool) -> None:
    """Show one driver and its specification."""
    known = drivers()
    if name not in known:
        raise ConfigurationError(f"unknown driver {name!r} (known: {', '.join(sorted(known))})")
    driver = known[name]
    specification = driver.limits()
    if as_json:
        facts = {"name": driver.name, "title": driver.title, "link": driver.link, "roles": list(driver.roles)}
        facts |= {"edges": driver.edges, "options": sorted(driver.options_model().model_fields)}
        write_json(facts | {"specification": asdict(specification) if specification else None})
        return
    write(f"{driver.name}: {driver.title}\nroles: {', '.join(driver.roles)}\nport:  {_address(driver)}\n")
    write(f"edges: {driver.edges or 'not captured'}\n")
    if specification is None:
        write("specification: none; a result says that its uncertainty is incomplete\n")
        return
    write(f"\nSpecification ({specification.document})\n")
    write_table(
        ("Cause", "Relative", "Absolute", "Source"),
        [
            (
                term.name,
                f"{term.relative:.3%}" if term.relative else "",
                f"{term.absolute:g} {term.unit}" if term.absolute else "",
                term.source,
            )
            for term in specification.terms
        ],
    )
    for assumption in specification.assumptions:
        write(f"assumed: {assumption}\n")


def _address(driver: DriverSpec) -> str:
    if driver.link == "scpi":
        return "VISA resource, e.g. TCPIP0::192.168.1.20::5025::SOCKET"
    if driver.link == "none":
        return '"virtual"'
    return f"serial port, e.g. /dev/ttyACM0 or COM3, {driver.baud} baud"
