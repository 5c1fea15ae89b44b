# SPDX-License-Identifier: Apache-2.0
"""Label files that are almost right: what Windows and spreadsheets make of them is named as such."""

from pathlib import Path

import pytest

from energy_runner.benchmarks.catalogue import load_benchmark
from energy_runner.benchmarks.stimuli import find_stimuli
from energy_runner.errors import ConfigurationError

KWS01 = load_benchmark("kws01")


def said_of(folder: Path) -> str:
    with pytest.raises(ConfigurationError) as caught:
        find_stimuli(folder, KWS01)
    return str(caught.value)


@pytest.mark.parametrize(
    "header", ["file,classes,label", "Datei;Klassen;Klasse", "file\tclasses\tlabel", "name,class"]
)
def test_a_header_is_called_a_header(header: str, tmp_path: Path) -> None:
    (tmp_path / "y_labels.csv").write_text(f"{header}\r\na.bin,12,1\r\n", "utf-8")
    said = said_of(tmp_path)
    assert "line 1: " in said
    assert "looks like a header, and a label file has none: delete the line" in said


@pytest.mark.parametrize(
    ("begin", "words"),
    [(b"PK\x03\x04", "a workbook"), (b"\xd0\xcf\x11\xe0", "an old workbook"), (b"\x1f\x8b\x08", "compressed")],
)
def test_a_workbook_is_not_taken_for_a_text(begin: bytes, words: str, tmp_path: Path) -> None:
    (tmp_path / "y_labels.csv").write_bytes(begin + bytes(100))
    assert words in said_of(tmp_path)
    assert "save it as CSV" in said_of(tmp_path)


@pytest.mark.parametrize("name", ["y_labels.csv.txt", "Y_LABELS.CSV", "y_labels.xlsx", "y_labels (1).csv"])
def test_a_label_file_under_another_name_is_pointed_at(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text("a.bin,12,1\n", "utf-8")
    if not (tmp_path / "y_labels.csv").exists():  # a file system may not tell capitals
        assert f"{name}: rename it" in said_of(tmp_path)


def test_nothing_is_pointed_at_in_a_folder_of_other_files(tmp_path: Path) -> None:
    (tmp_path / "a.bin").write_bytes(b"1")
    assert "rename" not in said_of(tmp_path)
