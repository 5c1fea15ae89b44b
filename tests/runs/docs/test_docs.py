# SPDX-License-Identifier: Apache-2.0
"""The documentation cannot rot: its code runs, its tables are complete, its links lead somewhere."""

import importlib
import os
import re
import statistics
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any, get_args

import pytest
from pydantic import BaseModel

from energy_runner import api
from energy_runner.bench.build import build_bench
from energy_runner.bench.calibration_spec import CalibrationSpec, PointSpec, TermSpec
from energy_runner.bench.edge_delay_spec import EdgeDelaySpec
from energy_runner.bench.spec import (
    BenchSpec,
    DutSpec,
    EnvironmentSpec,
    InstrumentSpec,
    IoManagerSpec,
    MonitorSpec,
    RolesSpec,
    SamplerSpec,
    SupplySpec,
    VirtualSpec,
)
from energy_runner.bench.wiring import check_roles, roles_of
from energy_runner.errors import ExitStatus
from energy_runner.rules.table import RULES
from energy_runner.session.events import KnownEvent
from energy_runner.session.record import Record
from energy_runner.session.result import Result
from instruments.conformance import CHECKS
from instruments.registry import BUILT_IN, ENTRY_POINT_GROUP, drivers
from instruments.world.faults import Faults
from tests.support.cli import commands
from tests.support.places import ROOT
from tests.support.small import small_plan

DOCS = ROOT / "docs"
PAGES = [*sorted(ROOT.glob("*.md")), *sorted(page for page in DOCS.rglob("*.md") if "decisions" not in page.parts)]
BLOCK = re.compile(
    r"^(?:<!-- test: (?P<note>.*?) -->\n)?```(?P<kind>\w+)\n(?P<code>.*?)^```$", re.DOTALL | re.MULTILINE
)


def text(page: str) -> str:
    return (DOCS / page).read_text("utf-8")


def blocks(page: str, kind: str) -> list[tuple[str, str]]:
    """The code blocks of one kind, each with the note to the test that stands before it."""
    found = BLOCK.finditer(text(page))
    return [(match["note"] or "", match["code"]) for match in found if match["kind"] == kind]


def run_blocks(codes: list[str], page: str) -> dict[str, Any]:
    """Run code blocks one after the other in one namespace, as in a notebook."""
    namespace: dict[str, Any] = {"__name__": "notebook"}
    for number, code in enumerate(codes, start=1):
        exec(compile(code, f"{page}, block {number}", "exec"), namespace)  # noqa: S102 - our own documentation
    return namespace


def section(page: str, heading: str) -> str:
    """The text under a heading, up to the next one of the same level."""
    whole = text(page)
    assert f"\n{heading}\n" in whole, f"{page} has no {heading!r}"
    rest = whole.partition(f"\n{heading}\n")[2]
    level = heading.partition(" ")[0]
    return re.split(rf"^{level} ", rest, maxsplit=1, flags=re.MULTILINE)[0]


def rows(table: str) -> dict[str, list[str]]:
    """The rows of a table by what their first cell says in code."""
    cells = [
        [cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines() if line[:1] == "|"
    ]
    return {name: row for row in cells for name in re.findall(r"`([^`]+)`", row[0])}


# --- every page -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page):
    for target in re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text("utf-8")):
        assert (page.parent / target).exists(), f"{page.relative_to(ROOT)}: {target}"


def test_every_page_is_in_the_index():
    listed = {
        (DOCS / page).parent / target
        for page in ("index.md", "reference/api/index.md")
        for target in re.findall(r"\]\(([^)#]+)", text(page))
    }
    missing = [
        page.name for page in PAGES if page.parent != ROOT and page.name != "index.md" and page not in listed
    ]
    assert not missing


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_commands_shown_exist(page):
    """Every `energy-runner …` line is understood up to its arguments: the command and all its options."""
    known = {
        words: {opt for parameter in command.params for opt in parameter.opts} for words, command in commands()
    }
    known_secondary = {opt for _, command in commands() for p in command.params for opt in p.secondary_opts}
    shown = re.findall(r"(?:\$ |`)energy-runner ([^`\n#|>;]+)", page.read_text("utf-8"))
    for line in shown:
        words = line.split()
        command = max((c for c in known if tuple(words[: len(c)]) == c), key=len)
        assert command or words[0].startswith("-") or not words[0].islower(), f"no such command: {line}"
        options = {word.partition("=")[0] for word in words if re.fullmatch(r"--?[a-z][\w-]*", word)}
        allowed = known[command] | known_secondary | {"--help", "-h"} | known[()]
        assert options <= allowed, f"no such option: {line}"


# --- tutorials and how-tos ---------------------------------------------------------------------------------


def test_the_python_tutorial_runs(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    codes = [code for _, code in blocks("tutorials/python-api.md", "python")]
    assert len(codes) >= 8
    names = run_blocks(codes, "python-api.md")
    assert names["result"].valid
    assert (tmp_path / "windows.png").stat().st_size > 10_000
    assert names["overview"].shape == (1000, 3)
    assert "window 5 of 5" in capsys.readouterr().out
    assert len(set(names["medians"])) == 3


def test_the_python_tutorial_names_the_whole_api():
    import energy_runner

    page = text("tutorials/python-api.md")
    for name in energy_runner.__all__:
        assert re.search(rf"`er\.{name}\b", page), name


def test_faults_in_the_how_to_do_what_it_says(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    codes = [code for note, code in blocks("how-to/use-the-twin-bench.md", "python") if not note]
    run_blocks(codes, "use-the-twin-bench.md")
    said = capsys.readouterr().out.splitlines()
    assert all(abs(float(line.split()[0])) < 1.0 for line in said[:5]), "the ideal bench is right to a ppm"
    for line, start, failed in zip(
        said[5:],
        ("lose_an_edge completed False", "drop_samples completed False", "pull_the_cable bench-fault False"),
        ("edges-match-commands", "no-lost-samples", "run-completed"),
        strict=True,
    ):
        assert line.startswith(start)
        assert failed in line


def test_the_how_to_lists_every_fault_switch():
    listed = rows(section("how-to/use-the-twin-bench.md", "## Inject a fault"))
    assert {field.name for field in fields(Faults)} <= listed.keys()


@pytest.mark.wire
@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pseudo-terminals to serve on")
def test_a_client_of_a_served_bench(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    words = ("bench", "serve", "virtual-lpm01a", "--write", "served.toml", "--seconds", "30")
    with subprocess.Popen(
        [sys.executable, "-m", "energy_runner", *words],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        text=True,
    ) as server:
        try:
            assert server.stdout is not None
            assert any("Ctrl-C ends it" in line for line in server.stdout)
            notes = dict(blocks("how-to/use-the-twin-bench.md", "python"))
            run_blocks([notes["needs served.toml"]], "use-the-twin-bench.md")
        finally:
            server.terminate()
    said = capsys.readouterr().out
    assert "ack htc" in said
    assert "ack version: 1.0.6" in said


PACKAGES = {
    "how-to/write-a-driver.md": "acme_em1",
    "how-to/write-a-scpi-driver.md": "acme_em2",
    "how-to/write-a-vendor-driver.md": "acme_em3",
}


@pytest.fixture
def written_driver(tmp_path, monkeypatch) -> Iterator[Path]:
    """The packages of the how-to guides, on the import path as if they were installed."""
    for page, package in PACKAGES.items():
        write_package(page, package, tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    importlib.invalidate_caches()
    yield tmp_path
    for name in [name for name in sys.modules if name.partition(".")[0] in PACKAGES.values()]:
        del sys.modules[name]


def write_package(page: str, package: str, into: Path) -> None:
    for _, code in [*blocks(page, "python"), *blocks(page, "toml")]:
        first, _, _ = code.partition("\n")
        if first.startswith("# "):  # the file's name
            file = into / first.removeprefix("# ")
            file.parent.mkdir(exist_ok=True)
            file.write_text(code, "utf-8")
    room = {file.name for file in (into / package).iterdir()}
    assert {"protocol.py", "specification.toml", "driver.py", "twin.py"} <= room
    entries = tomllib.loads((into / "pyproject.toml").read_text("utf-8"))["project"]["entry-points"]
    info = into / f"{package}-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n", "utf-8")
    lines = [
        f"[{group}]\n" + "".join(f"{k} = {v}\n" for k, v in names.items()) for group, names in entries.items()
    ]
    (info / "entry_points.txt").write_text("".join(lines), "utf-8")
    assert ENTRY_POINT_GROUP in entries


def test_the_driver_of_the_how_to_conforms_and_is_found(written_driver):
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "-p",
            "no:cacheprovider",
            "--hypothesis-profile=ci",
            "acme_em1/test_em1.py",
        ],
        cwd=written_driver,
        env=os.environ | {"PYTHONPATH": f"{ROOT}{os.pathsep}{written_driver}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    assert f"{len(CHECKS) + 6} passed" in done.stdout
    assert drivers()["acme-em1"].title == "Acme EM-1"
    monitor = {"driver": "acme-em1", "port": "/dev/x", "voltage_v": 3.0}
    spec = BenchSpec.model_validate({"name": "b", "monitor": monitor, "io_manager": {"port": "/dev/y"}})
    bench = build_bench(spec)
    assert type(bench.sampler).__name__ == "Em1"
    assert type(bench.supply).__name__ == "Em1Supply"


def test_the_driver_of_the_how_to_measures_right_on_its_own_twin(written_driver):
    [bench] = [spec for page, spec in bench_files() if page == "write-a-driver.md"]
    examination = api.examine_bench(bench)
    assert examination.well, examination.steps
    plan = small_plan(written_driver / "stimuli")
    session = api.run(bench, plan, out=written_driver / "session")
    assert session.record.outcome == "completed", session.record.reason
    assert session.record.supply_off_confirmed is True
    score, truth = session.result().energy_per_inference_j, session.record.truth
    assert score is not None
    assert truth is not None
    true_j = statistics.median(window.energy_j / window.inferences for window in truth)
    assert abs(score.median / true_j - 1) > 1e-5, "its twin has errors"
    assert abs(score.median - true_j) <= score.U < 0.02 * true_j


def bench_files() -> list[tuple[str, BenchSpec]]:
    """Every bench file in the documentation with the name of its page."""
    return [
        (page.name, BenchSpec.model_validate(table))
        for page in PAGES
        for match in BLOCK.finditer(page.read_text("utf-8"))
        # The plan of a sweep has a name, too; its tests are in tests/runs/sweep.
        if match["kind"] == "toml" and "name" in (table := tomllib.loads(match["code"])) and "axes" not in table
    ]


@pytest.mark.usefixtures("written_driver")
def test_bench_files_in_the_documentation_are_good():
    found = bench_files()
    assert len(found) >= 7
    for page, spec in found:
        check_roles(spec)
        build_bench(spec, "energy" if "sampler" in roles_of(spec) else "performance"), page


def test_the_mix_in_the_reference_is_well():
    [mix] = [spec for _, spec in bench_files() if spec.name == "mix-of-three"]
    examination = api.examine_bench(mix)
    assert examination.well, examination.steps
    assert [step.step for step in examination.steps][:3] == ["psu answers", "meter answers", "uno answers"]


# --- reference ---------------------------------------------------------------------------------------------

TABLES: list[tuple[str, type[BaseModel]]] = [
    ("## Top level", BenchSpec),
    ("## `[instruments.NAME]`", InstrumentSpec),
    ("## `[instruments.NAME.calibration]`", CalibrationSpec),
    ("## `[[instruments.NAME.calibration.point]]`", PointSpec),
    ("## `[[instruments.NAME.specification.term]]`", TermSpec),
    ("## `[roles]`", RolesSpec),
    ("## `[edge_delay]`", EdgeDelaySpec),
    ("## `[supply]`", SupplySpec),
    ("## `[sampler]`", SamplerSpec),
    ("## `[monitor]`", MonitorSpec),
    ("## `[environment]`", EnvironmentSpec),
    ("## `[io_manager]`", IoManagerSpec),
    ("## `[dut]`", DutSpec),
    ("## `[virtual]`", VirtualSpec),
]
PLAIN_DEFAULTS = {None: "none", True: "`true`", False: "`false`"}


@pytest.mark.parametrize(("heading", "model"), TABLES, ids=lambda value: getattr(value, "__name__", None))
def test_every_key_of_a_bench_file_with_its_default(heading, model):
    table = rows(section("reference/bench-file.md", heading))
    for name, field in model.model_fields.items():
        assert name in table, f"{heading} lacks {name}"
        value = field.get_default(call_default_factory=True)
        if field.is_required():
            said = "required"
        elif isinstance(value, BaseModel | dict):
            said = "`{}`"
        else:
            plain = value is None or isinstance(value, bool)
            said = PLAIN_DEFAULTS[value] if plain else f"`{value!r}`".replace("'", '"')
        assert table[name][2] == said, f"{heading}, {name}"


def test_every_option_of_a_built_in_driver():
    table = rows(section("reference/bench-file.md", "## `[instruments.NAME]`"))
    for driver in BUILT_IN:
        assert driver.name in table
        assert all(role in table[driver.name][1] for role in driver.roles), driver.name
        assert all(f"`{option}`" in table[driver.name][3] for option in driver.options_model().model_fields)


def test_every_event_with_its_keys():
    table = rows(section("reference/session-folder.md", "## `journal.jsonl`"))
    for event in get_args(get_args(KnownEvent)[0]):
        kind = event.model_fields["kind"].default
        assert kind in table, kind
        for name in event.model_fields.keys() - {"t_ns", "kind"}:
            assert f"`{name}`" in table[kind][1], f"{kind}: {name}"


@pytest.mark.parametrize(("heading", "model"), [("## `record.json`", Record), ("## `result.json`", Result)])
def test_every_key_of_record_and_result(heading, model):
    table = rows(section("reference/session-folder.md", heading))
    for name, field in model.model_fields.items():
        assert (field.alias or name) in table, f"{heading} lacks {field.alias or name}"


def test_every_command_and_option():
    page = text("reference/command-line.md")
    for words, command in commands():
        if not hasattr(command, "commands"):
            assert f"`energy-runner {' '.join(words)}" in page, words
        for parameter in command.params:
            for option in (*parameter.opts, *parameter.secondary_opts):
                if option.startswith("-"):
                    assert f"`{option}`" in page, f"{' '.join(words)} {option}"


def test_every_exit_status():
    listed = section("reference/command-line.md", "## Exit status")
    assert re.findall(r"^\| (\d) \|", listed, re.MULTILINE) == [str(int(status)) for status in ExitStatus]


def test_verdicts_that_are_explained_exist():
    table = rows(section("tutorials/measure-your-board.md", "## 7. If a verdict fails"))
    assert len(table) > 5
    assert table.keys() <= RULES.keys()
