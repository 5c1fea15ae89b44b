"""A submission tree: what the official checker reads from it, what is refused, and what every file says."""

import json
import math
import re
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from energy_runner.analysis.energy.source import EnergySource
from energy_runner.cli.export_commands import export_mlperf_command
from energy_runner.errors import ConfigurationError, ExitStatus, RunnerError, SessionError
from energy_runner.rules import evaluate
from energy_runner.session import events as ev
from energy_runner.session.folder import Session
from energy_runner.submission import document as mlperf_json
from energy_runner.submission.export import ExportOptions, export_mlperf
from energy_runner.submission.names import check_name, check_value, is_text, plain_ascii
from energy_runner.submission.system import empty_form, fields, read_form
from energy_runner.submission.text import digits
from energy_runner.submission.verdicts import RulesFailedError
from tests.support.mlperf_oracle import read_tree
from tests.support.synthetic import Run, make_run

FILLED = {
    "status": "available",
    "board_name": "NUCLEO-L4R5ZI",
    "processor_name": "Arm Cortex-M4",
    "processor_frequencies": "120 MHz",
    "processor_memory": "640 KB SRAM",
    "inference_framework": "TFLM",
    "quantization_method": "post-training int8",
}
MODES = ("accuracy", "performance", "energy")
TEN = (0.0,) * 7 + (1.0,) + (0.0,) * 2


def form(folder: Path, **changes: str) -> Path:
    """Fill in the empty form."""
    text = empty_form()
    for key, value in (FILLED | changes).items():
        assert f'\n{key} = ""' in text
        text = text.replace(f'\n{key} = ""', f"\n{key} = {json.dumps(value)}")
    path = folder / f"system-{len(list(folder.glob('system-*.toml')))}.toml"
    path.write_text(text, "utf-8")
    return path


def real(run: Run) -> Run:
    """Let a made-up run pass for one on hardware."""
    run.record = run.record.model_copy(update={"virtual": False, "session_id": f"s-{run.setup.mode}"})
    return run


def made(mode: str, benchmark: str = "ic01", **changes: object) -> Run:
    outputs = (1.5,) if benchmark == "ad01" else TEN
    return real(make_run(mode=mode, benchmark=benchmark, period_s=0.02, outputs=outputs, **changes))


def write_all(folder: Path, *runs: Run) -> list[Path]:
    paths = []
    for number, run in enumerate(runs):
        run.write(folder / f"{run.setup.benchmark}-{run.setup.mode}-{number}")
        paths.append(folder / f"{run.setup.benchmark}-{run.setup.mode}-{number}")
    return paths


@pytest.fixture(scope="module")
def sessions(tmp_path_factory) -> list[Path]:
    """Accuracy, performance and energy sessions of ic01, all valid."""
    return write_all(tmp_path_factory.mktemp("sessions"), *(made(mode) for mode in MODES))


@pytest.fixture(scope="module")
def shapes(tmp_path_factory) -> dict[str, list[Path]]:
    """Valid sessions of other benchmarks."""
    folder = tmp_path_factory.mktemp("others")
    return {
        name: write_all(folder, *(real(make_run(mode=m, benchmark=name, period_s=0.02, outputs=o)) for m in MODES))
        for name, o in (("ad01", (1.5,)), ("kws01", (*TEN, 0.0, 0.0)), ("ic02", TEN), ("vww01", (0.0, 1.0)))
    }


def options(sessions: list[Path], tmp_path: Path, **changes: object) -> ExportOptions:
    system_file = form(tmp_path)
    base = ExportOptions(sessions, tmp_path / "out", org="Acme", system="board_a", system_file=system_file)
    return replace(base, **changes)


def everything(out: Path) -> dict[str, bytes]:
    return {p.relative_to(out).as_posix(): p.read_bytes() for p in sorted(out.rglob("*")) if p.is_file()}


def strict(data: bytes) -> object:
    """Parse JSON as the standard has it: no NaN, no Infinity."""

    def refuse(name: str) -> None:
        raise AssertionError(name)

    return json.loads(data.decode("ascii"), parse_constant=refuse)


# --- what the checker reads -----------------------------------------------------------------------------


def test_the_checker_reads_exactly_our_figures(sessions, tmp_path):
    export = export_mlperf(options(sessions, tmp_path))
    results = {path.name.split("-")[1]: evaluate(Session.open(path)) for path in sessions}
    for version in ("v1.3", "v1.4"):
        reading = read_tree(tmp_path / "out", version)
        assert reading.wrong == []
        ((place, row),) = reading.rows.items()
        assert place == ("closed", "Acme", "board_a", "ic")
        assert row.accuracy == results["accuracy"].accuracy.value
        assert row.throughput == results["performance"].throughput_per_s
        assert row.energy == pytest.approx(results["energy"].energy_per_inference_j.median * 1e6, rel=1e-15)
        assert row.system["Status"] == "Available"
        assert "1.8 V" in row.system["Hardware Notes"]
    assert {f.value for f in export.figures} == {row.accuracy, row.throughput, row.energy}
    assert sorted(export.files) == sorted(everything(tmp_path / "out"))
    assert export.deviations == ()


def test_all_benchmarks_in_one_tree(sessions, shapes, tmp_path):
    named = [*sessions, *(path for paths in shapes.values() for path in paths)]
    export = export_mlperf(options(named, tmp_path))
    reading = read_tree(tmp_path / "out")
    assert reading.wrong == []
    assert {place[3] for place in reading.rows} == {"ad", "ic", "ic2", "kws", "vww"}
    assert any("v1.3 refuses" in remark for remark in export.remarks)
    assert [wrong for wrong in read_tree(tmp_path / "out", "v1.3").wrong if "ic2" not in wrong] == []
    checklist = (tmp_path / "out/closed/Acme/systems/board_a_checklist_DRAFT.md").read_text("ascii")
    for figure in export.figures:
        assert f"{figure.run}: {figure.text}" in checklist


def test_ic02_needs_ic01_beside_it(shapes, tmp_path):
    with pytest.raises(ConfigurationError, match="ic02 may only be submitted together with ic01"):
        export_mlperf(options(shapes["ic02"], tmp_path))


def test_energy_is_optional_the_other_modes_are_not(sessions, tmp_path):
    export = export_mlperf(options(sessions[:2], tmp_path))
    assert any("no energy" in remark for remark in export.remarks)
    assert read_tree(tmp_path / "out").wrong == []
    for left_out, mode in ((0, "accuracy"), (1, "performance")):
        rest = [path for number, path in enumerate(sessions) if number != left_out]
        with pytest.raises(ConfigurationError, match=f"ic01: no session in {mode} mode"):
            export_mlperf(options(rest, tmp_path, out=tmp_path / "other"))
    assert not (tmp_path / "other").exists()


@given(st.floats(min_value=0.0, allow_nan=False, allow_infinity=False))
def test_digits_read_back_exactly(value):
    text = digits(value)
    assert re.fullmatch(r"\d+\.\d+", text)
    assert float(text) == value
    moved = digits(value, 6)
    assert re.fullmatch(r"\d+\.\d+", moved)
    assert float(moved) == pytest.approx(value * 1e6, rel=1e-15)


@pytest.mark.parametrize("value", [math.nan, math.inf, -1.0])
def test_what_has_no_digits_is_refused(value):
    with pytest.raises(ValueError, match="digits"):
        digits(value)


def test_same_sessions_same_bytes(sessions, tmp_path):
    export_mlperf(options(sessions, tmp_path, out=tmp_path / "a"))
    export_mlperf(options(list(reversed(sessions)), tmp_path, out=tmp_path / "b"))
    assert everything(tmp_path / "a") == everything(tmp_path / "b")


def test_the_uncertainty_stands_beside_the_energy(sessions, tmp_path):
    export_mlperf(options(sessions, tmp_path))
    score = evaluate(Session.open(sessions[2])).energy_per_inference_j
    text = (tmp_path / "out/closed/Acme/results/board_a/ic/energy/results.txt").read_text("ascii")
    (found,) = re.findall(r"Expanded uncertainty U = ([\d.]+) uJ/inf\. \(k = ", text)
    assert float(found) == pytest.approx(score.U * 1e6, rel=0.05)
    assert ("uncertainty incomplete" in text) == bool(score.incomplete)
    assert text in (tmp_path / "out/closed/Acme/results/board_a/ic/energy/log.txt").read_text("ascii")


def test_a_stored_result_is_not_believed(sessions, tmp_path):
    run = made("energy")
    (path,) = write_all(tmp_path, run)
    (path / "result.json").write_text('{"valid": true, "energy_per_inference_j": {"median": 1e-9}}')
    export = export_mlperf(options([*sessions[:2], path], tmp_path))
    assert next(f for f in export.figures if f.run == "ic01 energy").value > 1000


# --- results.json and log.txt ---------------------------------------------------------------------------


@pytest.mark.parametrize("by_laps", [False, True])
def test_samples_in_milliseconds_sum_to_our_energy(by_laps, sessions, tmp_path):
    (path,) = write_all(tmp_path, made("energy", by_laps=by_laps))
    export = export_mlperf(options([*sessions[:2], path], tmp_path))
    windows = evaluate(Session.open(path)).windows
    passes = strict((tmp_path / "out/closed/Acme/results/board_a/ic/energy/results.json").read_bytes())
    each = []
    for number, (one, window) in enumerate(zip(passes, windows, strict=True)):
        (first, start), (second, stop) = one["power"]["timestamps"]
        assert (first, second) == (2 * number, 2 * number + 1)
        assert sum(one["power"]["samples"][start:stop]) == pytest.approx(window.energy_j, rel=1e-12)
        assert (stop - start) / 1000 == pytest.approx(window.duration_s, abs=5.1e-4)
        assert one["mode"] == "e"
        assert (one["class"], one["classes"]) == (str(number), "10")
        assert one["power"]["voltage"] == 1.8
        each.append(sum(one["power"]["samples"][start:stop]) / one["infer"]["iterations"])
    figure = next(f for f in export.figures if f.run == "ic01 energy")
    assert np.median(each) * 1e6 == pytest.approx(figure.value, rel=1e-12)
    # Passes follow each other without a gap: together they are the whole acquisition.
    with Session.open(path).trace() as trace:
        whole_s = trace.length * trace.period_s
    assert sum(len(one["power"]["samples"]) for one in passes) == pytest.approx(whole_s * 1000, abs=8)


@given(
    samples=st.lists(st.floats(-1e-3, 1.0) | st.just(math.nan), min_size=4, max_size=60),
    period_s=st.sampled_from([1e-4, 2.048e-4, 1e-3, 0.02]),
    ends=st.tuples(st.floats(0, 1), st.floats(0, 1)),
)
def test_a_stretch_keeps_its_energy(samples, period_s, ends):
    array = np.array(samples)
    source = EnergySource(lambda a, b: array[a:b], len(array), period_s, 1.0)
    start_s, stop_s = sorted(end * len(array) * period_s for end in ends)
    parts = mlperf_json._in_milliseconds(source, start_s, stop_s)
    assert len(parts) == round((stop_s - start_s) * 1000)
    assert np.all(np.isfinite(parts))
    if len(parts) and not np.isnan(array).any():
        grid = np.concatenate(([0.0], np.cumsum(array)))
        start, stop = np.interp([start_s / period_s, stop_s / period_s], np.arange(len(grid)), grid)
        assert np.sum(parts) == pytest.approx(stop - start, rel=1e-9, abs=1e-9)


def test_performance_and_accuracy_passes(sessions, tmp_path):
    export_mlperf(options(sessions, tmp_path))
    folder = tmp_path / "out/closed/Acme/results/board_a/ic"
    timed = strict((folder / "performance/results.json").read_bytes())
    result = evaluate(Session.open(sessions[1]))
    rates = [one["infer"]["iterations"] / (one["infer"]["elapsed_time"] / 1e6) for one in timed]
    assert np.median(rates) == pytest.approx(result.throughput_per_s, rel=1e-12)
    assert [one["infer"]["throughput"] for one in timed] == [w.throughput_per_s for w in result.windows]
    assert all(one["infer"]["end_time"] > one["infer"]["start_time"] for one in timed)
    classified = strict((folder / "accuracy/results.json").read_bytes())
    right = [np.argmax(one["infer"]["results"]) == int(one["class"]) for one in classified]
    assert len(right) == 200
    assert 100 * np.mean(right) == result_value(sessions[0])


def result_value(path: Path) -> float:
    return evaluate(Session.open(path)).accuracy.value


def test_the_log_tells_what_happened(sessions, tmp_path):
    export_mlperf(options(sessions, tmp_path))
    log = (tmp_path / "out/closed/Acme/results/board_a/ic/energy/log.txt").read_text("ascii")
    assert "Device model retrieved: ic01" in log
    assert log.count("Loading file stimulus_") == log.count("Load complete.") == 5
    assert "0101.0000" in log
    assert log.count("window: 1 warm-ups and 100 inferences done") == 5
    assert "run ended: completed" in log
    assert log.endswith((tmp_path / "out/closed/Acme/results/board_a/ic/energy/results.txt").read_text("ascii"))


def test_sliding_windows_of_a_stimulus(shapes, tmp_path):
    export_mlperf(options(shapes["ad01"], tmp_path))
    folder = tmp_path / "out/closed/Acme/results/board_a/ad"
    passes = strict((folder / "accuracy/results.json").read_bytes())
    assert len(passes) == 248 * 3
    assert {(one["bytes_to_send"], one["stride"], one["total_length"]) for one in passes} == {("2560", "512", 3)}
    assert [one["energy_runner"]["offset"] for one in passes[:4]] == [0, 512, 1024, 0]
    assert "segment 2" not in (folder / "energy/log.txt").read_text("ascii")


# --- rules that failed ----------------------------------------------------------------------------------


def short_windows(folder: Path) -> list[Path]:
    return write_all(folder, made("accuracy"), made("performance", window_s=9.0), made("energy", window_s=9.0))


def test_failed_rules_are_refused_by_name(tmp_path):
    paths = short_windows(tmp_path)
    with pytest.raises(RulesFailedError) as refused:
        export_mlperf(options(paths, tmp_path))
    assert refused.value.status is ExitStatus.RULE_FAILED
    text = str(refused.value)
    assert "ic01 energy: rule 'window-length' failed: 9" in text
    assert "ic01 performance: rule 'window-length'" in text
    assert "--despite window-length" in text
    assert "--open" in text
    assert "\n" not in text
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("way", ["despite", "open"])
def test_what_is_excused_is_said_everywhere(way, tmp_path):
    paths = short_windows(tmp_path)
    changes = {"despite": ["window-length"]} if way == "despite" else {"division": "open"}
    export = export_mlperf(options(paths, tmp_path, **changes))
    assert len(export.deviations) == 2
    reading = read_tree(tmp_path / "out")
    assert reading.wrong == []
    ((place, row),) = reading.rows.items()
    assert place[0] == ("closed" if way == "despite" else "open")
    assert row.throughput == pytest.approx(100 / 9.0, rel=1e-3)
    for name, data in everything(tmp_path / "out").items():
        assert b"window-length" in data, name
    assert "window-length" in row.system["Software Notes"]


def test_an_excuse_covers_only_its_rule(tmp_path):
    paths = short_windows(tmp_path)
    with pytest.raises(RulesFailedError, match="window-length"):
        export_mlperf(options(paths, tmp_path, despite=["spread"]))
    with pytest.raises(ConfigurationError, match="did you mean 'window-length'"):
        export_mlperf(options(paths, tmp_path, despite=["window-lenght"]))


def test_an_excuse_that_is_not_needed_is_told(sessions, tmp_path):
    export = export_mlperf(options(sessions, tmp_path, despite=["spread"]))
    assert export.deviations == ()
    assert any("spread" in remark for remark in export.remarks)


def wrong_answers() -> Run:
    def always_no(number: int, event: ev.AnyEvent) -> ev.AnyEvent:
        return event.model_copy(update={"results": [1.0] + [0.0] * 9})

    return made("accuracy").change(ev.InferenceDone, always_no)


def test_accuracy_below_target_is_for_the_open_division(tmp_path):
    paths = write_all(tmp_path, wrong_answers(), made("performance"), made("energy"))
    with pytest.raises(RulesFailedError, match="accuracy-target"):
        export_mlperf(options(paths, tmp_path))
    with pytest.raises(ConfigurationError, match="refuses in the closed division"):
        export_mlperf(options(paths, tmp_path, despite=["accuracy-target"]))
    export_mlperf(options(paths, tmp_path, division="open"))
    ((_, row),) = read_tree(tmp_path / "out").rows.items()
    assert row.accuracy == result_value(paths[0]) == 10


def test_lost_samples_leave_no_nan(sessions, tmp_path):
    run = made("energy")
    for lost in (5, 400, 1000, 1001):  # before, in and between windows
        run.samples[0][lost] = np.nan
    (path,) = write_all(tmp_path, run)
    named = [*sessions[:2], path]
    with pytest.raises(RulesFailedError, match="no-lost-samples"):
        export_mlperf(options(named, tmp_path))
    export_mlperf(options(named, tmp_path, despite=["no-lost-samples"]))
    for name, data in everything(tmp_path / "out").items():
        assert b"nan" not in data.lower(), name
        if name.endswith(".json"):
            strict(data)
    assert read_tree(tmp_path / "out").wrong == []


def test_without_a_figure_nothing_is_exported_not_even_open(sessions, tmp_path):
    run = made("energy").drop(ev.EdgeCaptured, [4])
    (path,) = write_all(tmp_path, run)
    with pytest.raises(ConfigurationError, match="no figure to export"):
        export_mlperf(options([*sessions[:2], path], tmp_path, division="open"))
    assert not (tmp_path / "out").exists()


# --- what must not be mixed -----------------------------------------------------------------------------


def renamed(run: Run, **changes: str) -> Run:
    return run.change(ev.DutIdentified, lambda number, event: event.model_copy(update=changes))


@pytest.mark.parametrize("field", ["name", "profile", "model"])
def test_other_firmware_is_not_mixed(field, sessions, tmp_path):
    (path,) = write_all(tmp_path, renamed(made("performance"), **{field: "other"}))
    with pytest.raises(ConfigurationError, match="different firmware"):
        export_mlperf(options([sessions[0], path, sessions[2]], tmp_path))


def test_a_dut_that_never_said_who_it_is(sessions, tmp_path):
    (path,) = write_all(tmp_path, made("performance").drop(ev.DutIdentified, [0]))
    with pytest.raises(ConfigurationError, match="must say once who it is"):
        export_mlperf(options([sessions[0], path], tmp_path, division="open"))


def test_another_system_is_not_mixed(sessions, shapes, tmp_path):
    others = write_all(tmp_path, *(renamed(made(mode, "ad01"), name="other board") for mode in MODES))
    with pytest.raises(ConfigurationError, match="one export is for one system"):
        export_mlperf(options([*sessions, *others], tmp_path))


def test_two_sessions_of_one_mode(sessions, tmp_path):
    with pytest.raises(ConfigurationError, match="both ic01 in energy mode"):
        export_mlperf(options([*sessions, sessions[2]], tmp_path))


def other_stimuli(run: Run, first: str) -> Run:
    stimuli = [s.model_copy(update={"sha256": first + s.sha256[1:]}) for s in run.record.stimuli]
    run.record = run.record.model_copy(update={"stimuli": stimuli})
    return run


def test_other_stimuli_are_not_mixed(sessions, tmp_path):
    energy, performance = write_all(
        tmp_path, other_stimuli(made("energy"), "f"), other_stimuli(made("performance"), "f")
    )
    with pytest.raises(ConfigurationError, match="used different stimuli"):
        export_mlperf(options([*sessions[:2], energy], tmp_path))
    with pytest.raises(ConfigurationError, match="not among those of"):
        export_mlperf(options([sessions[0], performance, energy], tmp_path))


def test_all_five_stimuli_are_needed_whatever_is_excused(sessions, tmp_path):
    (path,) = write_all(tmp_path, made("performance", windows=4))
    with pytest.raises(ConfigurationError, match="4 different stimuli"):
        export_mlperf(options([sessions[0], path], tmp_path, division="open"))


def test_a_changed_definition_of_a_benchmark(sessions, tmp_path):
    run = made("accuracy")
    run.record = run.record.model_copy(
        update={"benchmark": run.record.benchmark.model_copy(update={"target": 10.0})}
    )
    (path,) = write_all(tmp_path, run)
    with pytest.raises(ConfigurationError, match="target differ"):
        export_mlperf(options([path, sessions[1]], tmp_path, division="open"))


def test_an_unreadable_session_is_named(sessions, tmp_path):
    (path,) = write_all(tmp_path, made("energy"))
    (path / "journal.jsonl").write_text("[" * 100_000 + "\n")
    with pytest.raises(SessionError, match=re.escape(str(path))):
        export_mlperf(options([*sessions[:2], path], tmp_path))
    with pytest.raises(SessionError, match="no such session"):
        export_mlperf(options([tmp_path / "nowhere"], tmp_path))


# --- simulated ------------------------------------------------------------------------------------------


def virtual_sessions(folder: Path) -> list[Path]:
    return write_all(
        folder, *(make_run(mode=mode, benchmark="ic01", period_s=0.02, outputs=TEN) for mode in MODES)
    )


def test_simulated_sessions_are_marked_everywhere(tmp_path):
    paths = virtual_sessions(tmp_path)
    with pytest.raises(ConfigurationError, match="nothing simulated can be submitted"):
        export_mlperf(options(paths, tmp_path, division="open"))
    export = export_mlperf(options(paths, tmp_path, simulated=True))
    assert export.simulated
    for name, data in everything(tmp_path / "out").items():
        assert b"SIMULATED" in data, name
        assert not name.endswith("results.json") or strict(data)[0]["energy_runner"]["simulated"] is True
    ((_, row),) = read_tree(tmp_path / "out").rows.items()
    assert row.system["Status"] == "RDI"  # the one status of the checker that claims no product
    assert any("rdi and not available" in remark for remark in export.remarks)
    for key in ("Board Name", "Hardware Notes", "Software Notes"):
        assert row.system[key].startswith("SIMULATED")


def test_simulated_and_measured_are_not_confused(sessions, tmp_path):
    paths = virtual_sessions(tmp_path)
    with pytest.raises(ConfigurationError, match="cannot be mixed"):
        export_mlperf(options([*sessions[:2], paths[2]], tmp_path, simulated=True))
    with pytest.raises(ConfigurationError, match="was measured on hardware"):
        export_mlperf(options(sessions, tmp_path, simulated=True))
    with pytest.raises(ConfigurationError, match="nothing simulated is available"):
        export_mlperf(options(paths, tmp_path, simulated=True, category="available"))


def test_a_record_cannot_deny_its_journal(sessions, tmp_path):
    run = made("energy")
    twin = ev.BoxIdentified(t_ns=run.events[0].t_ns + 1, box="monitor", identity={"virtual": True})
    (path,) = write_all(tmp_path, run.insert(twin))
    with pytest.raises(ConfigurationError, match="cannot be mixed"):
        export_mlperf(options([*sessions[:2], path], tmp_path))


# --- the form -------------------------------------------------------------------------------------------


def test_the_empty_form_has_every_key_and_names_what_is_missing(sessions, tmp_path):
    path = tmp_path / "form.toml"
    assert export_mlperf_command([], None, new_system=path) == ExitStatus.VALID
    assert list(read_form(path)) == [field.key for field in fields()]
    assert set(read_form(path).values()) == {""}
    mandatory = [field.key for field in fields() if field.mandatory]
    with pytest.raises(ConfigurationError) as refused:
        export_mlperf(options(sessions, tmp_path, system_file=path))
    assert ", ".join(mandatory) in str(refused.value)
    assert "--category" in str(refused.value)
    with pytest.raises(ConfigurationError, match="is there already"):
        export_mlperf_command([], None, new_system=path)


def test_category_fills_in_the_status_and_must_agree(sessions, tmp_path):
    system_file = form(tmp_path, status="")
    export_mlperf(options(sessions, tmp_path, system_file=system_file, category="preview"))
    ((_, row),) = read_tree(tmp_path / "out").rows.items()
    assert row.system["Status"] == "Preview"
    with pytest.raises(ConfigurationError, match="--category rdi, but"):
        export_mlperf(options(sessions, tmp_path, system_file=form(tmp_path), category="rdi"))
    with pytest.raises(ConfigurationError, match="is none of available"):
        export_mlperf(options(sessions, tmp_path, system_file=system_file, category="soon"))


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("board_nam = 'x'", "did you mean 'board_name'"),
        ("board_name = 3", "must be text"),
        ("board_name = '7\" panel'", "double quote"),
        ("board_name = '=HYPERLINK(1)'", "formula"),
        ("board_name = 'a\\u0007b'".replace("'", '"'), "cannot be seen"),
        (f"board_name = '{'x' * 1001}'", "longer than"),
        ("board_name = ", "not TOML"),
        ("\ufffe", "not TOML"),
    ],
)
def test_a_form_that_is_none(text, what, tmp_path):
    path = tmp_path / "form.toml"
    path.write_text(text, "utf-8")
    with pytest.raises(ConfigurationError, match=what) as refused:
        read_form(path)
    assert str(path) in str(refused.value)


@pytest.mark.parametrize(("key", "value"), [("board_name", "6705"), ("board_name", "N/A"), ("status", "soon")])
def test_values_that_the_official_tools_take_otherwise(key, value, sessions, tmp_path):
    with pytest.raises(ConfigurationError, match=key):
        export_mlperf(options(sessions, tmp_path, system_file=form(tmp_path, **{key: value})))


@given(st.binary(max_size=300))
def test_any_bytes_are_a_form_or_refused(tmp_path_factory, data):
    path = tmp_path_factory.getbasetemp() / "hostile.toml"
    path.write_bytes(data)
    with suppress(ConfigurationError):
        values = read_form(path)
        assert list(values) == [field.key for field in fields()]
        assert all(value == check_value("", value) for value in values.values())


# --- names and folders ----------------------------------------------------------------------------------

HOSTILE = [
    *("", ".", "..", "a/b", "../x", "/etc", "a\\b", "C:", "a b", " a", "a\n", ".git", "-x", "a.", "a..b"),
    *("NA", "none", "True", "42", "1e5", "Infinity", "nan", "con", "NUL.x", "__pycache__"),
    *("x" * 65, "Größe", "a\u202eb", "$HOME", "a*"),
]


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("option", ["org", "system"])
def test_hostile_names_are_refused(option, name, sessions, tmp_path):
    with pytest.raises(ConfigurationError, match=f"--{option}"):
        export_mlperf(options(sessions, tmp_path, **{option: name}))
    assert not (tmp_path / "out").exists()


@given(st.text(max_size=70) | st.from_regex(r"[\w.+-]{1,66}", fullmatch=True))
def test_a_name_that_passes_is_one_plain_folder(name):
    with suppress(ConfigurationError):
        assert check_name("--org", name) == name
        assert re.fullmatch(r"[A-Za-z0-9_.+-]{1,64}", name)
        assert ".." not in name
        assert not name.startswith((".", "-"))
        assert is_text(name)


@given(st.text(max_size=600))
def test_plain_text_is_one_line_of_ascii(text):
    line = plain_ascii(text)
    assert line.isascii()
    assert line.isprintable()
    assert len(line) <= 400


@pytest.mark.parametrize("kind", ["closed", "division", ""])
def test_unknown_divisions(kind, sessions, tmp_path):
    if kind == "closed":
        export_mlperf(options(sessions, tmp_path, division=kind))
    else:
        with pytest.raises(ConfigurationError, match="--division"):
            export_mlperf(options(sessions, tmp_path, division=kind))


def test_exporting_again_changes_nothing(sessions, tmp_path):
    export_mlperf(options(sessions, tmp_path))
    before = everything(tmp_path / "out")
    export_mlperf(options(sessions, tmp_path))
    assert everything(tmp_path / "out") == before


def test_nothing_is_overwritten(sessions, tmp_path):
    export_mlperf(options(sessions, tmp_path))
    target = tmp_path / "out/closed/Acme/results/board_a/ic/energy/results.txt"
    target.write_text("theirs")
    before = everything(tmp_path / "out")
    with pytest.raises(ConfigurationError, match="holds something else"):
        export_mlperf(options(sessions, tmp_path))
    assert everything(tmp_path / "out") == before


def test_an_old_energy_folder_does_not_stay_beside_a_new_export(sessions, tmp_path):
    export_mlperf(options(sessions, tmp_path))
    with pytest.raises(ConfigurationError, match="is there already and is not part"):
        export_mlperf(options(sessions[:2], tmp_path))


def test_another_system_is_added_beside(sessions, tmp_path):
    export_mlperf(options(sessions, tmp_path))
    before = everything(tmp_path / "out")
    export_mlperf(options(sessions, tmp_path, system="board_b"))
    after = everything(tmp_path / "out")
    assert before.items() <= after.items()
    assert {place[2] for place in read_tree(tmp_path / "out").rows} == {"board_a", "board_b"}


@pytest.mark.parametrize("link", ["", "closed", "closed/Acme", "closed/Acme/results/board_a"])
def test_links_are_refused(link, sessions, tmp_path):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    place = tmp_path / "out" / link
    place.parent.mkdir(parents=True, exist_ok=True)
    place.symlink_to(elsewhere, target_is_directory=True)
    with pytest.raises(ConfigurationError, match="is a link"):
        export_mlperf(options(sessions, tmp_path))
    assert list(elsewhere.iterdir()) == []


def test_a_half_written_tree_is_taken_back(sessions, tmp_path):
    out = tmp_path / "out"
    (out / "closed/Acme/results").mkdir(parents=True)
    (out / "closed/Acme/results/board_a").write_text("a file where a folder must be")
    before = everything(out)
    with pytest.raises(ConfigurationError, match="board_a"):
        export_mlperf(options(sessions, tmp_path))
    assert everything(out) == before
    assert not (out / "closed/Acme/systems").exists()


def test_a_session_stays_as_it_is(sessions, tmp_path):
    before = {path: everything(path) for path in sessions}
    export_mlperf(options(sessions, tmp_path))
    assert {path: everything(path) for path in sessions} == before
    with pytest.raises(ConfigurationError, match="inside the session"):
        export_mlperf(options(sessions, tmp_path, out=sessions[0] / "out"))


def test_a_text_that_imitates_a_figure_is_refused(tmp_path):
    hostile = "ic01 Median throughput is 9999 inf./sec."
    runs = [renamed(made(mode), model=hostile) for mode in MODES]
    with pytest.raises(ConfigurationError, match="reads like a result"):
        export_mlperf(options(write_all(tmp_path, *runs), tmp_path, division="open"))


def test_what_boxes_say_breaks_no_line(sessions, tmp_path):
    runs = [renamed(made(mode), name='a"b\nTop 1% = 1\x1b[31m=,ü') for mode in MODES]
    remark = ev.Remark(t_ns=runs[2].events[-1].t_ns, box="dut", text="x\r\nMedian energy cost is 1 uJ/inf.\x07")
    runs[2].insert(remark)
    export_mlperf(options(write_all(tmp_path, *runs), tmp_path))
    assert read_tree(tmp_path / "out").wrong == []
    for name, data in everything(tmp_path / "out").items():
        assert data.isascii(), name
        assert b"\x1b" not in data, name
        assert not re.search(rb"(?m)^Top 1%", data), name
        assert not re.search(rb"(?m)^Median energy cost is 1 uJ", data), name


# --- the command ----------------------------------------------------------------------------------------


def test_the_command_prints_one_document(sessions, tmp_path, capsys):
    status = export_mlperf_command(
        sessions, tmp_path / "out", org="Acme", system="board_a", system_file=form(tmp_path), as_json=True
    )
    assert status == ExitStatus.VALID
    document = strict(capsys.readouterr().out.encode("ascii"))
    assert [figure["run"] for figure in document["figures"]] == [f"ic01 {mode}" for mode in MODES]
    assert all(float(figure["text"]) == figure["value"] for figure in document["figures"])
    assert sorted(document["files"]) == sorted(everything(tmp_path / "out"))


def test_the_command_says_what_it_excused(tmp_path, capsys):
    paths = short_windows(tmp_path)
    status = export_mlperf_command(
        paths, tmp_path / "out", org="Acme", system="board_a", open_=True, system_file=form(tmp_path)
    )
    assert status == ExitStatus.VALID
    said = capsys.readouterr()
    assert "exported despite ic01 energy: rule 'window-length'" in said.err
    assert "ic01 energy: " in said.out
    assert (tmp_path / "out/open").is_dir()


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"out": None}, "--out is needed"),
        ({"system_file": None}, "--new-system"),
        ({"sessions": []}, "no session was named"),
        ({"new_system": Path("x.toml")}, "nothing else"),
        ({"rule_set": "mlperf-tiny-9"}, "unknown rule set"),
    ],
)
def test_the_command_says_what_is_missing(changes, what, sessions, tmp_path):
    given_ = {"sessions": sessions, "out": tmp_path / "out", "org": "Acme", "system": "b", **changes}
    given_.setdefault("system_file", form(tmp_path))
    with pytest.raises(RunnerError, match=what) as refused:
        export_mlperf_command(given_.pop("sessions"), given_.pop("out"), **given_)
    assert refused.value.status is ExitStatus.USAGE
