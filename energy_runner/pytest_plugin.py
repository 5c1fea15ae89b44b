# SPDX-License-Identifier: Apache-2.0
"""A plug-in of pytest: the fixture `measure` records what a DUT draws while the body of a `with` statement runs.

    def test_boot(measure):
        with measure("boot", from_off=True, max_uj=1500, max_ma=12) as m:
            m.wait_for_boot()

The bench is named by `--energy-bench`, opened once, and its supply is off at the end of every path. A limit fails
a test only if the figure less its expanded uncertainty is above it. Results are in the terminal's summary, among
the properties of the test (JUnit XML), in the recording's folder, and in the file of `--energy-json`.
"""

import json
import warnings
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from energy_runner.api.recordings import RecordingBench, Stretch

Measure = Callable[..., AbstractContextManager["Stretch"]]

SCHEMA = "energy-runner/measured-tests/1"
PROPERTY = "energy_runner"
UNDECIDED = ("note", "warn", "fail")
_OURS = "energy-runner"


class UndecidedWarning(pytest.PytestWarning):
    """A limit lies inside the uncertainty of the figure, so neither can be told."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options, each with a key of the ini file for the same."""
    group = parser.getgroup(_OURS, "energy-runner: what the device under test draws")
    group.addoption(
        "--energy-bench",
        metavar="NAME|FILE",
        help="bench of the fixture `measure`; without it such tests are skipped",
    )
    group.addoption("--energy-dir", metavar="DIR", help="folder for the recordings; default: recordings")
    group.addoption("--energy-json", metavar="FILE", help="write all figures into one JSON file")
    group.addoption("--energy-seed", type=int, default=0, metavar="N", help="seed of a virtual bench's errors")
    group.addoption(
        "--energy-undecided",
        choices=UNDECIDED,
        help="a limit inside the figure's uncertainty: `note` it in the summary (default), `warn`, or `fail`",
    )
    parser.addini("energy_bench", "as --energy-bench", default="")
    parser.addini("energy_dir", "as --energy-dir", default="recordings")
    parser.addini("energy_undecided", "as --energy-undecided", default="note")


@pytest.fixture(scope="session")
def energy_bench(request: pytest.FixtureRequest) -> "Iterator[RecordingBench]":
    """Return the bench, open for the whole session; its supply is off at the end."""
    name = _option(request.config, "bench")
    if not name:
        pytest.skip("no bench to measure on. Try: --energy-bench NAME|FILE")
    undecided = _option(request.config, "undecided")
    if undecided not in UNDECIDED:
        raise pytest.UsageError(f"energy_undecided: {undecided!r} is none of {', '.join(UNDECIDED)}")
    from energy_runner.api.recordings import recorder
    from energy_runner.errors import RunnerError

    folder, seed = _option(request.config, "dir"), request.config.getoption("--energy-seed")
    with ExitStack() as held:
        try:
            bench = held.enter_context(recorder(name, seed=seed, parent=folder, doing="pytest"))
        except RunnerError as error:
            # Its message says what is wrong; a traceback through this package would only hide it.
            pytest.fail(f"the bench cannot be used: {error}", pytrace=False)
        yield bench


@pytest.fixture
def measure(energy_bench: "RecordingBench", request: pytest.FixtureRequest) -> Measure:
    """Return a function that records the body of a `with` statement: `measure(name, from_off=False, **limits)`."""

    @contextmanager
    def measured(name: str, *, from_off: bool = False, **limits: float) -> "Iterator[Stretch]":
        with energy_bench.measure(name, from_off=from_off, **limits) as stretch:
            yield stretch
        _told(request.node, stretch)
        over = [str(one) for one in stretch.judged if one.verdict == "over"]
        open_ones = [str(one) for one in stretch.judged if one.verdict == "cannot be told"]
        wanted = _option(request.config, "undecided")
        if open_ones and wanted == "warn":
            warnings.warn(UndecidedWarning(f"{name}: {'; '.join(open_ones)}"), stacklevel=3)
        failed = over + (open_ones if wanted == "fail" else [])
        if failed:
            pytest.fail(f"{name}: {'; '.join(failed)}\nrecording: {stretch.folder}", pytrace=False)

    return measured


def _told(item: pytest.Item, stretch: "Stretch") -> None:
    """Put the figures among the properties of a test, where JUnit XML, summary and JSON file get them from."""
    from dataclasses import asdict

    from energy_runner.analysis.recording.judge import SHOWN, in_words
    from energy_runner.wording import printable

    recorded = stretch.result
    figures = {name: {"value": one.value, "U": one.U, "u": one.u} for name, one in _figures(recorded, SHOWN)}
    for name, one in figures.items():
        item.user_properties.append((f"{printable(stretch.name)}.{name}", one["value"]))
        item.user_properties.append((f"{printable(stretch.name)}.{name}.U", one["U"]))
    row = {
        "test": item.nodeid,
        "name": stretch.name,
        "virtual": recorded.virtual,
        "folder": str(stretch.folder),
        "figures": figures,
        "incomplete": list(recorded.incomplete),
        "limits": [asdict(one) | {"text": str(one)} for one in stretch.judged],
        "text": in_words(recorded),
    }
    item.user_properties.append((PROPERTY, json.dumps(row)))


def _figures(recorded: Any, names: Any) -> Iterator[tuple[str, Any]]:
    for name in names:
        yield name, getattr(recorded, name)


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """Print what was measured, and write the JSON file; of all workers, where there are several."""
    rows = [
        json.loads(value)
        for reports in terminalreporter.stats.values()
        for report in reports
        if getattr(report, "when", "") == "call"
        for name, value in report.user_properties
        if name == PROPERTY
    ]
    _show(terminalreporter, rows)
    path = config.getoption("--energy-json")
    if path:
        _write(Path(path), rows)


def _write(path: Path, rows: list[dict[str, Any]]) -> None:
    """Write the JSON file; a disk that refuses it ends pytest with the status of an error, and says why."""
    from energy_runner.errors import in_words, remedy

    document = {"schema": SCHEMA, "measured": rows}
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n", "utf-8", "backslashreplace")
    except OSError as error:
        pytest.exit(f"--energy-json {path}: cannot be written ({in_words(error)}){remedy(error)}", returncode=3)


def _show(terminalreporter: Any, rows: list[dict[str, Any]]) -> None:
    if not rows:
        return
    terminalreporter.section("energy")
    for row in rows:
        virtual = " (VIRTUAL: simulated, not measured)" if row["virtual"] else ""
        terminalreporter.line(f"{row['test']}, {row['name']}{virtual}: {row['text']}")
        for limit in row["limits"]:
            terminalreporter.line(f"  {limit['text']}")
        if row["incomplete"]:
            terminalreporter.line(f"  the uncertainty is incomplete: {'; '.join(row['incomplete'])}")


def _option(config: pytest.Config, name: str) -> str:
    """Return an option of the command line, or else of the ini file."""
    given = config.getoption(f"--energy-{name}")
    return str(given if given is not None else config.getini(f"energy_{name}"))
