# SPDX-License-Identifier: Apache-2.0
"""`compare A B`: the difference of two results, with its uncertainty."""

from pathlib import Path
from textwrap import wrap
from typing import TYPE_CHECKING, Any

from energy_runner.cli.differences import tell_others
from energy_runner.cli.output import write, write_json
from energy_runner.cli.view_hint import tell_traces
from energy_runner.errors import ExitStatus, SessionError
from energy_runner.report.units import plain

if TYPE_CHECKING:
    from energy_runner.analysis.against.baseline import Baseline
    from energy_runner.api.comparisons import SessionComparison

SCHEMA = "energy-runner/compare/1"
_COLUMNS = 80


def compare_command(a: Path, b: Path, *, figure: Path | None = None, as_json: bool) -> int:
    """Compare two results; status 1 if facts of a session are not as they were sealed."""
    from energy_runner import api

    if figure is not None:
        from energy_runner.report.figures.difference import format_of

        format_of(figure)  # before anything is judged anew
    differs = [line for path in (a, b) for line in _differs(path)]
    found = api.compare_sessions(a, b)
    if figure is not None:
        found.write_figure(figure, (a.name or str(a), b.name or str(b)))
    status = ExitStatus.RULE_FAILED if differs else ExitStatus.VALID
    if as_json:
        write_json(_document(found))
    else:
        drawn = [f"Figure  {figure}"] if figure is not None else []
        write("\n".join(plain(line) for line in (*_lines(found, a, b), *drawn)) + "\n")
        tell_traces((a, b))
    return status


def _differs(path: Path) -> list[str]:
    from energy_runner import api

    if not path.is_dir():
        return []
    try:
        return tell_others(api.load_session(path))
    except SessionError:
        return []  # the comparison says what is wrong with it


def _lines(found: "SessionComparison", a: Path, b: Path) -> list[str]:
    from energy_runner.analysis.against.better import in_words, sentence

    notes: dict[str, None] = {}
    lines = [*(_named(name, one, path) for name, one, path in (("A", found.a, a), ("B", found.b, b))), ""]
    for one in found.differences:
        for line in in_words(one):
            lines += wrap(line, _COLUMNS, subsequent_indent="    ")
        notes |= dict.fromkeys(one.notes)
    if notes:
        lines += [
            "",
            *(line for note in notes for line in wrap(f"Note: {note}", _COLUMNS, subsequent_indent="  ")),
        ]
    lines += ["", "Each ± is an expanded uncertainty for a coverage of 95 %."]
    lines += ["SIMULATED: no hardware was measured"] if found.virtual else []
    return [*lines, "", *wrap(sentence(found.differences), _COLUMNS)]


def _named(name: str, one: "Baseline", path: Path) -> str:
    return f"{name}  {one.benchmark}, {one.mode}{'' if one.valid else ', NOT VALID'}: {path}"


def _document(found: "SessionComparison") -> dict[str, Any]:
    from energy_runner.analysis.against.better import as_document

    return {
        "schema": SCHEMA,
        "virtual": found.virtual,
        "a": _of(found.a),
        "b": _of(found.b),
        "differences": [as_document(one) for one in found.differences],
    }


def _of(one: "Baseline") -> dict[str, Any]:
    return {
        "session_id": one.session_id,
        "benchmark": one.benchmark,
        "mode": one.mode,
        "valid": one.valid,
        "voltage_v": one.voltage_v,
        "facts_sha256": one.facts_sha256,
    }
