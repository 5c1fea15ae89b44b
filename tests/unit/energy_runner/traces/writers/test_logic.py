# SPDX-License-Identifier: Apache-2.0
"""VCD and sigrok files: edges, windows and losses where they were, and nothing that a text could add."""

import configparser
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from energy_runner.traces.writers import sigrok_file
from energy_runner.traces.writers.model import ExportError
from tests.support.outgoing import HOSTILE, outgoing, written

PLACES = st.lists(st.integers(0, 200 * 64).map(lambda k: k / 64), min_size=1, max_size=20, unique=True).map(sorted)


def read_vcd(path: Path) -> tuple[dict[str, list[tuple[int, int]]], list[str]]:
    """Return the changes of each signal as (ps, level), by its name, and the comments."""
    head, body = path.read_text(encoding="utf-8").split("$enddefinitions $end\n")
    lines = head.splitlines()
    [count, unit] = next(line for line in lines if line.startswith("$timescale")).split()[1:3]
    step_ps = int(count) * {"us": 10**6, "ns": 10**3, "ps": 1}[unit]
    names = {line.split()[3]: line.split()[4] for line in lines if line.startswith("$var")}
    changes: dict[str, list[tuple[int, int]]] = {name: [] for name in names.values()}
    at = 0
    for line in body.splitlines():
        if line.startswith("#"):
            assert int(line[1:]) * step_ps > at or at == 0
            at = int(line[1:]) * step_ps
        elif not line.startswith("$"):
            changes[names[line[1:]]].append((at, int(line[0])))
    return changes, [line for line in lines if line.startswith("$comment")]


def read_sigrok(path: Path) -> tuple[dict[str, np.ndarray], int]:
    with zipfile.ZipFile(path) as file:
        assert file.read("version") == b"2"
        parser = configparser.RawConfigParser()
        parser.read_string(file.read("metadata").decode())
        device = parser["device 1"]
        count = sum(name.startswith("logic-1-") for name in file.namelist())
        data = b"".join(file.read(f"logic-1-{number}") for number in range(1, count + 1))
    assert [one for one in parser.sections() if one.startswith("device")] == ["device 1"]
    states = np.frombuffer(data, dtype=np.uint8)
    probes = int(device["total probes"])
    names = {device[f"probe{k + 1}"]: (states >> k) & 1 for k in range(probes)}
    return names, int(device["samplerate"].removesuffix(" Hz"))


@given(places=PLACES)
def test_each_edge_is_a_fall_to_the_picosecond(places, tmp_path_factory) -> None:
    path = tmp_path_factory.mktemp("vcd") / "t.vcd"
    written(outgoing(np.ones(300), 1.0000123e-5, edges=np.array(places)), path, "vcd")
    changes, _ = read_vcd(path)
    falls = [at for at, level in changes["timestamp"] if level == 0]
    wanted = sorted({round(place * 1.0000123e-5 * 1e12) for place in places})
    assert sorted(set(falls)) == wanted
    assert changes["timestamp"][0] == (0, 1)


def test_without_edges_of_the_monitor_the_windows_give_them(tmp_path) -> None:
    windows = ((1, 10.25, 20.5), (2, 30.0, 40.0))
    out = outgoing(np.ones(60), windows=windows, losses=np.array([[3.0, 7.0], [5.0, 9.0]]), virtual=True)
    written(out, tmp_path / "t.vcd", "vcd")
    changes, comments = read_vcd(tmp_path / "t.vcd")
    assert [at for at, level in changes["timestamp"] if not level] == [
        10_250_000_000, 20_500_000_000, 30_000_000_000, 40_000_000_000
    ]  # fmt: skip
    assert changes["window_edges"] == changes["timestamp"]
    assert changes["window"][:3] == [(0, 0), (10_250_000_000, 1), (20_500_000_000, 0)]
    assert changes["lost"] == [(0, 0), (3_000_000_000, 1), (9_000_000_000, 0)]
    assert "SIMULATED" in comments[0]


@given(places=PLACES, chunk=st.sampled_from([7, 64, 1 << 22]))
def test_the_pin_is_low_from_the_first_sample_after_an_edge(places, chunk, tmp_path_factory) -> None:
    path = tmp_path_factory.mktemp("sr") / "t.sr"
    windows = ((1, places[0], places[-1] + 1),)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sigrok_file, "_CHUNK", chunk)
        written(outgoing(np.ones(300), 1e-5, windows=windows, edges=np.array(places)), path, "sr")
    states, rate_hz = read_sigrok(path)
    assert rate_hz == 100_000
    assert all(len(values) == 300 for values in states.values())
    inside = np.flatnonzero(states["window"])
    assert (inside[0], inside[-1]) == (np.ceil(places[0]), np.ceil(places[-1] + 1) - 1)
    for place in places:
        near = [other for other in places if 0 < abs(other - place) <= 3]
        if not near:
            at = int(np.ceil(place))
            assert states["timestamp"][max(0, at - 1) : at + 2].tolist() == ([1, 0, 1] if at else [0, 1])


@pytest.mark.parametrize(
    ("period_s", "edge", "step"),
    [
        (1e-3, 3.0, "1 us"),
        (1e-3, 3.5, "1 us"),
        (2e-6, 3.25, "100 ns"),
        (1e-6, 3.0001, "100 ps"),
        (1e-5, 1 / 3, "1 ps"),
    ],
)
def test_the_step_of_a_vcd_file_is_as_long_as_its_times_allow(period_s, edge, step, tmp_path) -> None:
    told = written(outgoing(np.ones(10), period_s, edges=np.array([edge])), tmp_path / "t.vcd", "vcd")
    assert f"$timescale {step} $end" in (tmp_path / "t.vcd").read_text()
    assert not any("PulseView" in one for one in told.remarks)


def test_a_vcd_file_of_too_many_steps_is_said_to_be_none_for_pulseview(tmp_path) -> None:
    told = written(outgoing(np.ones(1001), 1.0000123e-3, edges=np.array([1 / 3])), tmp_path / "t.vcd", "vcd")
    assert any("too fine for PulseView" in one and "Try: sr" in one for one in told.remarks)


def test_a_rate_that_is_not_whole_is_said(tmp_path) -> None:
    told = written(outgoing(np.ones(10), 1.0000123e-5, edges=np.array([3.5])), tmp_path / "t.sr", "sr")
    assert any("ppm off" in one for one in told.remarks)
    with pytest.raises(ExportError, match="Try: vcd"):
        written(outgoing(np.ones(10), 3.0), tmp_path / "u.sr", "sr")


def test_a_session_without_edges_gives_a_pin_that_never_moves(tmp_path) -> None:
    written(outgoing(np.ones(10)), tmp_path / "t.vcd", "vcd")
    assert read_vcd(tmp_path / "t.vcd")[0]["timestamp"] == [(0, 1)]
    written(outgoing(np.ones(10)), tmp_path / "t.sr", "sr")
    assert read_sigrok(tmp_path / "t.sr")[0]["timestamp"].all()


def test_an_edge_before_the_first_sample_is_drawn_at_its_beginning(tmp_path) -> None:
    told = written(outgoing(np.ones(10), edges=np.array([-0.5, 4.0])), tmp_path / "t.vcd", "vcd")
    assert any("before the first sample" in one for one in told.remarks)
    assert (0, 0) in read_vcd(tmp_path / "t.vcd")[0]["timestamp"]


@pytest.mark.parametrize("form", ["vcd", "sr"])
def test_places_that_no_run_can_have_are_left_out(form: str, tmp_path) -> None:
    odd = np.array([np.nan, np.inf, 9e15, 3.0])
    windows = ((1, np.nan, 2.0), (2, 4.0, 1e300), (3, 5.0, 7.0))
    out = outgoing(np.ones(10), edges=odd, windows=windows, losses=np.array([[2.0, 9e15], [np.nan, 1.0]]))
    told = written(out, tmp_path / "t", form)
    assert "2 edges lie beyond the last sample and are left out" in told.remarks
    if form == "sr":
        states, _ = read_sigrok(tmp_path / "t")
        assert np.flatnonzero(states["timestamp"] == 0).tolist() == [3]
        assert np.flatnonzero(states["window"]).tolist() == [5, 6]
        assert np.flatnonzero(states["lost"]).tolist() == list(range(2, 10))
    else:
        changes, _ = read_vcd(tmp_path / "t")
        assert changes["timestamp"] == [(0, 1), (3_000_000_000, 0), (4_000_000_000, 1)]
        assert changes["lost"] == [(0, 0), (2_000_000_000, 1), (10_000_000_000, 0)]


def test_hostile_texts_stay_in_their_comment(tmp_path) -> None:
    out = outgoing(np.ones(10), session=HOSTILE, remarks=(HOSTILE,), edges=np.array([3.0]), virtual=True)
    written(out, tmp_path / "t.vcd", "vcd")
    changes, comments = read_vcd(tmp_path / "t.vcd")
    assert len(changes) == 5
    assert all(line.count("$") == 2 for line in comments)
    written(out, tmp_path / "t.sr", "sr")
    states, _ = read_sigrok(tmp_path / "t.sr")
    assert list(states) == ["timestamp", "window_edges", "window", "lost", "over_range"]
    with zipfile.ZipFile(tmp_path / "t.sr") as file:
        assert file.comment.startswith(b"SIMULATED")
        assert b"SIMULATED" in file.read("metadata")


@pytest.mark.parametrize("step_s", [0.75, 1 / 1024.3, 1 / 4882.8125])
def test_how_far_the_times_of_a_whole_rate_are_off_is_exact(step_s: float, tmp_path) -> None:
    told = written(outgoing(np.ones(100), step_s), tmp_path / "t.sr", "sr")
    by_the_file_s, truly_s = 1 / round(1 / step_s), step_s
    said = next(one for one in told.remarks if "ppm off" in one)
    assert float(said.split()[-3]) == pytest.approx((by_the_file_s / truly_s - 1) * 1e6, rel=6e-3)
