# SPDX-License-Identifier: Apache-2.0
"""Published sessions of one board against each other, in E_n (ISO/IEC 17043); the page on coverage states it.

E_n is the difference of two results over the root of the sum of their squared expanded uncertainties.
"""

import math
from pathlib import Path

import pytest

from energy_runner.analysis.facts import gather
from energy_runner.analysis.performance import dut_rate
from energy_runner.published.discover import discover
from energy_runner.published.importing import import_session
from energy_runner.rules import evaluate
from energy_runner.session.result import Derived
from tests.support.places import ROOT

PAGE = ROOT / "docs/explanations/coverage.md"
BOTH_MODES = {  # every board and benchmark of which an energy and a performance session are at hand
    "NUCLEO_L4R5ZI/ic": "v0.7/closed/STMicroelectronics/results/NUCLEO_L4R5ZI/ic",
    "NUCLEO_L4R5ZI/kws": "v0.7/closed/STMicroelectronics/results/NUCLEO_L4R5ZI/kws",
    "NUCLEO_U575ZI_Q/kws": "v1.2/closed/STMicroelectronics/results/NUCLEO_U575ZI_Q/kws",
    "NUCLEO_U385RG_Q/kws": "v1.3/closed/STMicroelectronics/results/NUCLEO_U385RG_Q/kws",
}


def board_and_benchmark(name: str) -> str:
    """`NUCLEO_L4R5ZI/kws` of the path of a session in its repository."""
    parts = name.split("/")
    system = parts.index("results") + 1
    return f"{parts[system]}/{parts[system + 1]}"


def test_no_board_was_measured_twice_and_four_in_two_modes(reference: Path) -> None:
    modes: dict[str, list[str | None]] = {}
    for found in discover(reference / "sessions"):
        modes.setdefault(board_and_benchmark(found.name), []).append(found.mode)
    twice = sorted(name for name, listed in modes.items() if listed.count("energy") > 1)
    assert twice == [], "compare the energies of these pairs here, and say so in the page"
    assert {name for name, listed in modes.items() if {"energy", "performance"} <= set(listed)} == set(BOTH_MODES)


def rate(folder: Path, out: Path) -> Derived:
    found = evaluate(import_session(folder, out)).throughput
    assert found is not None
    return found


@pytest.mark.parametrize("name", BOTH_MODES)
def test_the_page_states_how_far_the_throughput_in_two_modes_agrees(
    reference: Path, tmp_path: Path, name: str
) -> None:
    folder = reference / "sessions" / BOTH_MODES[name]
    energy, performance = (rate(folder / mode, tmp_path / mode) for mode in ("energy", "performance"))
    e_n = (energy.value - performance.value) / math.hypot(energy.U, performance.U)
    off = energy.value / performance.value - 1
    (row,) = [line for line in PAGE.read_text("utf-8").splitlines() if line.startswith(f"| `{name}` ")]
    said = [cell.strip(" *") for cell in row.split("|")]
    assert said[-3:-1] == [f"{off * 100:+.2f} %", f"{e_n:+.2f}"]
    assert abs(off) < 0.02  # what the rule `throughput-agrees` allows
    assert (said[-4] == "incomplete") == bool(performance.incomplete)


def test_the_page_states_what_is_left_with_the_clocks_of_the_boards_corrected(
    reference: Path, tmp_path: Path
) -> None:
    left = []
    for number, path in enumerate(BOTH_MODES.values()):
        session = import_session(reference / "sessions" / path / "performance", tmp_path / f"p{number}")
        line = dut_rate(gather(session.journal(exchanges=False)))
        if line is not None:
            energy = rate(reference / "sessions" / path / "energy", tmp_path / f"e{number}")
            performance = evaluate(session).throughput
            assert performance is not None
            left.append(f"{(energy.value / (performance.value / line.slope) - 1) * 100:+.2f}")
            assert energy.incomplete == performance.incomplete == []
    assert f"{left[0]}, {left[1]} and {left[2]} %" in PAGE.read_text("utf-8")
    assert len(left) == 3
