# SPDX-License-Identifier: Apache-2.0
"""On every published session the idle level is that of the seconds in which nothing was sent."""

import json
import re
from pathlib import Path

import numpy as np
import pytest

from energy_runner.analysis.analyze import analyze
from energy_runner.published.discover import discover
from energy_runner.published.importing import import_session
from energy_runner.session.result import Result

_LINE = re.compile(r"^(\d{5,})\.(\d{3}) (\w+): (.*)")
L4R5 = "v0.7/closed/STMicroelectronics/results/NUCLEO_L4R5ZI"


def quiet_power_w(folder: Path) -> float:
    """Return the median power in the longest stretch without traffic, by the published files alone."""
    return _eembc(folder) if (folder / "trace1-energy.bin").exists() else _mlcommons(folder)


def _eembc(folder: Path) -> float:
    """The runner waits a second at either end (`echo head`, `echo tail`); the later one is longer in the trace."""
    data = (folder / "trace1-energy.bin").read_bytes()
    power_w = np.frombuffer(data[5:], "<f4").astype(np.float64) * 1e-3
    stop = json.loads((folder / "trace1-timestamps.json").read_text())[-1]
    done_s = tail_s = 0.0
    for line in (folder / "log.txt").read_text(errors="replace").splitlines():
        if match := _LINE.match(line):
            at_s = int(match[1]) + int(match[2]) / 1000
            if "m-infer-done" in match[4]:
                done_s = at_s
            elif 'Command "echo tail' in match[4]:
                tail_s = at_s
    first = round((stop + tail_s - done_s) * 1000) + 150  # the log is up to a tenth of a second late
    assert len(power_w) - first > 500
    return float(np.median(power_w[first : first + 800]))


def _mlcommons(folder: Path) -> float:
    """The first pass begins a second or more before its stimulus is loaded; the later ones begin with the load."""
    passes = json.loads((folder / "results.json").read_text())
    before = [int(one["power"]["timestamps"][-2][1]) for one in passes]
    head = before[0] - max(before[1:])
    assert head > 1000
    return float(np.median(passes[0]["power"]["samples"][100 : head - 400])) * 1e3


@pytest.fixture(scope="module")
def results(reference: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[Path, Result]]:
    found = {}
    for number, one in enumerate(discover(reference / "sessions")):
        folder = reference / "sessions" / one.name
        if (folder / "trace1-energy.bin").exists() or "/energy" in one.name:
            session = import_session(folder, tmp_path_factory.mktemp("imported") / str(number))
            found[one.name] = (folder, analyze(session))
    return found


def test_idle_is_the_power_of_the_quiet_seconds(results: dict[str, tuple[Path, Result]]) -> None:
    assert len(results) == 9
    for name, (folder, result) in results.items():
        level = result.levels.idle
        assert level is not None, name
        assert level.power_w == pytest.approx(quiet_power_w(folder), rel=0.02), name
        assert level.total_s > 0.8, name


def test_energy_above_idle_has_the_sign_of_the_board(results: dict[str, tuple[Path, Result]]) -> None:
    for name, (folder, result) in results.items():
        net = result.net_energy_per_inference_j
        window_w = np.median([window.mean_power_w for window in result.windows])
        assert (net.value_j > 0) == (window_w > quiet_power_w(folder)), name
    # These draw more while they wait than while they infer; the lowest level had it the other way round.
    for benchmark in ("ad", "ic", "kws"):
        net = results[f"{L4R5}/{benchmark}/energy"][1].net_energy_per_inference_j
        assert net.value_j + net.U_j < 0


def test_sending_is_not_idle(results: dict[str, tuple[Path, Result]]) -> None:
    levels = results[f"{L4R5}/ad/energy"][1].levels
    assert levels.transmit.power_w == pytest.approx(0.038, rel=0.02)
    assert levels.receive.power_w == pytest.approx(0.0575, rel=0.02)
    assert levels.idle.power_w > 1.5 * levels.transmit.power_w


def test_a_board_that_waits_in_two_states_is_said_so(results: dict[str, tuple[Path, Result]]) -> None:
    said = {
        name: [f.detail for f in result.findings if f.id == "idle-levels-differ"]
        for name, (_, result) in results.items()
    }
    names = [name for name, details in said.items() if details]
    assert names == ["v1.0/closed/syntiant/results/syntiant_9120_0v9_30mhz/kws/energy"]
    assert "0.5223 to 0.7556 mW" in said[names[0]][0]
