# SPDX-License-Identifier: Apache-2.0
"""JLS for the Joulescope UI: signals with meaning, who measured, markers, texts, and the true rate."""

import math
from pathlib import Path
from typing import Any

import numpy as np
import pyjls
import pytest

from energy_runner.session.trace import TraceReader
from energy_runner.traces.writers import jls_file
from energy_runner.traces.writers.model import Item, OutSignal, Source
from tests.support.outgoing import HOSTILE, outgoing, track, written

STEP_S = 1.0000123e-5
UTC_NS = 1_735_689_600_123_456_789
_EPOCH_NS = 1_514_764_800 * 10**9


class Jls:
    """A file as pyjls shows it."""

    def __init__(self, path: Path) -> None:
        with pyjls.Reader(str(path)) as file:
            self.source = file.sources[1]
            self.signals = {one.name: one for number, one in file.signals.items() if number}
            self.values = {name: file.fsr(one.signal_id, 0, one.length) for name, one in self.signals.items()}
            self.annotations: list[tuple[int, Any, str]] = []
            self.utc: list[tuple[int, int]] = []
            file.annotations(1, 0, self._note)
            file.utc(1, 0, lambda rows: bool(self.utc.extend((int(a), int(b)) for a, b in rows)))

    def _note(self, sample: int, y: float, kind: Any, group: int, data: str) -> bool:
        self.annotations.append((sample, kind, data))
        return False

    def texts(self) -> list[tuple[int, str]]:
        return [(at, data) for at, kind, data in self.annotations if kind == pyjls.AnnotationType.TEXT]

    def markers(self) -> list[tuple[int, str]]:
        return [(at, data) for at, kind, data in self.annotations if kind == pyjls.AnnotationType.VMARKER]


def three(power_w: np.ndarray) -> dict[str, Any]:
    """Signals of a session that recorded its power."""

    def divided(first: int, stop: int) -> np.ndarray:
        return power_w[first:stop].astype(np.float64) / 3.0

    signals = (
        OutSignal("power", "W", "recorded", lambda first, stop: power_w[first:stop]),
        OutSignal("voltage", "V", "as set", lambda first, stop: np.full(stop - first, 3.0), "as set"),
        OutSignal("current", "A", "converted", divided, "computed"),
    )
    return {"signals": signals, "step_s": STEP_S}


def test_it_holds_current_voltage_and_power_in_their_units(tmp_path) -> None:
    power_w = np.random.default_rng(1).uniform(0.01, 0.1, 200_000).astype(np.float32)
    power_w[1000:1010] = np.nan
    told = written(outgoing(power_w, **three(power_w)), tmp_path / "t.jls", "jls")
    seen = Jls(tmp_path / "t.jls")
    assert {name: one.units for name, one in seen.signals.items()} == {
        "current": "A",
        "voltage": "V",
        "power": "W",
    }
    assert np.array_equal(seen.values["power"], power_w, equal_nan=True)
    exact = math.fsum(power_w[~np.isnan(power_w)].astype(np.float64)) / 3
    computed = math.fsum(seen.values["current"][~np.isnan(seen.values["current"])].astype(np.float64))
    assert computed == pytest.approx(exact, rel=1e-9)
    assert np.count_nonzero(np.isnan(seen.values["current"])) == 10
    assert any("current is rounded to 32-bit floats" in one for one in told.remarks)


def test_it_names_who_measured(tmp_path) -> None:
    written(outgoing(np.ones(100)), tmp_path / "t.jls", "jls")
    source = Jls(tmp_path / "t.jls").source
    assert (source.name, source.vendor, source.model) == ("Acme M1", "Acme", "M1")
    assert (source.serial_number, source.version) == ("42", "1.0")


def test_model_and_serial_are_words_that_the_ui_can_make_a_path_of(tmp_path) -> None:
    out = outgoing(np.ones(100), source=Source("A/B", "M/1.5 #2", "4/2"))
    written(out, tmp_path / "t.jls", "jls")
    source = Jls(tmp_path / "t.jls").source
    assert (source.vendor, source.model, source.serial_number) == ("A/B", "M_1_5_2", "4_2")
    written(outgoing(np.ones(100), source=Source()), tmp_path / "u.jls", "jls")
    source = Jls(tmp_path / "u.jls").source
    assert (source.model, source.serial_number) == ("monitor", "unknown")


def test_calendar_times_at_both_ends_give_the_true_rate(tmp_path) -> None:
    written(outgoing(np.ones(1_000_000), STEP_S, zero_utc_ns=UTC_NS), tmp_path / "t.jls", "jls")
    seen = Jls(tmp_path / "t.jls")
    (first, begin), (last, end) = seen.utc
    assert (first, last) == (0, 1_000_000)
    assert abs(begin - (UTC_NS - _EPOCH_NS) * 2**30 // 10**9) <= 1
    assert (end - begin) / 2**30 / 1_000_000 == pytest.approx(STEP_S, rel=1e-9)
    assert seen.signals["power"].sample_rate == 99_999
    with TraceReader(tmp_path / "t.jls") as trace:
        assert trace.period_s == STEP_S


def test_a_window_is_a_pair_of_markers_and_a_text(tmp_path) -> None:
    items = [Item(0.02, 0.05, "load", "load demo_0.bin")]
    lines = [Item(0.03, 0.03, "m-ready", "from dut: m-ready"), Item(0.95, 0.95, "far", "from dut: end")]
    out = outgoing(
        np.ones(1000),
        1e-3,
        windows=((1, 100.7, 300.2), (2, 400.0, 999.9)),
        tracks=(track("journal", items), track("uart", lines), track("inferences", items)),
    )
    written(out, tmp_path / "t.jls", "jls")
    seen = Jls(tmp_path / "t.jls")
    assert seen.markers() == [(100, "1a"), (300, "1b"), (400, "2a"), (999, "2b")]
    assert seen.texts()[1:] == [
        (20, "load"),
        (30, "from dut: m-ready"),
        (100, "window 1"),
        (400, "window 2"),
        (950, "from dut: end"),
    ]
    places = [at for at, _, _ in seen.annotations]
    assert places == sorted(places)


def test_a_simulated_session_says_so_in_source_and_text(tmp_path) -> None:
    written(outgoing(np.ones(100), virtual=True), tmp_path / "t.jls", "jls")
    seen = Jls(tmp_path / "t.jls")
    assert (seen.source.name, seen.source.model) == ("SIMULATED Acme M1", "SIMULATED_M1")
    at, text = seen.texts()[0]
    assert (at, text[:9]) == (0, "SIMULATED")


def test_hostile_texts_are_printable_and_bounded(tmp_path) -> None:
    items = [Item(float("1e300"), float("1e300"), HOSTILE * 50, HOSTILE * 50), Item(-5.0, -4.0, "", "")]
    out = outgoing(np.ones(100), session=HOSTILE * 20, tracks=(track("uart", items[::-1]),), remarks=(HOSTILE,))
    written(out, tmp_path / "t.jls", "jls")
    texts = Jls(tmp_path / "t.jls").texts()
    assert len(texts) == 3
    assert all(text.isprintable() and 0 < len(text) <= 2000 for _, text in texts)
    assert [at for at, _ in texts] == [0, 0, 99]


def test_what_is_too_much_for_the_screen_is_left_out_and_counted(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(jls_file, "MOST_ITEMS", 3)
    items = [Item(k / 1000, k / 1000, "line", f"line {k}") for k in range(10)]
    told = written(outgoing(np.ones(100), tracks=(track("uart", items, "UART lines"),)), tmp_path / "t.jls", "jls")
    assert "7 of 10 uart lines are left out" in told.remarks
    assert len(Jls(tmp_path / "t.jls").texts()) == 4


def test_what_was_not_among_the_samples_is_marked_nowhere_or_said_to_be_elsewhere(tmp_path) -> None:
    items = [Item(-0.5, 0.2, "boot", ""), Item(0.1, 0.2, "load", ""), Item(1.5, 1.6, "end", "")]
    windows = ((1, 100.0, 300.0), (2, 900.0, 1100.0), (3, 1200.0, 1300.0), (4, -0.5, 20.0))
    out = outgoing(np.ones(1000), 1e-3, windows=windows, tracks=(track("journal", items),))
    written(out, tmp_path / "t.jls", "jls")
    seen = Jls(tmp_path / "t.jls")
    assert seen.markers() == [(100, "1a"), (300, "1b")]
    assert seen.texts()[1:] == [(0, "earlier: boot"), (100, "window 1"), (100, "load"), (999, "later: end")]


def test_what_missing_samples_do_to_the_summaries_is_said(tmp_path) -> None:
    # 0 W and 1 W in turn by 1000 samples; half of a summary's samples missing weighs as if none were.
    power_w = np.where(np.arange(100_000) % 2000 < 1000, 0.0, 1.0).astype(np.float32)
    told = written(outgoing(power_w), tmp_path / "t.jls", "jls")
    assert jls_file.MISSING not in told.remarks
    power_w[1500:30_250] = np.nan
    told = written(outgoing(power_w), tmp_path / "u.jls", "jls")
    assert jls_file.MISSING in told.remarks
    with pyjls.Reader(str(tmp_path / "u.jls")) as file:
        mean, _, least, most = file.fsr_statistics(1, 0, len(power_w), 1)[0]
        samples = file.fsr(1, 0, len(power_w))
    assert (least, most) == (0.0, 1.0)
    assert float(np.nanmean(samples)) == float(np.nanmean(power_w))
    assert mean != pytest.approx(float(np.nanmean(power_w)), rel=1e-6)  # so the remark is true


@pytest.mark.parametrize(
    ("step_s", "zero_utc_ns", "ppm"),
    [
        (1e-3, None, None),
        (1 / 1024.3, None, 292.97),
        (1 / 1024.3, UTC_NS, None),
        (0.75, None, 333_333.0),
        (3.0, None, -666_667.0),
    ],
)
def test_a_rate_that_the_file_cannot_state_is_said_where_nothing_else_tells_it(
    step_s: float, zero_utc_ns: int | None, ppm: float | None, tmp_path
) -> None:
    told = written(outgoing(np.ones(10), step_s, zero_utc_ns=zero_utc_ns), tmp_path / "t.jls", "jls")
    said = [one for one in told.remarks if "ppm off" in one]
    assert len(said) == (ppm is not None)
    if ppm is not None:
        assert float(said[0].split()[-3]) == pytest.approx(ppm, rel=5e-3)


def test_a_simulated_source_without_a_name_is_still_a_monitor(tmp_path) -> None:
    for source, name in ((Source(), "SIMULATED power monitor"), (Source(model="M1"), "SIMULATED M1")):
        path = tmp_path / f"{len(name)}.jls"
        written(outgoing(np.ones(10), source=source, virtual=True), path, "jls")
        assert Jls(path).source.name == name
