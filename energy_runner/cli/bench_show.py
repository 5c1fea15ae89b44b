# SPDX-License-Identifier: Apache-2.0
"""`bench list`, `bench show`, `instruments list`, `instruments show`; none of them opens a device."""

import json
import os
import shlex
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from energy_runner.cli.output import write, write_json, write_line, write_table
from energy_runner.report.units import plain


def list_command(*, as_json: bool) -> None:
    """List built-in benches and the bench files in this folder, each faulty one with its mistake."""
    from energy_runner.api.benches import list_benches

    rows = list_benches()
    if as_json:
        write_json([asdict(row) for row in rows])
        return
    write_table(
        ("Bench", "Monitor", "Virtual", "Description"),
        [
            (row.name, row.monitor or "none", "yes" if row.virtual else "no", row.description or "")
            if row.problem is None
            else (row.name, "", "", f"cannot be used: {row.problem}")
            for row in rows
        ],
    )


def show_command(name: str, out: Path | None = None) -> None:
    """Print the bench file, or write it to `out`."""
    from energy_runner.api.benches import bench_text, save_bench

    if out is None:
        write(bench_text(name))
        return
    written = save_bench(name, out)
    file = (
        shlex.quote(str(written)) if os.name != "nt" else f'"{written}"' if " " in str(written) else str(written)
    )
    write_line(f"{written} is written. Put your ports in, then: energy-runner bench doctor {file}")


def instruments_command(*, search: bool, as_json: bool) -> None:
    """List drivers, serial ports, and the instruments that VISA finds."""
    from energy_runner.api.instruments import driver_facts, find_instruments, list_drivers

    known, broken = list_drivers()
    if search and sys.stderr is not None and sys.stderr.isatty():
        print("Looking for instruments on USB and the local network ...", file=sys.stderr)  # noqa: T201
    found = find_instruments(search=search)
    if as_json:
        write_json({"drivers": [driver_facts(one) for one in known], "broken": broken, **asdict(found)})
        return
    facts = [driver_facts(one) for one in known]
    write_table(
        ("Driver", "Instrument", "What it does", "Edges of the timestamp pin"),
        [(one["name"], one["title"], _does(one), one["edges"]) for one in facts],
    )
    for one in facts:
        if not one["installed"]:
            write_line(f"{one['name']} needs a library: {_install(one)}")
    write("More about one of them: energy-runner instruments show DRIVER\n\n")
    for name, problem in broken.items():
        write(f"{plain(name)} cannot be used: {plain(problem)}. Try: update or remove that package\n\n")
    if found.serial_ports:
        write_table(
            ("Serial port", "USB id", "Description", "Serial number", "Likely device"),
            [tuple(plain(value) for value in asdict(port).values()) for port in found.serial_ports],
        )
    else:
        write("No serial port was found. Try: plug the devices in, with cables that carry data.\n")
    if found.resources:
        rows = [(plain(one.resource), plain(one.says)) for one in found.resources]
        write_table(("VISA resource", "Description"), rows)
    else:
        write("No USB, GPIB or LAN instrument was found.\n")
    for missed in found.not_searched:
        write(f"Not looked for: {plain(missed)}\n")


def instrument_command(name: str, *, as_json: bool) -> None:
    """Show one driver and its specification."""
    from energy_runner.api.instruments import instrument_facts

    facts = instrument_facts(name)
    if as_json:
        write_json(facts)
        return
    write(f"{facts['name']}: {facts['title']}\n")
    for what, says in _said_of(facts):
        if says:
            write_line(f"{what + ':':<16}{says}")
    _write_options(facts)
    write("\nIn a bench file, under a name of your own:\n")
    write(f'  [instruments.NAME]\n  driver = "{facts["name"]}"\n  port = "{_example(facts)}"\n')
    twin = "" if facts["link"] == "none" else 'port = "virtual" is its twin. '
    write(f"{twin}Roles and whole examples: docs/reference/bench-file.md\n")
    _write_specification(facts)


def _write_options(facts: dict[str, Any]) -> None:
    """Write what each option means, what it can be, and its default as a bench file says it."""
    for at, (name, says) in enumerate(facts["options"].items()):
        default, choices = facts["defaults"][name], ", ".join(map(json.dumps, facts["choices"].get(name, [])))
        usual = "" if default in (None, "") or "by default" in says else f"default: {_toml(default)}"
        told = "; ".join(part for part in (says, choices and f"one of {choices}", usual) if part)
        write_line(f"{'' if at else 'options:':<16}{name}{': ' if told else ''}{told}")


def _toml(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else json.dumps(value)


def _write_specification(facts: dict[str, Any]) -> None:
    specification = facts["specification"]
    if specification is None:
        if "sampler" in facts["roles"]:
            write("specification: none; a result says that its uncertainty is incomplete\n")
        return
    write(f"\nSpecification ({plain(specification['document'])})\n")
    write_table(
        ("Cause", "Relative", "Absolute", "Source"),
        [
            (
                term["name"],
                f"{term['relative']:.3%}" if term["relative"] else "",
                f"{term['absolute']:g} {term['unit']}" if term["absolute"] else "",
                term["source"],
            )
            for term in specification["terms"]
        ],
    )
    for assumption in specification["assumptions"]:
        write_line(f"assumed: {assumption}")


def _said_of(facts: dict[str, Any]) -> tuple[tuple[str, str], ...]:
    """Return what is said of a driver, line by line; "" for what does not concern it."""
    return (
        ("models", ", ".join(facts["models"])),
        ("roles", ", ".join(facts["roles"])),
        ("port", _link(facts)),
        ("USB ids", ", ".join(facts["usb"])),
        ("samples", _samples(facts)),
        ("rates", facts["rates"] or ""),
        ("ranges", facts["ranges"]),
        ("edges", facts["edges"] or ("not captured" if facts["quantities"] else "")),
        ("needs firmware", _oldest(facts)),
        ("library", "" if not facts["extra"] else "installed" if facts["installed"] else _install(facts)),
    )


def _oldest(facts: dict[str, Any]) -> str:
    """Return the oldest firmware, or server, with what the driver needs, and who says so."""
    said = (
        f"{one['version']}{' of ' + one['of'] if one['of'] else ''} for {one['needed_for']} ({one['source']})"
        for one in facts["oldest_firmware"]
    )
    return "; ".join(said) or "not known"


_DOES = {
    "supply": "feeds the DUT",
    "dut": "carries the DUT's UART",
    "thermometer": "measures a temperature",
    "switch": "cuts the debug probe while the DUT is measured",
}


def _does(facts: dict[str, Any]) -> str:
    """Return what an instrument does on a bench, in short."""
    parts = [_DOES[role] for role in facts["roles"] if role in _DOES]
    if facts["quantities"]:
        details = (_samples(facts), _rate_span(facts["rates_hz"]), facts["ranges"])
        parts.insert(0, f"samples {', '.join(one for one in details if one)}")
    if facts["assumed"]:
        parts.append("its limits are assumed")
    return "; ".join(parts)


def _rate_span(rates_hz: list[float] | None) -> str:
    if rates_hz is None:
        return ""
    low, high = (
        f"{rate / 1e6:g} MHz" if rate >= 1e6 else f"{rate / 1000:g} kHz" if rate >= 1000 else f"{rate:.4g} Hz"
        for rate in rates_hz
    )
    return low if low == high else f"{low} to {high}"


def _samples(facts: dict[str, Any]) -> str:
    kind = {"mean": "means over each period", "instant": "values at instants"}.get(facts["kind"] or "", "")
    *some, last = facts["quantities"] or [""]
    return f"{', '.join(some)}{' and ' if some else ''}{last}, {kind}" if facts["quantities"] else ""


def _install(facts: dict[str, Any]) -> str:
    return f"pip install 'energy-runner[{facts['extra']}]'"


def _link(facts: dict[str, Any]) -> str:
    example = facts["port_example"]
    if example:
        return f"{'address of its server' if example.startswith('tcp:') else 'its address'}, e.g. {example}"
    if facts["link"] == "scpi":
        return "VISA resource, e.g. TCPIP0::192.168.1.20::5025::SOCKET or USB0::…::INSTR"
    if facts["link"] == "none":
        return '"virtual"'
    if facts["link"] == "vendor":
        return "vendor: with its serial number, e.g. vendor:002122"
    return f"serial port, e.g. /dev/ttyACM0, COM3 or serial-number:066DFF48; {facts['baud']} baud"


def _example(facts: dict[str, Any]) -> str:
    """Return an address as it stands in a bench file."""
    by_link = {"scpi": "TCPIP0::192.168.1.20::5025::SOCKET", "vendor": "vendor:002122", "none": "virtual"}
    return facts["port_example"] or by_link.get(facts["link"], "/dev/ttyACM0")
