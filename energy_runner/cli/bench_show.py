"""`bench list`, `bench show`, `instruments list`, `instruments show`: what there is, without opening it."""

import json
import sys
from dataclasses import asdict
from importlib import resources
from pathlib import Path
from typing import Any

from energy_runner.bench import built_in_names, load_bench_spec
from energy_runner.errors import ConfigurationError
from instruments.accuracy.tables import load as load_accuracy
from instruments.registry import MonitorDriver, drivers
from instruments.transport.serial_port import list_serial_ports


def list_command(*, as_json: bool) -> None:
    """List built-in benches, and bench files in this folder."""
    rows: list[dict[str, Any]] = []
    files = [str(path) for path in sorted(Path().glob("*.toml"))]
    for name in [*built_in_names(), *files]:
        try:
            spec = load_bench_spec(name)
        except ConfigurationError:
            continue  # any other TOML file of the user's folder
        rows.append(
            {
                "name": name,
                "description": spec.description,
                "virtual": spec.is_virtual,
                "monitor": spec.monitor.driver if spec.monitor else None,
            }
        )
    if as_json:
        _json(rows)
        return
    table = _table("Bench", "Monitor", "Virtual", "What it is")
    for row in rows:
        table.add_row(row["name"], row["monitor"] or "none", "yes" if row["virtual"] else "no", row["description"])
    _print(table)


def show_command(name: str) -> None:
    """Print the bench file."""
    load_bench_spec(name)  # a file that cannot be used is not shown as if it could
    if name in built_in_names():
        text = resources.files("energy_runner.bench").joinpath(f"builtin/{name}.toml").read_text("utf-8")
    else:
        text = Path(name).read_text("utf-8")
    sys.stdout.write(text)


def instruments_command(*, as_json: bool) -> None:
    """List drivers and serial ports."""
    known = [
        {"name": driver.name, "title": driver.title, "edges": driver.edges}
        for driver in sorted(drivers().values(), key=lambda driver: driver.name)
    ]
    ports = [asdict(port) for port in list_serial_ports()]
    if as_json:
        _json({"drivers": known, "serial_ports": ports})
        return
    table = _table("Driver", "Instrument", "Edges of the timestamp pin")
    for row in known:
        table.add_row(row["name"], row["title"], row["edges"])
    _print(table)
    table = _table("Serial port", "USB id", "What it says", "Serial number")
    for row in ports:
        table.add_row(row["port"], row["usb"], row["description"], row["serial"])
    if ports:
        _print(table)
    else:
        sys.stdout.write("No serial port is connected to this computer.\n")


def instrument_command(name: str) -> None:
    """Show one driver and its limits of error."""
    known = drivers()
    if name not in known:
        raise ConfigurationError(f"no driver is called '{name}'; known: {', '.join(sorted(known))}")
    driver = known[name]
    sys.stdout.write(f"{driver.title}\n  driver     {driver.name}\n  connected  {_way(driver)}\n")
    sys.stdout.write(f"  edges      {driver.edges}\n")
    if not driver.accuracy:
        return
    accuracy = load_accuracy(driver.accuracy)
    sys.stdout.write(f"\nLimits of error ({accuracy.document})\n")
    table = _table("Cause", "Relative", "Absolute", "Source")
    for term in accuracy.terms:
        relative = f"{term.relative:.3%}" if term.relative else ""
        absolute = f"{term.absolute:g} {term.unit}" if term.absolute else ""
        table.add_row(term.name, relative, absolute, term.source)
    _print(table)
    for assumption in accuracy.assumptions:
        sys.stdout.write(f"assumed: {assumption}\n")


def _way(driver: MonitorDriver) -> str:
    if driver.way == "scpi":
        return "VISA resource, e.g. TCPIP0::192.168.1.20::5025::SOCKET"
    return f"serial port, e.g. /dev/ttyACM0 or COM3, {driver.baud} baud"


def _json(document: Any) -> None:
    sys.stdout.write(json.dumps(document, indent=2, ensure_ascii=False) + "\n")


def _table(*columns: str) -> Any:
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD)
    for column in columns:
        table.add_column(column, overflow="fold")
    return table


def _print(table: Any) -> None:
    from rich.console import Console

    Console().print(table)
