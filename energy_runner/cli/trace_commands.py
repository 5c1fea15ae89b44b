# SPDX-License-Identifier: Apache-2.0
"""`import trace`: one call of the API, and how far it is on stderr."""

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from energy_runner.cli.output import write_json
from energy_runner.errors import Argument, ConfigurationError, SessionError
from energy_runner.report.progress import ProgressBar

_WORTH_SAYING_S = 3.0  # shorter waits are not announced where no bar is drawn
_CALLED = {"voltage_v": "voltage", "rate_hz": "rate"}  # options that are called otherwise than the arguments


@dataclass(frozen=True)
class TraceOptions:
    """The options of `import trace`."""

    file: Path
    out: Path | None
    edges: str
    edge: str
    voltage: float | None
    inferences: int | None
    instrument: str
    columns: str
    rate: float | None
    benchmark: str | None
    samples: str
    began: str
    as_json: bool


def import_trace_command(options: TraceOptions) -> int:
    """Import a trace, and print its result."""
    from energy_runner import api
    from energy_runner.report.terminal import print_session

    columns = told_columns(options.columns)
    with ProgressBar() as bar:
        shown = _Shown(bar)
        try:
            session = api.import_trace(
                options.file,
                options.out,
                edges=options.edges or None,
                edge=options.edge,  # type: ignore[arg-type]
                voltage_v=options.voltage,
                inferences=options.inferences,
                instrument=options.instrument,
                columns=columns,
                rate_hz=options.rate,
                benchmark=options.benchmark,
                samples=options.samples or None,  # type: ignore[arg-type]
                began=options.began or None,
                progress=shown,
            )
        except (ConfigurationError, SessionError) as error:
            raise _with_options(error) from error
    result = session.result()
    if options.as_json:
        write_json({"folder": str(session.path), "result": result.model_dump(mode="json")})
    else:
        print_session(session)
    return int(api.exit_status(session))


def told_columns(text: str) -> dict[str, str]:
    """Return the units of columns in `time=ms,current=uA`; raises `ConfigurationError` for any other text."""
    found: dict[str, str] = {}
    for part in text.split(",") if text else ():
        name, equals, unit = part.rpartition("=")
        if not equals or not name.strip() or not unit.strip():
            raise ConfigurationError(
                f"--columns {text[:80]}: {part[:40]!r} is not NAME=UNIT. Try: --columns time=ms,current=uA"
            )
        found[name.strip()] = unit.strip()
    return found


class _Shown:
    """Draws the bar; where there is none, says once how long it will take."""

    def __init__(self, bar: ProgressBar) -> None:
        self._bar = bar
        self._said = False

    def __call__(self, done: float, left_s: float | None) -> None:
        self._bar.progress(done, 1.0, "read the trace" if done < 1 or left_s is not None else "derive the result")
        if left_s is not None and not self._said:
            self._said = True
            stream = sys.stderr
            if left_s >= _WORTH_SAYING_S and stream is not None and not stream.isatty():
                self._bar.line(f"reading the trace: about {left_s:.0f} s left")


def _with_options(error: Any) -> Any:
    """Return an error whose arguments are called as the options of this command are."""
    parts = (
        Argument(_CALLED[part.name], part.value) if isinstance(part, Argument) and part.name in _CALLED else part
        for part in error.args
    )
    return type(error)(*parts)
