# SPDX-License-Identifier: Apache-2.0
"""Faults that make another runner of this field print a wrong number or hang: here a right number, or a refusal.

Each test names the fault as it was met. "Refused" means a status other than 0 and no valid result; a number
that is printed all the same must be right.
"""

import shutil

import pytest

from energy_runner import api
from energy_runner.benchmarks.demo import write_demo_stimuli
from energy_runner.errors import ConfigurationError, ExitStatus
from tests.support.small import twin_bench

# Falling edges of a run with N given: 0 boot, 1 sync, 2 and 3 the trial, then two for each window.
START_OF = {window: 2 * window + 2 for window in range(1, 6)}
STOP_OF = {window: 2 * window + 3 for window in range(1, 6)}
N = 237


@pytest.fixture(scope="module")
def stimuli(tmp_path_factory):
    folder = tmp_path_factory.mktemp("stimuli")
    write_demo_stimuli(folder)
    return folder


def run_with(set_faults, stimuli, out, *, name="virtual-lpm01a", mode="energy", inferences=N):
    bench = twin_bench(name, mode, seed=2)
    set_faults(bench.twin.world.faults)
    session = api.run(bench, api.plan("kws01", mode, stimuli=stimuli, inferences=inferences), out=out)
    return bench, session, api.exit_status(session)


def truth_of(session) -> float:
    each = sorted(t.energy_j / t.inferences for t in session.record.truth)
    return each[len(each) // 2]


def assert_right(session) -> None:
    score = session.result().energy_per_inference_j
    assert score is not None
    assert abs(score.median - truth_of(session)) <= score.U


def assert_refused(session, status, *, wanted=ExitStatus.RULE_FAILED) -> None:
    assert status is wanted
    assert not session.result().valid
    if session.result().energy_per_inference_j is not None:
        assert_right(session)


@pytest.mark.parametrize("late_ms", [50, 100, 150, 400])
def test_1_late_stop_event(late_ms, stimuli, tmp_path):
    def late(faults):
        faults.late_edge_line_ns = late_ms * 1_000_000

    _, session, status = run_with(late, stimuli, tmp_path / "s")
    assert status is ExitStatus.VALID
    assert_right(session)


@pytest.mark.parametrize("delay_ms", [0.2, 5, 60, 500])
@pytest.mark.parametrize("edge", [STOP_OF[1], STOP_OF[5], START_OF[3]])
@pytest.mark.parametrize("name", ["virtual-lpm01a", "virtual-n6705c"])
def test_2_spurious_pulse(name, edge, delay_ms, stimuli, tmp_path):
    def glitch(faults):
        faults.extra_edge_after = {edge: int(delay_ms * 1e6)}

    _, session, status = run_with(glitch, stimuli, tmp_path / "s", name=name)
    assert_refused(session, status)
    assert any(v.id == "edges-match-commands" and not v.passed for v in session.result().verdicts)
    assert session.result().energy_per_inference_j is None


@pytest.mark.parametrize("every", [100, 1000, 20011])
def test_3_lost_samples(every, stimuli, tmp_path):
    def drop(faults):
        faults.drop_sample_every = every

    _, session, status = run_with(drop, stimuli, tmp_path / "s")
    assert_refused(session, status)
    assert any(v.id == "no-lost-samples" and not v.passed for v in session.result().verdicts)


def test_3_garbled_samples(stimuli, tmp_path):
    def garble(faults):
        faults.garble_sample_every = 100

    _, session, status = run_with(garble, stimuli, tmp_path / "s")
    assert_refused(session, status)


def test_3_lost_samples_of_the_analyzer(stimuli, tmp_path):
    def drop(faults):
        faults.drop_buffer_at_ns = 15_000_000_000

    _, session, status = run_with(drop, stimuli, tmp_path / "s", name="virtual-n6705c")
    assert_refused(session, status)


def test_4_extra_characters_in_a_sample_line(stimuli, tmp_path):
    def extra(faults):
        faults.extra_characters_every = 500

    _, session, status = run_with(extra, stimuli, tmp_path / "s")
    assert "NaN" not in (session.path / "result.json").read_text()
    assert_refused(session, status)


@pytest.mark.parametrize("command", ["volt", "freq", "output", "pwr on", "eventsrc", "start", "format"])
def test_5_shield_refuses_a_command(command, stimuli, tmp_path):
    bench, session, status = run_with(lambda faults: faults.refuse.add(command), stimuli, tmp_path / "s")
    assert_refused(session, status, wanted=ExitStatus.BENCH_FAULT)
    assert command in session.record.reason
    assert not bench.twin.world.powered


def test_5_over_range(stimuli, tmp_path):
    def over(faults):
        faults.over_range_above_a = 0.011

    for name in ("virtual-lpm01a", "virtual-n6705c"):
        _, session, status = run_with(over, stimuli, tmp_path / name, name=name)
        assert status in (ExitStatus.RULE_FAILED, ExitStatus.BENCH_FAULT)
        assert not session.result().valid


@pytest.mark.parametrize("edge", [START_OF[1], STOP_OF[1], START_OF[4], STOP_OF[5]])
@pytest.mark.parametrize("name", ["virtual-lpm01a", "virtual-n6705c"])
def test_6_lost_event(name, edge, stimuli, tmp_path):
    _, session, status = run_with(lambda faults: faults.lost_edges.add(edge), stimuli, tmp_path / "s", name=name)
    assert_refused(session, status)
    assert session.result().energy_per_inference_j is None


def test_6_lost_sync_event_ends_at_once(stimuli, tmp_path):
    bench, session, status = run_with(lambda faults: faults.lost_edges.add(1), stimuli, tmp_path / "s")
    assert_refused(session, status, wanted=ExitStatus.BENCH_FAULT)
    assert "edge" in session.record.reason
    assert not bench.twin.world.powered


@pytest.mark.parametrize("mode", ["energy", "performance"])
def test_7_and_8_short_windows(mode, stimuli, tmp_path):
    _, session, status = run_with(lambda faults: None, stimuli, tmp_path / "s", mode=mode, inferences=70)
    assert status is ExitStatus.RULE_FAILED
    failed = {v.id for v in session.result().verdicts if not v.passed}
    assert "window-length" in failed
    assert '"valid": false' in (session.path / "result.json").read_text()


def test_11_missing_data_file_before_anything_is_switched_on(stimuli, tmp_path):
    partial = tmp_path / "partial"
    shutil.copytree(stimuli, partial)
    (partial / "demo_3.bin").unlink()
    with pytest.raises(ConfigurationError, match=r"demo_3\.bin"):
        api.plan("kws01", stimuli=partial)
    with pytest.raises(ConfigurationError):
        api.plan("kws01", stimuli=tmp_path / "nowhere")


@pytest.mark.parametrize("from_s", [0.0, 0.5, 2.0, 3.0, 6.0, 12.0, 20.0, 60.0])
def test_12_silent_shield(from_s, stimuli, tmp_path):
    def silent(faults):
        faults.silent_from_ns["monitor"] = int(from_s * 1e9)

    bench, session, status = run_with(silent, stimuli, tmp_path / "s")
    assert_refused(session, status, wanted=ExitStatus.BENCH_FAULT)
    assert bench.clock.now_ns() < 200e9


@pytest.mark.parametrize("box", ["dut", "io-manager"])
@pytest.mark.parametrize("from_s", [0.0, 2.0, 5.0, 15.0, 30.0])
def test_13_dead_dut_or_io_manager(box, from_s, stimuli, tmp_path):
    def dead(faults):
        faults.silent_from_ns[box] = int(from_s * 1e9)

    bench, session, status = run_with(dead, stimuli, tmp_path / "s")
    assert_refused(session, status, wanted=ExitStatus.BENCH_FAULT)
    assert not bench.twin.world.powered
    assert session.record.supply_off_confirmed is True


@pytest.mark.parametrize("box", ["monitor", "io-manager"])
@pytest.mark.parametrize("at_s", [0.0, 3.0, 20.0])
@pytest.mark.parametrize("name", ["virtual-lpm01a", "virtual-n6705c"])
def test_14_unplugged(name, at_s, box, stimuli, tmp_path):
    def unplug(faults):
        faults.unplug_at_ns[box] = int(at_s * 1e9)

    bench, session, status = run_with(unplug, stimuli, tmp_path / "s", name=name)
    assert_refused(session, status, wanted=ExitStatus.BENCH_FAULT)
    if box == "io-manager":
        assert not bench.twin.world.powered
    else:  # nobody can switch it off over a pulled cable, and the session says that loudly
        assert session.record.supply_off_confirmed is False
        assert "supply" in session.record.reason.lower()


def test_15_an_arduino_as_io_manager_works(stimuli, tmp_path):
    _, session, status = run_with(lambda faults: None, stimuli, tmp_path / "s", name="virtual-n6705c")
    assert status is ExitStatus.VALID
    assert_right(session)


def test_16_a_full_buffer_is_a_remark(stimuli, tmp_path):
    def full(faults):
        faults.buffer_full = True

    _, session, _ = run_with(full, stimuli, tmp_path / "s")
    assert session.record.outcome == "completed"
    assert_right(session)
    assert any(e.kind == "remark" and e.suspicious for e in session.journal())


def test_17_accuracy_with_few_classes(stimuli, tmp_path):
    session = api.run(
        twin_bench("virtual-lpm01a", "accuracy"),
        api.plan("kws01", "accuracy", stimuli=stimuli, limit=3),
        out=tmp_path / "s",
    )
    assert session.record.outcome == "completed"
    assert session.result().accuracy is not None
    assert api.exit_status(session) is ExitStatus.RULE_FAILED


def test_18_windows_of_more_than_half_a_minute(stimuli, tmp_path):
    for mode in ("energy", "performance"):
        _, session, status = run_with(lambda faults: None, stimuli, tmp_path / mode, mode=mode, inferences=1000)
        assert status is ExitStatus.VALID
        windows = session.result().windows
        assert all(w.duration_s > 40 for w in windows)


@pytest.mark.parametrize("command", ["infer", "db load", "profile", "name"])
def test_20_dut_refuses(command, stimuli, tmp_path):
    bench, session, status = run_with(lambda faults: faults.refuse.add(command), stimuli, tmp_path / "s")
    assert_refused(session, status, wanted=ExitStatus.BENCH_FAULT)
    assert not bench.twin.world.powered


def test_wrong_firmware_mode(stimuli, tmp_path):
    plan = api.plan("kws01", "energy", stimuli=stimuli)
    spec = api.load_bench("virtual-lpm01a")
    spec = spec.model_copy(update={"virtual": spec_virtual(firmware="performance")})
    session = api.run(spec, plan, out=tmp_path / "s")
    assert api.exit_status(session) is ExitStatus.BENCH_FAULT
    assert "performance" in session.record.reason
    assert "flash" in session.record.reason


def test_wrong_baud(stimuli, tmp_path):
    spec = api.load_bench("virtual-lpm01a")
    spec = spec.model_copy(update={"virtual": spec_virtual(line_baud=19200)})
    session = api.run(spec, api.plan("kws01", stimuli=stimuli), out=tmp_path / "s")
    assert api.exit_status(session) is ExitStatus.BENCH_FAULT
    assert "baud" in session.record.reason


def test_reboot_in_a_window(stimuli, tmp_path):
    def reboot(faults):
        faults.reboot_dut_at_ns = 25_000_000_000

    bench, session, status = run_with(reboot, stimuli, tmp_path / "s")
    assert_refused(session, status, wanted=ExitStatus.BENCH_FAULT)
    assert not bench.twin.world.powered


def test_a_welded_relay_is_not_called_off(stimuli, tmp_path):
    def welded(faults):
        faults.power_stays_on = True

    for name in ("virtual-lpm01a", "virtual-n6705c"):
        _, session, status = run_with(welded, stimuli, tmp_path / name, name=name)
        assert status is ExitStatus.BENCH_FAULT
        assert session.record.supply_off_confirmed is False
        assert "SUPPLY" in session.record.reason


def test_a_stale_stream_of_a_dead_run(stimuli, tmp_path):
    def stale(faults):
        faults.stale_stream = True

    _, session, status = run_with(stale, stimuli, tmp_path / "s")
    assert status is ExitStatus.VALID
    assert_right(session)


def spec_virtual(**values):
    from energy_runner.bench.spec import VirtualSpec

    return VirtualSpec(**values)
