# SPDX-License-Identifier: Apache-2.0
"""`sweep table`, `sweep plot`, `sweep compare` and `sweep explain`, for the rows of a sweep."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from energy_runner.cli.outcome import say
from energy_runner.cli.quantities import jsonable
from energy_runner.cli.view_hint import tell_traces
from energy_runner.errors import ConfigurationError, ExitStatus

if TYPE_CHECKING:
    from energy_runner.sweep.reading.anova import Anova
    from energy_runner.sweep.reading.compare import Change, Estimate, SweepComparison
    from energy_runner.sweep.rows import PointRow

PLOT_SCHEMA = "energy-runner/sweep-plot/1"
COMPARE_SCHEMA = "energy-runner/sweep-compare/1"
EXPLAIN_SCHEMA = "energy-runner/sweep-explain/1"
_NAMED = 8  # points that share a reason, of which the rest is only counted
_REFERENCE = "reference"
SIMULATED = "SIMULATED: some of these points are of virtual benches and are not measurements"


def where_of(pairs: Sequence[str], option: str = "--where") -> dict[str, str]:
    """Return `AXIS=VALUE` options as a mapping.

    Raises `ConfigurationError` for an option of another form, and for an axis that is given twice.
    """
    found: dict[str, str] = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals or not name.strip():
            raise ConfigurationError(f"{option} {pair!r}: must be AXIS=VALUE. Try: {option} voltage_v=1.8")
        if name.strip() in found:
            raise ConfigurationError(f"{option}: {name.strip()!r} is given twice. Try: one value of each axis")
        found[name.strip()] = value.strip()
    return found


def table_command(
    rows: Sequence["PointRow"],
    out: Path | None,
    form: str = "",
    where: Sequence[str] = (),
    *,
    as_json: bool = False,
) -> int:
    """Write the table of a sweep to a file, as CSV or JSON to stdout, or show it to a person."""
    from energy_runner.api.sweep_reading import save_sweep_table, select_points, sweep_table
    from energy_runner.cli.output import write_bytes, write_json, write_line
    from energy_runner.sweep.reading.table import FORMS, table_json

    if form and form not in FORMS:
        raise ConfigurationError(f"--format {form!r} is not one of {', '.join(FORMS)}")
    if form == "parquet" and out is None:
        raise ConfigurationError("--format parquet needs a file. Try: --out night.parquet")
    chosen = select_points(rows, where_of(where))
    if any(row.virtual for row in chosen):
        say(SIMULATED)
    if out is not None:
        path = save_sweep_table(chosen, out, form or None)
        if as_json:
            write_json(table_json(sweep_table(chosen)))
        else:
            write_line(str(path))
    elif as_json or form == "json":
        write_json(table_json(sweep_table(chosen)))
    elif form == "csv":
        write_bytes(sweep_table(chosen).csv().encode("utf-8"))
    else:
        _show_table(chosen)
        tell_traces(row.folder for row in chosen)
    return ExitStatus.VALID


def plot_command(
    rows: Sequence["PointRow"],
    out: Path | None,
    figures: Path | None = None,
    formats: Sequence[str] = (),
    by: str | None = None,
    over: Sequence[str] = (),
    maps: Sequence[str] = (),
    where: Sequence[str] = (),
    *,
    as_json: bool = False,
) -> int:
    """Write the figures of a sweep: an HTML page `out`, a folder `figures`, or both; neither is a mistake."""
    from energy_runner.api.sweep_reading import plot_sweep, select_points
    from energy_runner.cli.output import write_json, write_line

    if out is None and figures is None:
        raise ConfigurationError("nothing to write. Try: --out night.html, or --figures figures/")
    if formats and figures is None:
        raise ConfigurationError("--format is that of the files of --figures. Try: --figures figures/")
    chosen = select_points(rows, where_of(where))
    written = plot_sweep(
        chosen,
        page=out,
        figures=figures,
        formats=tuple(formats),
        by=by,
        over=tuple(over) or None,
        maps=[_pair(text) for text in maps] or None,
    )
    if any(row.virtual for row in chosen):
        say(SIMULATED)
    if as_json:
        write_json({"schema": PLOT_SCHEMA, "files": [str(path) for path in written]})
    else:
        for path in written:
            write_line(str(path))
        tell_traces(row.folder for row in chosen)
    return ExitStatus.VALID


def compare_command(
    a: Sequence["PointRow"],
    b: Sequence["PointRow"],
    names: tuple[str, str],
    where: Sequence[str] = (),
    where_a: Sequence[str] = (),
    where_b: Sequence[str] = (),
    ignore: Sequence[str] = (),
    *,
    invalid: bool = False,
    as_json: bool = False,
) -> int:
    """Compare two sweeps, or with `where_a` and `where_b` two parts of them."""
    from energy_runner.api.sweep_reading import compare_sweeps, select_points
    from energy_runner.cli.output import write_json

    both = where_of(where)
    sides = [
        select_points(select_points(rows, both), where_of(own, option))
        for rows, own, option in ((a, where_a, "--where-a"), (b, where_b, "--where-b"))
    ]
    found = compare_sweeps(sides[0], sides[1], names=names, ignore=tuple(ignore), invalid=invalid)
    if as_json:
        write_json({"schema": COMPARE_SCHEMA} | jsonable(found))
    else:
        _show_comparison(found)
        tell_traces(row.folder for side in sides for row in side)
    return ExitStatus.VALID


def explain_command(
    rows: Sequence["PointRow"], where: Sequence[str] = (), *, invalid: bool = False, as_json: bool = False
) -> int:
    """Show which axis explains how much of the differences between the points."""
    from energy_runner.api.sweep_reading import explain_sweep, select_points
    from energy_runner.cli.output import write_json

    found = explain_sweep(select_points(rows, where_of(where)), invalid=invalid)
    if as_json:
        write_json({"schema": EXPLAIN_SCHEMA} | jsonable(found))
    else:
        _show_anova(found)
    return ExitStatus.VALID


def _pair(text: str) -> tuple[str, str]:
    x, comma, y = text.partition(",")
    if not comma or not x.strip() or not y.strip():
        raise ConfigurationError(f"--map {text!r}: must be two axes. Try: --map clock_mhz,voltage_v")
    return x.strip(), y.strip()


# --- for a person ----------------------------------------------------------------------------------


def _show_table(rows: Sequence["PointRow"]) -> None:
    """Show the points in the order of the night; reasons and remarks stand beneath, where they have room."""
    from energy_runner.cli.output import write, write_table
    from energy_runner.report.units import plain
    from energy_runner.wording import shown

    ordered = sorted(rows, key=lambda row: (row.sweep, row.started_utc or "9", row.order, row.number))
    several = len({row.bench for row in rows}) > 1
    axes = list(dict.fromkeys(name for row in ordered for name in row.values))
    columns = ["Point", *(plain(name) for name in axes), "µJ per inference", "Latency ms", "Verdict"]
    columns += ["Bench"] if several else []
    lines = []
    for row in ordered:
        line = [_point(row), *(shown(row.values.get(name, ""), 24) for name in axes)]
        line += [_energy(row), _latency(row), _verdict(row)]
        lines.append([*line, row.bench or ""] if several else line)
    write_table(columns, lines)
    why: dict[str, list[str]] = {}
    for row in ordered:
        for text in (*([row.reason] if row.reason else []), *row.remarks):
            why.setdefault(text, []).append(_point(row))
    for text, points in why.items():
        write(plain(f"{_named(points)}: {text}") + "\n")


def _named(points: Sequence[str]) -> str:
    """Return points in words; those of the reference have no number of their own, so they are counted."""
    numbers = [one for one in points if one != _REFERENCE]
    times = len(points) - len(numbers)
    more = f" and {len(numbers) - _NAMED} more" if len(numbers) > _NAMED else ""
    words = [f"point{'s' if len(numbers) > 1 else ''} {', '.join(numbers[:_NAMED])}{more}"] if numbers else []
    words += [f"the reference point{f' ({times} times)' if times > 1 else ''}"] if times else []
    return " and ".join(words)


def _point(row: "PointRow") -> str:
    if row.kind == "reference":
        return _REFERENCE
    return str(row.number)


def _energy(row: "PointRow") -> str:
    from energy_runner.report.units import microjoules, value_and_expanded

    if row.energy_j is None or row.U_j is None:
        return "" if row.energy_j is None else microjoules(row.energy_j)
    return " ± ".join(value_and_expanded(1e6 * row.energy_j, 1e6 * row.U_j))


def _latency(row: "PointRow") -> str:
    from energy_runner.report.units import number

    return "" if row.latency_s is None else number(1e3 * row.latency_s, 5)


def _verdict(row: "PointRow") -> str:
    if row.state != "done":
        return row.state.replace("-", " ")
    words = "" if row.valid is None else "valid" if row.valid else "NOT VALID"
    return words + (", out of control" if row.bench_trust == "out of control" else "")


def _show_comparison(found: "SweepComparison") -> None:
    from energy_runner.cli.output import write, write_table
    from energy_runner.report.units import plain

    if found.virtual:
        write("SIMULATED: virtual benches, no measurement\n")
    a, b = (plain(name) for name in found.names)
    rows = [_change(one) for one in found.changes]
    rows.append(["all of these", "", "", *_ratio(found.overall)])
    if found.reference is not None:
        rows.append(["reference point", "", "", *_ratio(found.reference)])
    write_table(["Settings", f"{a} µJ", f"{b} µJ", f"{b} / {a}", "p", ""], rows)
    lines = []
    if found.cancelled:
        lines.append(f"Cancelled, as one monitor has it on both sides: {', '.join(found.cancelled)}")
    for name, scatter, side in zip(found.names, found.scatter, ("A", "B"), strict=True):
        if scatter is not None:
            lines.append(f"{name} ({side}): scatter from run to run {100 * scatter:.2g} %")
    for name, counts in zip(found.names, found.excluded, strict=True):
        if counts:
            lines.append(f"{name}: not counted {_counts(counts)}")
    for name, left in zip(found.names, found.unmatched, strict=True):
        if left:
            lines.append(f"{name}: {len(left)} settings that the other has not")
    lines += found.remarks
    lines.append("p allows for the number of settings (Holm); significant is p < 0.05; ± is U (95 %)")
    write("".join(f"{plain(line)}\n" for line in lines))


def _change(one: "Change") -> list[str]:
    from energy_runner.report.units import number
    from energy_runner.sweep.reading.settings import setting_text

    found = one.estimate
    cells = [
        "" if energy_j is None else number(1e6 * energy_j, 6) + (f" (n={count})" if count > 1 else "")
        for energy_j, count in zip((found.a_j, found.b_j), one.repeats, strict=True)
    ]
    return [setting_text(one.values), *cells, *_ratio(found)]


def _ratio(found: "Estimate") -> list[str]:
    from energy_runner.cli.quantities import with_u

    return [with_u(found.ratio, found.U), _chance(found.p_adjusted), found.verdict]


def _chance(p: float | None) -> str:
    """Return a probability; no figure is known well enough to tell a smaller one, and none is 0."""
    return "" if p is None else "< 1e-12" if p < 1e-12 else f"{p:.2g}"


def _percent(share: float) -> str:
    """Return a share, %; what is too small to matter is not shown as a power of ten."""
    return "0.00" if abs(share) < 5e-5 else f"{100 * share:.3g}"


def _show_anova(found: "Anova") -> None:
    from energy_runner.cli.output import write, write_table
    from energy_runner.report.units import plain

    if found.virtual:
        write("SIMULATED: virtual benches, no measurement\n")
    rows = [
        [
            effect.name,
            _percent(effect.eta_squared),
            "" if effect.omega_squared is None else _percent(effect.omega_squared),
            "" if effect.range is None else f"{100 * effect.range:.3g}",
            str(effect.dof),
            "" if effect.f is None else f"{effect.f:.3g}",
            _chance(effect.p),
        ]
        for effect in found.effects
    ]
    if found.total_sum_squares > 0:
        rest = found.residual_sum_squares / found.total_sum_squares
        rows.append(["not explained", _percent(rest), "", "", str(found.residual_dof), "", ""])
    write_table(["What", "Share η² %", "ω² %", "Range %", "df", "F", "p"], rows)
    lines = [f"{found.points} points"]
    if found.scatter is not None:
        lines.append(f"scatter that nothing explains: {100 * found.scatter:.2g} %")
    if found.excluded:
        lines.append(f"not counted: {_counts(found.excluded)}")
    lines += [f"not in the model: {line}" for line in found.left_out]
    lines += found.remarks
    write("".join(f"{plain(line)}\n" for line in lines))


def _counts(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{count} {reason}" for reason, count in counts.items())
