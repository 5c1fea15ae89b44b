# SPDX-License-Identifier: Apache-2.0
"""What a file leaves open is not guessed: signs between digits, letters behind names, words of other signals."""

from pathlib import Path

import numpy as np
import pytest

from energy_runner.errors import SessionError
from energy_runner.traces.logic import edges_of
from tests.support.trace_files.reading import read


def table(folder: Path, names: str, lines: list[str]) -> Path:
    path = folder / "t.csv"
    path.write_text("\n".join([names, *lines, ""]))
    return path


@pytest.mark.parametrize("quote", ["", '"'])
def test_a_comma_that_may_part_thousands_is_refused(quote: str, tmp_path: Path) -> None:
    """999 µA and then 1,000 µA were read as 999 and 1."""
    mark = "," if quote else ";"
    lines = [f"{k}{mark}{quote}{990 + k:,}{quote}" for k in range(60)]
    with pytest.raises(
        SessionError, match="the comma in '1,000', in or after line 2, may part decimals or thousands"
    ):
        read(table(tmp_path, f"time (ms){mark}current (uA)", lines))


def test_a_comma_that_can_only_be_decimal_is_read(tmp_path: Path) -> None:
    lines = [f"{k / 1000:.3f};{1 + k / 1000:.3f}".replace(".", ",") for k in range(60)]
    values, _ = read(table(tmp_path, "time (s);current (mA)", lines))
    assert values == pytest.approx(1e-3 + np.arange(60) * 1e-6)


def test_a_channel_that_is_called_a_is_no_current(tmp_path: Path) -> None:
    lines = [f"{k / 1000:.3f},{k},{k}" for k in range(60)]
    with pytest.raises(SessionError, match="no column states that it is a current"):
        read(table(tmp_path, "Time (s),Channel A,Channel B", lines))


def test_the_advice_for_two_columns_keeps_their_units(tmp_path: Path) -> None:
    lines = [f"{k / 1000:.3f},{k},{k}" for k in range(60)]
    with pytest.raises(SessionError, match=r"Try: name those that count with columns=time=s,I2=mA"):
        read(table(tmp_path, "time (s),current (uA),I2 (mA)", lines))


def test_a_value_of_another_signal_is_no_edge(tmp_path: Path) -> None:
    """The code of a signal may begin with a digit: `b101 1!` is no change of `!`."""
    path = tmp_path / "l.vcd"
    path.write_text(
        "$timescale 1 us $end $var wire 1 ! pin $end $var wire 3 1! bus $end $var real 64 0! level $end\n"
        "$enddefinitions $end\n#0 1! b000 1! r0.5 0!\n#10 b101 0! r1.5 0!\n#20 0!\n#30 b111 1! sidle 0!\n#40 1!\n"
    )
    found = edges_of(path, "pin")
    assert found.falling.tolist() == pytest.approx([20e-6])
    assert found.rising.tolist() == pytest.approx([40e-6])
