# SPDX-License-Identifier: Apache-2.0
"""A logic analyzer's edges from a CSV file: what is read, and which line of it is called wrong."""

from pathlib import Path

import pytest

from energy_runner.analysis.phases import edge_file
from energy_runner.analysis.phases.edge_file import read_edges
from energy_runner.errors import ConfigurationError


def file(folder: Path, text: str) -> Path:
    path = folder / "edges.csv"
    path.write_text(text, "utf-8")
    return path


def test_edges_are_read_in_the_order_of_each_pin(tmp_path: Path) -> None:
    text = "Pin, time_s ,level\ninfer,0.5,1\n\nload,1,0\ninfer, 1.25e0 ,0\n"
    assert read_edges(file(tmp_path, text)) == {"infer": [(0.5, True), (1.25, False)], "load": [(1.0, False)]}


@pytest.mark.parametrize("head", ["", "pin,time,level", "time_s,pin,level", "pin,time_s"])
def test_the_first_line_names_the_columns(head: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"the first line must be pin,time_s,level"):
        read_edges(file(tmp_path, f"{head}\na,1.0,1\n"))


@pytest.mark.parametrize("row", ["a,1.0", "a,1.0,", "a,1.0,1,2", ",1.0,1", "a\x07,1.0,1"])
def test_fields_and_a_name_make_an_edge(row: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"line 3: [234] fields and a name are not an edge"):
        read_edges(file(tmp_path, f"pin,time_s,level\nb,1.0,1\n{row}\n"))


@pytest.mark.parametrize("row", ["a,soon,1", "a,nan,1", "a,inf,0", "a,1.0,2", "1,0,high", "a,0,-1"])
def test_a_time_and_a_level_make_an_edge(row: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=f"line 2: '{row}' is not an edge"):
        read_edges(file(tmp_path, f"pin,time_s,level\n{row}\n"))


def test_a_file_without_an_edge_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="holds no edge"):
        read_edges(file(tmp_path, "pin,time_s,level\n"))


def test_so_many_lines_are_read_and_no_more(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert edge_file.MOST_EDGES == 1_000_000
    monkeypatch.setattr(edge_file, "MOST_EDGES", 3)
    assert len(read_edges(file(tmp_path, "pin,time_s,level\na,1,1\na,2,0\n"))["a"]) == 2
    with pytest.raises(ConfigurationError, match="more than 3 lines"):
        read_edges(file(tmp_path, "pin,time_s,level\na,1,1\na,2,0\na,3,1\n"))
