# SPDX-License-Identifier: Apache-2.0
"""Sessions over each other: aligned at window starts, with the mean inference of each, and their difference."""

import json

import numpy as np
import pytest

from energy_runner.analysis.against.baseline import baseline_of
from energy_runner.analysis.against.better import as_document, differences
from energy_runner.analysis.analyze import analyze
from energy_runner.errors import ConfigurationError
from energy_runner.session import events as ev
from energy_runner.session.folder import RESULT, Session, write_record, write_result
from energy_runner.viewer import overlay as module
from energy_runner.viewer.overlay import overlay
from tests.support.synthetic import ACTIVE_W, Setup, host_ns, make_run
from tests.support.traces import PERIOD_S, TRAIN_COUNT, TRAIN_J, TRAIN_PERIOD, TRAIN_W, traced, train


def judged(session):
    write_result(session.path, analyze(session))
    return session


def test_windows_are_aligned_at_their_starts_whenever_they_began(tmp_path):
    """Each window lasts 10.3 s at one level; the first column and the last but one have it, whole."""
    session = judged(make_run(Setup(windows=3)).write(tmp_path / "s"))
    (laid,) = overlay([session], 100).laid
    assert len(laid.curve.mean_w) == 100
    assert laid.curve.step_s == pytest.approx(0.103, rel=1e-3)
    for drawn in (laid.curve.low_w, laid.curve.mean_w, laid.curve.high_w):
        assert drawn[:-1] == pytest.approx(ACTIVE_W, rel=1e-5)


def test_low_and_high_are_those_of_the_windows_and_gaps_belong_to_nobody(tmp_path):
    power, windows = np.full(600, 0.001), [(100, 180, 1), (400, 480, 1)]
    power[100:180], power[400:480] = 1.0, 3.0
    power[105:110] = np.nan
    session = traced(tmp_path / "s", {"power": power}, windows=windows)
    (laid,) = overlay([session], 16).laid
    assert laid.curve.step_s == pytest.approx(5 * PERIOD_S)
    assert (laid.curve.low_w[0], laid.curve.mean_w[0], laid.curve.high_w[0]) == pytest.approx((1.0, 2.0, 3.0))
    assert (laid.curve.low_w[1], laid.curve.mean_w[1], laid.curve.high_w[1]) == pytest.approx((3.0, 3.0, 3.0))
    power[405:410] = np.nan
    session = traced(tmp_path / "both", {"power": power}, windows=windows)
    document = overlay([session], 16).document()["sessions"][0]
    assert document["curve"]["mean_w"][1] is None
    assert document["curve"]["at_s"][:2] == pytest.approx([0.0, 0.005])


def test_each_sample_of_a_window_is_in_one_column(tmp_path, monkeypatch):
    """The columns' energies add up to the window's, however the reads are cut."""
    power = np.random.default_rng(3).uniform(0.01, 0.05, 3000)
    session = traced(tmp_path / "s", {"power": power}, windows=[(100, 2900, 1)])
    once = overlay([session], 37).laid[0].curve
    monkeypatch.setattr(module, "_READ", 64)
    again = overlay([session], 37).laid[0].curve
    assert again.mean_w == pytest.approx(once.mean_w, rel=1e-9)
    edges = np.ceil(100 + np.arange(38) * 2800 / 37 - 0.5)
    assert float(once.mean_w @ np.diff(edges)) == pytest.approx(float(power[100:2900].sum()), rel=1e-6)


def test_columns_are_never_finer_than_the_samples(tmp_path):
    session = traced(tmp_path / "s", {"power": np.full(300, 0.01)}, windows=[(10, 60, 1)])
    curve = overlay([session], 8192).laid[0].curve
    assert curve.step_s == PERIOD_S
    assert len(curve.mean_w) == 50
    assert np.isfinite(curve.mean_w).all()


def test_all_sessions_share_one_time_axis(tmp_path):
    sessions = [
        traced(tmp_path / "short", {"power": np.full(300, 0.01)}, windows=[(10, 60, 1)]),
        traced(tmp_path / "long", {"power": np.full(300, 0.01)}, windows=[(10, 210, 1)]),
    ]
    short, long = overlay(sessions, 20).laid
    assert short.curve.step_s == long.curve.step_s == pytest.approx(0.01)
    assert (len(short.curve.mean_w), len(long.curve.mean_w)) == (5, 20)


def test_the_mean_inference_of_each_with_its_spread(tmp_path):
    session = judged(train(tmp_path / "s", windows=2))
    found = overlay([session]).document()["sessions"][0]["inference"]
    assert found["inferences"] == TRAIN_COUNT
    assert found["at_s"][-1] == pytest.approx(TRAIN_PERIOD * PERIOD_S, rel=1e-3)
    middle = (np.array(found["at_s"][1:]) + found["at_s"][:-1]) / 2 / found["at_s"][-1]
    for level, inside in zip(TRAIN_W, (middle < 0.35, (middle > 0.45) & (middle < 0.95)), strict=True):
        for name in ("low_w", "mean_w", "high_w"):
            drawn = np.array(found[name], dtype=float)[inside]
            assert drawn[2:-2] == pytest.approx(level, rel=2e-3)
    assert found["energy_j"]["median"] == pytest.approx(TRAIN_J, rel=2e-3)
    assert found["energy_j"]["p5"] <= found["energy_j"]["median"] <= found["energy_j"]["p95"]


def on_one_monitor(folder, scale):
    """A run on a bench whose monitor is known by its serial number; the DUT draws `scale` times as much."""
    run = make_run()
    run.samples = [values * np.float32(scale) for values in run.samples]
    identity = {
        "kind": "monitor",
        "make": "ST",
        "model": "LPM01A",
        "serial": "S1",
        "firmware": "1",
        "virtual": True,
    }
    run.insert(ev.DeviceIdentified(t_ns=host_ns(-4.9), box="monitor", identity=identity | {"detail": {}}))
    bench = {"name": "synthetic", "monitor": {"driver": "lpm01a"}}
    run.record = run.record.model_copy(update={"bench": bench, "session_id": f"synthetic-{scale}"})
    return judged(run.write(folder))


def test_the_difference_is_that_of_compare_with_shared_errors(tmp_path):
    sessions = [on_one_monitor(tmp_path / str(scale), scale) for scale in (1.0, 1.004)]
    (pair,) = overlay(sessions).pairs
    results = [analyze(session) for session in sessions]
    baselines = [baseline_of(session, result) for session, result in zip(sessions, results, strict=True)]
    expected = [as_document(one) for one in differences(*baselines)]
    assert [{k: v for k, v in one.items() if k != "words"} for one in pair["figures"]] == expected
    energy = next(one for one in pair["figures"] if one["quantity"] == "energy_per_inference")
    assert energy["change"] == pytest.approx(0.004, rel=1e-2)
    assert "gain of the energy measurement" in energy["cancelled"]
    assert energy["U_change"] < 0.004 < energy["U_a"] / energy["a"]  # each alone would not tell them apart
    assert any("A is better" in line for line in energy["words"])
    assert "more energy an inference" in pair["sentence"]
    assert pair["why"] == ""
    assert (pair["a"], pair["b"]) == (0, 1)


# --- what cannot be compared: it is said, and the rest is shown -------------------------------------------


def relabelled(session, **changes):
    write_record(session.path, session.record.model_copy(update=changes))
    return judged(Session.open(session.path))


def test_other_benchmarks_and_virtual_against_hardware_are_shown_and_said(tmp_path):
    plain = judged(train(tmp_path / "a"))
    hardware = relabelled(train(tmp_path / "b"), virtual=False)
    found = overlay([plain, hardware])
    assert all(one.curve is not None for one in found.laid)
    assert "cannot be compared" in found.pairs[0]["why"]
    assert found.pairs[0]["figures"] == []
    assert any("simulated" in note for note in found.notes)
    other = judged(make_run(Setup(benchmark="vww01")).write(tmp_path / "c"))
    found = overlay([plain, other])
    assert all(one.curve is not None for one in found.laid)
    assert any("different benchmarks: kws01, vww01" in note for note in found.notes)
    assert found.pairs[0]["why"]


def test_other_sample_periods_are_said(tmp_path):
    sessions = [
        traced(tmp_path / "a", {"power": np.full(300, 0.01)}, windows=[(10, 60, 1)]),
        traced(tmp_path / "b", {"power": np.full(3000, 0.01)}, windows=[(100, 600, 1)], period_s=1e-4),
    ]
    found = overlay(sessions, 8192)
    assert any("samples last from 0.0001 s to 0.001 s" in note for note in found.notes)
    assert [one.curve.step_s for one in found.laid] == [1e-3, 1e-3]


def test_a_session_without_windows_or_without_a_trace_is_in_the_table_all_the_same(tmp_path):
    plain = judged(train(tmp_path / "a"))
    idle = traced(tmp_path / "b", {"power": np.full(300, 0.01)})
    timed = judged(make_run(mode="performance").write(tmp_path / "c"))
    found = overlay([plain, idle, timed])
    assert found.laid[0].curve is not None
    assert (found.laid[1].curve, found.laid[2].curve) == (None, None)
    assert any("none of its windows lies in the trace" in note for note in found.laid[1].notes)
    assert any("no power trace" in note for note in found.laid[2].notes)
    assert "B has no result" in found.pairs[0]["why"]
    assert any("different modes" in note for note in found.notes)
    json.dumps(found.document(), allow_nan=False)


def test_damaged_files_are_said_and_the_others_are_shown(tmp_path):
    plain, broken, cut = (judged(train(tmp_path / name)) for name in "abc")
    (broken.path / RESULT).write_text("{")
    (cut.path / "trace.jls").write_bytes(b"no trace")
    found = overlay([plain, broken, cut])
    assert [one.curve is not None for one in found.laid] == [True, True, False]
    assert any("result.json" in note for note in found.laid[1].notes)
    assert any("cannot be read as a trace" in note for note in found.laid[2].notes)
    assert found.pairs[0]["why"].startswith("B has no result. Try: energy-runner analyze")


def test_inferences_that_cannot_be_told_apart_have_no_mean_and_the_note_says_why(tmp_path):
    (laid,) = overlay([judged(make_run(Setup(windows=1)).write(tmp_path / "s"))]).laid
    assert laid.mean is None
    assert any("no mean inference: not resolved" in note for note in laid.notes)


def test_the_same_session_twice_is_said(tmp_path):
    session = judged(train(tmp_path / "s"))
    found = overlay([session, session])
    assert any("more than once" in note for note in found.notes)


@pytest.mark.parametrize(("count", "columns"), [(0, 600), (17, 600), (1, 0), (1, 9000)])
def test_it_is_bounded(count, columns, tmp_path):
    session = train(tmp_path / "s")
    with pytest.raises(ConfigurationError, match="Try: 1 to "):
        overlay([session] * count, columns)
