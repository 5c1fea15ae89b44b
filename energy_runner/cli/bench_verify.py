# SPDX-License-Identifier: Apache-2.0
"""`bench verify` and `bench calibrate`: print what a known load tells about the bench."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

from energy_runner import api
from energy_runner.analysis.uncertainty.wording import rounded
from energy_runner.api.calibrations import Reference
from energy_runner.api.known_loads import KnownLoad, Verification
from energy_runner.cli.bench_doctor import tell_of_supply
from energy_runner.cli.output import write, write_json, write_line
from energy_runner.director.examination import Examined
from energy_runner.errors import ExitStatus
from energy_runner.report.units import plain


def verify_command(
    name: str, load: KnownLoad, *, seconds: float, seed: int, out: Path | None, as_json: bool
) -> int:
    """Measure, compare and print; status 1 if the two do not agree."""
    listener = tell_of_supply if as_json else _say
    found = api.verify_bench(name, load, seconds=seconds, seed=seed, out=out, listener=listener)
    if as_json:
        result = asdict(found.result)
        result["components"] = [row.model_dump(mode="json") for row in found.result.components]
        write_json(
            {
                "bench": found.bench,
                "virtual": found.virtual,
                "folder": str(found.folder),
                "load": asdict(load),
                "agrees": found.result.agrees,
                **result,
            }
        )
    else:
        write(in_words(found))
    return ExitStatus.VALID if found.result.agrees else ExitStatus.RULE_FAILED


def calibrate_command(
    name: str, reference: Reference, file: Path, options: dict[str, Any], *, as_json: bool
) -> int:
    """Take one point, add it to the file and print it with the residuals of all points."""
    listener = tell_of_supply if as_json else _say
    found = api.calibrate_bench(name, reference, file, listener=listener, **options)
    if as_json:
        write_json(
            {
                "bench": found.bench,
                "virtual": found.virtual,
                "folder": str(found.folder),
                "file": str(found.file),
                "point": found.point.model_dump(mode="json", exclude_none=True),
                "points": found.points,
                "residuals": [asdict(residual) for residual in found.residuals],
            }
        )
        return ExitStatus.VALID
    point = found.point
    value, expanded = rounded(point.correction, point.U)
    lines = [
        f"Point {found.points}: at {point.value:.7g} {point.unit} add ({value} ± {expanded}) {point.unit}, k = 2"
    ]
    lines += [
        f"Residual at {one.value:.7g} {one.unit}: ({' ± '.join(rounded(one.residual, one.U))}) {one.unit}"
        for one in found.residuals
    ]
    if found.virtual:
        lines.append("VIRTUAL: twins measured a virtual load.")
    write("\n".join([*lines, f"Record:    {plain(found.file)}", f"Facts:     {plain(found.folder)}"]) + "\n")
    return ExitStatus.VALID


def _say(step: Examined) -> None:
    write_line(f"{'ok  ' if step.ok else 'FAIL'}  {step.step}: {step.says}")


def in_words(found: Verification) -> str:
    """Return the comparison as lines of text."""
    result, load = found.result, found.load
    lines = [
        f"Load:      ({_pair(load.resistance_ohm, load.resistance_u_ohm)}) ohm at {result.voltage_v:.5g} V, "
        f"{result.voltage_from}",
        f"Known:     ({_pair(result.known_w * 1e3, result.U_known_w * 1e3)}) mW",
        f"Measured:  ({_pair(result.measured_w * 1e3, result.U_w * 1e3)}) mW over {result.seconds:.3g} s",
    ]
    if result.pulse_j is not None and result.known_pulse_j is not None:
        scale = 1e6 * result.pulse_j / result.measured_w
        lines += [
            f"A pulse:   known ({_pair(result.known_pulse_j * 1e6, result.U_known_w * scale)}) µJ, "
            f"measured ({_pair(result.pulse_j * 1e6, result.U_w * scale)}) µJ"
        ]
    off = (result.measured_w / result.known_w - 1) * 100
    lines.append(
        f"Off by:    {off:+.3g} %, E_n = {result.E_n:+.2f}: {'they agree' if result.agrees else 'THEY DISAGREE'}"
    )
    if result.voltage_shared:
        expanded_mw = result.U_difference_w * 1e3
        lines.append(f"The bench's own voltage is in both; their difference is known to ± {expanded_mw:.2g} mW")
    if result.incomplete:
        lines.append(f"The uncertainty of the monitor is incomplete: {'; '.join(result.incomplete)}")
    if found.virtual:
        lines.append("VIRTUAL: twins measured a virtual load.")
    lines.append(f"Facts:     {found.folder}")
    return "\n".join(lines) + "\n"


def _pair(value: float, expanded: float) -> str:
    return " ± ".join(rounded(value, expanded))
