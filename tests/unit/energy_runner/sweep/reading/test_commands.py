# SPDX-License-Identifier: Apache-2.0
"""What `sweep table`, `plot`, `compare` and `explain` print and write, and the API beneath them."""

import csv
import io
import json
from dataclasses import replace
from pathlib import Path

import pytest

import energy_runner as er
from energy_runner.cli.sweep_reading import (
    _chance,
    _named,
    compare_command,
    explain_command,
    plot_command,
    table_command,
    where_of,
)
from energy_runner.errors import ConfigurationError
from energy_runner.session.days import epoch_s
from tests.support.sweep_rows import Monitor, night

AXES = {"voltage_v": [1.8, 3.0], "clock_mhz": [16, 48]}
ROWS = night(AXES, Monitor(), 1, reference_every=4)
VIRTUAL = [replace(row, virtual=True) for row in ROWS]


def test_a_table_for_a_person_has_u_and_why_a_point_is_missing(capsys: pytest.CaptureFixture[str]) -> None:
    lost = replace(ROWS[3], state="set-aside", energy_j=None, session=None, valid=None, reason="no answer")
    assert table_command([*ROWS[:3], lost], None) == 0
    out = capsys.readouterr().out
    assert "set aside" in out
    assert "no answer" in out
    assert "±" in out or "+/-" in out


def test_csv_and_json_go_to_stdout_alone(capsys: pytest.CaptureFixture[str]) -> None:
    table_command(VIRTUAL, None, "csv")
    caught = capsys.readouterr()
    assert len(list(csv.DictReader(io.StringIO(caught.out, newline="")))) == len(ROWS)
    assert "SIMULATED" in caught.err
    table_command(ROWS, None, where=["voltage_v=1.8"], as_json=True)
    document = json.loads(capsys.readouterr().out)
    assert {row["voltage_v"] for row in document["rows"]} == {1.8}
    assert document["schema"] == "energy-runner/sweep-table/1"


def test_a_table_is_written_to_a_file_by_its_ending(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("night.csv", "night.parquet", "night.json"):
        assert table_command(ROWS, tmp_path / name) == 0
        assert (tmp_path / name).stat().st_size > 0
    assert capsys.readouterr().out.split()[0].endswith("night.csv")
    with pytest.raises(ConfigurationError, match="needs a file"):
        table_command(ROWS, None, "parquet")
    with pytest.raises(ConfigurationError, match="not one of"):
        table_command(ROWS, None, "xls")


def test_a_comparison_says_what_cancelled_and_is_json(capsys: pytest.CaptureFixture[str]) -> None:
    other = night(AXES, Monitor(), 2, reference_every=4, factor=1.05)
    assert compare_command(ROWS, other, ("monday", "tuesday")) == 0
    out = capsys.readouterr().out
    assert "tuesday /" in out
    assert "Cancelled" in out
    assert "significant" in out
    compare_command(ROWS, other, ("monday", "tuesday"), where=["clock_mhz=16"], as_json=True)
    document = json.loads(capsys.readouterr().out)
    assert [one["values"]["clock_mhz"] for one in document["changes"]] == [16, 16]
    assert document["overall"]["verdict"] == "significant"


def test_two_parts_of_one_night_are_compared(capsys: pytest.CaptureFixture[str]) -> None:
    names = ("slow", "fast")
    compare_command(VIRTUAL, VIRTUAL, names, where_a=["clock_mhz=16"], where_b=["clock_mhz=48"])
    out = capsys.readouterr().out
    assert "SIMULATED" in out
    assert "clock_mhz is 16 in A and 48 in B" in out


def test_what_explains_the_differences_is_shown_and_is_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert explain_command(ROWS) == 0
    assert "voltage_v" in capsys.readouterr().out
    explain_command(VIRTUAL, as_json=True)
    document = json.loads(capsys.readouterr().out)
    assert document["virtual"] is True
    assert {effect["name"] for effect in document["effects"]} >= {"voltage_v", "clock_mhz"}


@pytest.mark.parametrize(("p", "text"), [(None, ""), (0.0, "< 1e-12"), (1e-300, "< 1e-12"), (0.031, "0.031")])
def test_no_probability_is_0(p: float | None, text: str) -> None:
    assert _chance(p) == text


def test_points_without_a_number_are_counted() -> None:
    assert _named(["3", "reference", "reference"]) == "point 3 and the reference point (2 times)"
    assert _named(["reference"]) == "the reference point"


def test_what_to_plot_and_where_is_asked_for_plainly() -> None:
    for wrong in ("voltage_v", "=1.8", ""):
        with pytest.raises(ConfigurationError, match="AXIS=VALUE"):
            where_of([wrong])
    with pytest.raises(ConfigurationError, match="given twice"):
        where_of(["a=1", "a=2"])
    with pytest.raises(ConfigurationError, match="nothing to write"):
        plot_command(ROWS, None)
    with pytest.raises(ConfigurationError, match="--figures"):
        plot_command(ROWS, Path("x.html"), formats=["svg"])
    with pytest.raises(ConfigurationError, match="two axes"):
        plot_command(ROWS, Path("x.html"), maps=["clock_mhz"])
    with pytest.raises(ConfigurationError, match=r"no point has voltage_v=5\. Try one of: 1\.8, 3"):
        table_command(ROWS, None, where=["voltage_v=5"])


@pytest.mark.deep
def test_the_command_that_shows_the_traces_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The folders of few points by name, of many the one that holds them; nothing where they are not here."""
    monkeypatch.chdir(tmp_path)
    rows = [replace(row, folder=str(tmp_path / "my night" / f"p{k}")) for k, row in enumerate(ROWS)]
    table_command(rows, None)
    assert "energy-runner view" not in capsys.readouterr().err
    for k in range(len(rows)):
        (tmp_path / "my night" / f"p{k}").mkdir(parents=True)
    table_command(rows, None)
    assert "To see the traces: energy-runner view 'my night'\n" in capsys.readouterr().err
    table_command(rows[:2], None)
    assert "energy-runner view 'my night/p0' 'my night/p1'\n" in capsys.readouterr().err
    table_command(rows, None, as_json=True)
    assert capsys.readouterr().err == ""
    plot_command(rows, tmp_path / "night.html")
    assert "energy-runner view 'my night'" in capsys.readouterr().err


def test_a_page_and_figures_are_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    page, figures = tmp_path / "night.html", tmp_path / "figures"
    plot_command(ROWS, page, figures, ["svg"], over=["clock_mhz"], maps=["clock_mhz,voltage_v"], as_json=True)
    written = json.loads(capsys.readouterr().out)["files"]
    assert [Path(path).name for path in written] == [
        "night.html",
        "energy-latency.svg",
        "drift.svg",
        "energy-over-clock_mhz.svg",
        "map-clock_mhz-voltage_v.svg",
    ]
    assert all(Path(path).is_file() for path in written)


def test_the_api_has_the_same_by_name() -> None:
    assert len(er.sweep_table(er.select_points(ROWS, {"voltage_v": "3"}))) < len(ROWS)
    assert er.compare_sweeps(ROWS, ROWS).overall.ratio == pytest.approx(1)
    assert er.explain_sweep(ROWS).points == 12


def test_a_moment_is_read_with_and_without_its_zone() -> None:
    assert epoch_s("1970-01-01T00:01:00Z") == 60
    assert epoch_s("1970-01-01T00:01:00") == 60
    assert epoch_s("1970-01-01T01:01:00+01:00") == 60
    assert epoch_s("tomorrow") is None
    assert epoch_s(None) is None
