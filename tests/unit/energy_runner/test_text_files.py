# SPDX-License-Identifier: Apache-2.0
"""Every text file that a user gives is read as any editor and spreadsheet saves it, and means the same."""

import codecs
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from energy_runner.analysis.phases.edge_file import read_edges
from energy_runner.api.benches import bench_text, list_benches
from energy_runner.bench import load_bench_spec
from energy_runner.bench.calibration_file import read_calibration
from energy_runner.benchmarks.catalogue import load_benchmark
from energy_runner.benchmarks.labels import Label, read_labels
from energy_runner.errors import ConfigurationError
from energy_runner.published.contents import load, read_lines
from energy_runner.published.discover import discover
from energy_runner.rules.own_set import read_rule_set
from energy_runner.submission.system import empty_form, read_form
from energy_runner.text_file import Row, TextError, as_utf8, decoded, read_text, rows_of

KWS = load_benchmark("kws01")
BENCH = """# Prüfplatz
name = "desk"
description = "Prüfplatz µ"
[monitor]
driver = "n6705"
port = "TCPIP0::192.168.1.20::5025::SOCKET"
voltage_v = 1.8
{calibration}
[io_manager]
port = "/dev/ttyACM1"
"""
CALIBRATION = """[calibration]
calibrated_on = "2026-03-31"
laboratory = "Prüflabor"
"""
RULES = """based_on = "lab"
title = "Prüfplatz µ"
[rules]
spread = { limit = 0.01 }
"""
LABELS = "grün.bin,12,3\nb.bin,12,4\n\nc.bin,12,5\n"
EDGES = "pin,time_s,level\nµ,12.345,1\nµ,12.5,0\nb,13.0,1\n"
LOG = "01-01-2026 10:00:00.000 |   0.000 | Logging initialized µ\nm-ready\n\nm-[end]\n"


def saved(file: Path, data: bytes) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(data)
    return file


def _bench(folder: Path, data: bytes) -> Any:
    file = saved(folder / "b.toml", data)
    assert [row.description for row in list_benches(folder) if row.name == str(file)] == ["Prüfplatz µ"]
    return load_bench_spec(str(file)), bench_text(file)


def _include(folder: Path, data: bytes) -> Any:
    saved(folder / "c.toml", data)
    return load_bench_spec(
        str(saved(folder / "b.toml", BENCH.format(calibration='calibration = "c.toml"').encode()))
    )


def _rules(folder: Path, data: bytes) -> Any:
    return read_rule_set(saved(folder / "own.toml", data)).model_copy(update={"sha256": ""})


def _audited(folder: Path, data: bytes) -> Any:
    saved(folder / "kws/energy/results.txt", data)
    saved(folder / "kws/energy/log.txt", data)
    (found,) = discover(folder)
    contents = load(found)
    return list(contents.log), contents.results, contents.of_mlcommons


Read = Callable[[Path, bytes], Any]
READERS: dict[str, tuple[str, Read]] = {
    "bench file": (BENCH.format(calibration=""), _bench),
    "included calibration": (CALIBRATION, _include),
    "calibration file": (CALIBRATION, lambda folder, data: read_calibration(saved(folder / "c.toml", data))),
    "rule set": (RULES, _rules),
    "system description": (
        empty_form().replace('""', '"µ"'),
        lambda folder, data: read_form(saved(folder / "s.toml", data)),
    ),
    "label file": (LABELS, lambda folder, data: read_labels(saved(folder / "y_labels.csv", data), KWS)),
    "edge file": (EDGES, lambda folder, data: read_edges(saved(folder / "e.csv", data))),
    "log": (LOG, lambda folder, data: list(read_lines(saved(folder / "log.txt", data), 1 << 20))),
    "audited session": (LOG, _audited),
}
FORMS: dict[str, Callable[[str], bytes]] = {
    "UTF-8 with a mark": lambda text: codecs.BOM_UTF8 + text.encode(),
    "UTF-16 LE": lambda text: codecs.BOM_UTF16_LE + text.encode("utf-16-le"),
    "UTF-16 BE": lambda text: codecs.BOM_UTF16_BE + text.encode("utf-16-be"),
    "UTF-16 LE without a mark": lambda text: text.encode("utf-16-le"),
    "UTF-16 BE without a mark": lambda text: text.encode("utf-16-be"),
    "UTF-32": lambda text: text.encode("utf-32"),
    "CRLF": lambda text: text.replace("\n", "\r\n").encode(),
    "CR": lambda text: text.replace("\n", "\r").encode(),
    "as PowerShell writes it": lambda text: text.replace("\n", "\r\n").encode("utf-16"),
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("reader", READERS)
def test_every_reader_takes_every_form(reader: str, form: str, tmp_path: Path) -> None:
    text, read = READERS[reader]
    usual = read(tmp_path, text.encode())
    assert read(tmp_path, FORMS[form](text)) == usual


@pytest.mark.parametrize("reader", [one for one in READERS if one not in {"log", "audited session"}])
def test_an_old_code_page_is_refused_with_its_line_and_what_to_try(reader: str, tmp_path: Path) -> None:
    text, read = READERS[reader]
    if reader == "bench file":
        read = lambda folder, data: load_bench_spec(str(saved(folder / "b.toml", data)))  # noqa: E731
    with pytest.raises(ConfigurationError, match=r"UTF-8") as caught:
        read(tmp_path, text.encode("cp1252"))
    assert str(caught.value).isprintable()


def test_the_letter_that_was_meant_is_named() -> None:
    with pytest.raises(
        TextError, match=r"line 2: not text in UTF-8: byte 5 is 0xb5, which is 'µ' in the code page 1252.*Try:"
    ):
        decoded(b"a\r\nb\xb5")
    with pytest.raises(TextError, match=r"line 1: not text in UTF-16"):
        decoded(codecs.BOM_UTF16_LE + b"a\0\0\xd8b\0")


@pytest.mark.skipif(os.name == "nt", reason="Windows has no pipes in folders")
def test_a_pipe_is_refused_and_does_not_hang(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(OSError, match="a pipe or a device"):
        read_text(tmp_path / "pipe", 3)


def test_a_file_is_read_up_to_a_size(tmp_path: Path) -> None:
    assert read_text(saved(tmp_path / "a", b"abc"), 3) == "abc"
    with pytest.raises(TextError, match="longer than 2 bytes"):
        read_text(tmp_path / "a", 2)


@given(st.binary(max_size=60))
def test_any_bytes_are_text_or_refused_and_a_log_keeps_its_own(data: bytes) -> None:
    assert isinstance(as_utf8(data), bytes)
    try:
        text = decoded(data)
    except TextError as error:
        assert "Try: " in str(error)
    else:
        assert "\r" not in text


def test_utf_16_is_never_guessed_where_it_might_be_something_else() -> None:
    for data in (b"\0\0\0\0", b"a\0b\0\0\0c\0", b"a\0b", b"a\0", b"ab\0\0cd\0\0"):
        assert as_utf8(data) == data


# --- tables -----------------------------------------------------------------------------------------------------

WANTED = [Label("a.bin", 3), Label("b b.bin", 4)]


@pytest.mark.parametrize(
    "text",
    [
        "a.bin,12,3\nb b.bin,12,4\n",
        '"a.bin","12","3"\n"b b.bin","12","4"\n',
        '"a.bin", "12", 3\n"b b.bin", 12, 4',
        "a.bin;12;3\nb b.bin;12;4\n",
        '"a.bin";12;3\n"b b.bin";12;4\n',
        "a.bin\t12\t3\nb b.bin\t12\t4\n",
        "sep=;\na.bin;12;3\nb b.bin;12;4\n",
        '"sep=,"\na.bin,12,3\nb b.bin,12,4\n',
        "a.bin,12,3,,\n,,,,\nb b.bin,12,4,,\n",
        "\n\n a.bin , 12 , 3 \n\n b b.bin ,12,4\n\n",
    ],
)
def test_a_label_file_as_any_spreadsheet_saves_it(text: str, tmp_path: Path) -> None:
    assert read_labels(saved(tmp_path / "y_labels.csv", text.encode()), KWS) == WANTED


def test_a_mistake_keeps_its_line(tmp_path: Path) -> None:
    file = saved(tmp_path / "y_labels.csv", b"sep=;\r\na.bin;12;3\r\n\r\nb.bin;12;99\r\n")
    with pytest.raises(ConfigurationError, match=r"line 4: class 99 is outside"):
        read_labels(file, KWS)


def test_a_quote_that_is_not_closed_is_one_line(tmp_path: Path) -> None:
    file = saved(tmp_path / "y_labels.csv", b'a.bin,12,3\n"b.bin,12,4\n' + b"x" * 200_000)
    with pytest.raises(ConfigurationError, match=r"cannot be read after line 1: is a quotation mark not closed\?"):
        read_labels(file, KWS)


@pytest.mark.parametrize("name", ["NUL", "con.bin", "Com1.bin", "a.bin:stream", "a?.bin", "a.bin.", '"a.bin "'])
def test_a_stimulus_has_a_name_that_every_system_takes_for_a_file(name: str, tmp_path: Path) -> None:
    file = saved(tmp_path / "y_labels.csv", f"{name},12,3\n".encode())
    if name == '"a.bin "':
        assert read_labels(file, KWS) == [Label("a.bin", 3)]  # blanks around a cell do not count
        return
    with pytest.raises(ConfigurationError, match=r"line 1: .* is not a plain file name"):
        read_labels(file, KWS)


@pytest.mark.parametrize("text", ["pin;time_s;level\na;12,345;1\n", '"pin"\t"time_s"\t"level"\na\t12,345\t1\n'])
def test_a_decimal_comma_goes_with_other_separators(text: str, tmp_path: Path) -> None:
    assert read_edges(saved(tmp_path / "e.csv", text.encode())) == {"a": [(12.345, True)]}


def test_rows_are_numbered_by_the_file() -> None:
    assert list(rows_of('a,"b\nc",d\n\ne,f,g', (3,))) == [Row(2, ("a", "b\nc", "d")), Row(4, ("e", "f", "g"))]
    assert list(rows_of("", (3,))) == []
