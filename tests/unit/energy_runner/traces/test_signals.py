# SPDX-License-Identifier: Apache-2.0
"""Which signal of a logic recording is meant: several of one name are told apart or refused."""

import zipfile
from pathlib import Path

import pytest

from energy_runner.traces.logic import edges_of
from energy_runner.traces.model import TraceFileError


def vcd(folder: Path, *scoped: tuple[str, str, str]) -> Path:
    """Write a recording of (scopes, name, code); the signal of the k-th code falls at k + 1 ms."""
    lines = ["$timescale 1 ms $end"]
    for scopes, name, code in scoped:
        parts = scopes.split(".") if scopes else []
        lines += [f"$scope module {part} $end" for part in parts]
        lines += [f"$var wire 1 {code} {name} $end", *["$upscope $end"] * len(parts)]
    codes = list(dict.fromkeys(code for _, _, code in scoped))
    lines += ["$enddefinitions $end", "#0", *(f"1{code}" for code in codes)]
    for number, code in enumerate(codes, start=1):
        lines += [f"#{number}", f"0{code}"]
    path = folder / "t.vcd"
    path.write_text("\n".join([*lines, ""]))
    return path


def falls_ms(path: Path, name: str) -> list[float]:
    return list(edges_of(path, name).falling * 1e3)


def test_one_name_in_two_scopes_is_told_apart_by_its_scopes(tmp_path: Path) -> None:
    path = vcd(tmp_path, ("top.uart", "D0", "!"), ("top.spi", "D0", "%"), ("top", "D1", "&"))
    assert falls_ms(path, "top.uart.D0") == [1]
    assert falls_ms(path, "top.spi.D0") == [2]
    assert falls_ms(path, "D1") == [3]
    with pytest.raises(TraceFileError, match=r"has no signal 'D0'. There are: top.uart.D0, top.spi.D0, D1. Try: "):
        falls_ms(path, "D0")


def test_one_signal_that_is_listed_in_two_scopes_is_one(tmp_path: Path) -> None:
    assert falls_ms(vcd(tmp_path, ("top", "D0", "!"), ("top.inner", "D0", "!")), "D0") == [1]


def test_two_signals_that_nothing_tells_apart_are_none(tmp_path: Path) -> None:
    path = vcd(tmp_path, ("top", "D0", "!"), ("top", "D0", "%"), ("top", "D1", "&"))
    for name in ("D0", "top.D0"):
        with pytest.raises(TraceFileError, match=r"There are: D1\. Try: t.vcd:D1"):
            falls_ms(path, name)


def test_a_name_is_taken_as_it_is_written_before_capitals_are_forgiven(tmp_path: Path) -> None:
    path = vcd(tmp_path, ("", "d0", "!"), ("", "D0", "%"), ("", "Gate", "&"))
    assert (falls_ms(path, "d0"), falls_ms(path, "D0"), falls_ms(path, "gate")) == ([1], [2], [3])
    with pytest.raises(TraceFileError, match="has 2 signals 'do'"):
        falls_ms(vcd(tmp_path, ("", "Do", "!"), ("", "DO", "%")), "do")


def test_scopes_in_each_other_have_an_end(tmp_path: Path) -> None:
    with pytest.raises(TraceFileError, match="more than 64 scopes in each other"):
        falls_ms(vcd(tmp_path, (".".join("a" * 65), "D0", "!")), "D0")


def test_two_probes_of_one_name_in_a_sigrok_file_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "t.sr"
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("version", "2")
        file.writestr(
            "metadata",
            "[device 1]\ncapturefile=logic-1\ntotal probes=2\nsamplerate=1 kHz\n"
            "probe1=D0\nprobe2=D0\nunitsize=1\n",
        )
        file.writestr("logic-1-1", bytes([3, 2, 0, 3]))
    with pytest.raises(TraceFileError, match="has 2 signals 'D0'"):
        edges_of(path, "D0")
