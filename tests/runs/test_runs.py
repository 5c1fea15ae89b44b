# SPDX-License-Identifier: Apache-2.0
"""Whole runs on the twins: right numbers, the same bytes every time, every mode."""

import json
import math

import pytest

from energy_runner import api
from energy_runner.bench import load_bench_spec
from energy_runner.benchmarks.demo import write_demo_stimuli
from energy_runner.errors import ExitStatus
from tests.support.small import twin_bench

MONITORS = ("virtual-lpm01a", "virtual-n6705c")


@pytest.fixture(scope="module")
def stimuli(tmp_path_factory):
    folder = tmp_path_factory.mktemp("stimuli")
    write_demo_stimuli(folder)
    return folder


def truth_of(session) -> float:
    each = sorted(t.energy_j / t.inferences for t in session.record.truth)
    return each[len(each) // 2]


@pytest.mark.parametrize("name", [*MONITORS, "virtual-ideal"])
def test_an_energy_run_is_valid_and_right(name, stimuli, tmp_path):
    session = api.run(api.load_bench(name), api.plan("kws01", stimuli=stimuli, seed=4), out=tmp_path / "s")
    result = session.result()
    assert api.exit_status(session) is ExitStatus.VALID, [v for v in result.verdicts if not v.passed]
    assert session.record.virtual is True
    assert result.virtual is True
    assert len(result.windows) == 5
    assert len(session.record.truth) == 5
    assert all(w.duration_s >= 10.0 and w.inferences >= 10 for w in result.windows)
    score = result.energy_per_inference_j
    assert abs(score.median - truth_of(session)) <= score.U or name == "virtual-ideal"
    assert (tmp_path / "s" / "report.html").is_file()
    assert session.record.alignment == result.alignment.method


def test_the_ideal_monitor_is_right_to_10_ppm_at_any_phase(stimuli, tmp_path):
    """The head's length moves the edges through the samples."""
    for number, head_s in enumerate((0.5, 0.50013, 0.5004, 0.50077, 0.5009)):
        plan = api.plan("kws01", stimuli=stimuli, inferences=240)
        plan = type(plan)(**{**plan.__dict__, "head_s": head_s})
        session = api.run(api.load_bench("virtual-ideal"), plan, out=tmp_path / str(number))
        for window, true in zip(session.result().windows, session.record.truth, strict=True):
            assert abs(window.energy_j / true.energy_j - 1.0) < 10e-6, (head_s, window.index)


@pytest.mark.parametrize("seed", range(6))
def test_two_monitors_agree_within_their_limits(seed, stimuli, tmp_path):
    scores = []
    for name in MONITORS:
        session = api.run(api.load_bench(name), api.plan("kws01", stimuli=stimuli, seed=seed), out=tmp_path / name)
        scores.append(session.result().energy_per_inference_j)
    assert scores[0].median != scores[1].median
    limit = math.hypot(scores[0].U, scores[1].U)
    assert abs(scores[0].median - scores[1].median) <= limit


@pytest.mark.parametrize("name", MONITORS)
def test_same_seed_same_bytes(name, stimuli, tmp_path):
    plan = api.plan("kws01", stimuli=stimuli, seed=9)
    for folder in ("a", "b"):
        api.run(api.load_bench(name), plan, out=tmp_path / folder / "s")
    files = {path.name: path.read_bytes() for path in (tmp_path / "a" / "s").iterdir()}
    assert len(files) == 6
    for file, data in files.items():
        assert (tmp_path / "b" / "s" / file).read_bytes() == data, file
    other = api.run(api.load_bench(name), api.plan("kws01", stimuli=stimuli, seed=10), out=tmp_path / "c")
    assert (other.path / "journal.jsonl").read_bytes() != (tmp_path / "a" / "s" / "journal.jsonl").read_bytes()


def test_analyze_gives_the_same_bytes_again(stimuli, tmp_path):
    session = api.run(api.load_bench("virtual-n6705c"), api.plan("kws01", stimuli=stimuli), out=tmp_path / "s")
    before = (session.path / "result.json").read_bytes()
    from energy_runner.session.folder import json_bytes

    assert json_bytes(api.analyze(api.load_session(session.path))) == before


@pytest.mark.parametrize("way", ["direct", "io-manager"])
def test_performance_directly_and_through_the_io_manager(way, stimuli, tmp_path):
    spec = load_bench_spec("virtual-lpm01a")
    spec = spec.model_copy(update={"dut": spec.dut.model_copy(update={"performance": way})})
    session = api.run(spec, api.plan("kws01", "performance", stimuli=stimuli), out=tmp_path / "s")
    result = session.result()
    assert api.exit_status(session) is ExitStatus.VALID, [v for v in result.verdicts if not v.passed]
    # 43.4 ms each, within the twin's speed error of 0.2 % and the time its prints take
    assert result.throughput_per_s == pytest.approx(1 / 0.0434, rel=3e-3)
    assert len(result.windows) == 5
    assert result.energy_per_inference_j is None


@pytest.mark.parametrize("way", ["direct", "io-manager"])
def test_accuracy_directly_and_through_the_io_manager(way, stimuli, tmp_path):
    spec = load_bench_spec("virtual-lpm01a")
    spec = spec.model_copy(update={"dut": spec.dut.model_copy(update={"accuracy": way})})
    session = api.run(spec, api.plan("kws01", "accuracy", stimuli=stimuli), out=tmp_path / "s")
    result = session.result()
    assert result.accuracy is not None
    assert result.accuracy.stimuli == 5
    assert api.exit_status(session) is ExitStatus.RULE_FAILED  # a table answers, five of a thousand stimuli
    assert "table" in session.record.bench["virtual_dut_answers_from"]


def test_anomaly_detection_slides_over_each_file(tmp_path):
    folder = tmp_path / "stimuli"
    folder.mkdir()
    size = 2560 + 2 * 512
    for number in range(5):
        (folder / f"a{number}.bin").write_bytes(bytes([number]) * size)
    (folder / "y_labels.csv").write_text("".join(f"a{n}.bin,2,{n % 2},2560,512\n" for n in range(5)))
    session = api.run(
        api.load_bench("virtual-lpm01a"), api.plan("ad01", "accuracy", stimuli=folder), out=tmp_path / "s"
    )
    offsets = [e.offset for e in session.journal() if e.kind == "inference-done"]
    assert offsets == [0, 512, 1024] * 5
    accuracy = session.result().accuracy
    assert accuracy.metric == "auc"
    assert 0.0 <= accuracy.value <= 1.0


def test_the_notebook_path(stimuli, tmp_path):
    """What the tutorial shows: a bench, a plan, a session, a window's arrays."""
    import energy_runner as er

    session = er.run(er.load_bench("virtual-lpm01a"), er.plan("kws01", stimuli=stimuli), out=tmp_path / "s")
    again = er.load_session(tmp_path / "s")
    assert json.loads((tmp_path / "s" / "result.json").read_text())["valid"] is True
    time_s, power_w = er.window_arrays(again, 1)
    window = session.result().windows[0]
    assert len(time_s) == len(power_w)
    assert time_s[0] == pytest.approx(window.start_s, abs=2e-3)
    assert power_w.mean() == pytest.approx(window.mean_power_w, rel=1e-3)


def test_a_bench_is_built_for_a_mode():
    assert twin_bench("virtual-lpm01a", "performance").twin.dut.options.mode == "performance"


def test_a_damaged_answer_is_asked_for_again(stimuli, tmp_path):
    bench = twin_bench("virtual-lpm01a", "accuracy")
    damaged = iter([True, False] * 20)

    def corrupt(data: bytes) -> bytes:
        return data.replace(b"m-results", b"m-resul?s") if b"m-results" in data and next(damaged) else data

    bench.twin.world.faults.corrupt["dut>host"] = corrupt
    session = api.run(bench, api.plan("kws01", "accuracy", stimuli=stimuli), out=tmp_path / "s")
    assert session.record.outcome == "completed", session.record.reason
    assert session.result().accuracy.stimuli == 5
    assert all(len(e.results) == 12 for e in session.journal() if e.kind == "inference-done")
    assert any(e.kind == "remark" and e.suspicious for e in session.journal())


def test_answers_that_stay_damaged_end_the_run(stimuli, tmp_path):
    bench = twin_bench("virtual-lpm01a", "accuracy")
    bench.twin.world.faults.corrupt["dut>host"] = lambda data: data.replace(b"m-results", b"m-resul?s")
    session = api.run(bench, api.plan("kws01", "accuracy", stimuli=stimuli), out=tmp_path / "s")
    assert api.exit_status(session) is ExitStatus.BENCH_FAULT
    assert "no numbers in place of 12" in session.record.reason
