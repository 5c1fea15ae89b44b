# SPDX-License-Identifier: Apache-2.0
"""Messages name Python's arguments in Python and options on the command line; nothing else in them changes."""

import re
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import energy_runner as er
from energy_runner.bench.build import build_bench
from energy_runner.bench.changes import parse_changes
from energy_runner.bench.load import load_bench_spec
from energy_runner.benchmarks.catalogue import load_benchmark
from energy_runner.benchmarks.fetch import fetch
from energy_runner.benchmarks.places import default_stimuli
from energy_runner.benchmarks.stimuli import find_stimuli
from energy_runner.cli.option_names import with_options
from energy_runner.errors import Argument, BenchFault, Call, ConfigurationError, RunnerError
from energy_runner.published.audit import rows_of
from energy_runner.published.eembc.labels import labels_of
from energy_runner.rules import load_rule_set
from energy_runner.submission.export import export_mlperf
from tests.support.bent_runs import FAST
from tests.support.pinned import any_stimuli_are_official
from tests.support.places import ROOT
from tests.support.submissions import form, made, options, short_windows, write_all
from tests.support.synthetic import make_run


@pytest.fixture(autouse=True)
def official_stimuli(monkeypatch: pytest.MonkeyPatch) -> None:
    any_stimuli_are_official(monkeypatch)


@pytest.mark.parametrize(
    ("part", "python", "command"),
    [
        (Argument("stimuli", "DIR"), "stimuli=DIR", "--stimuli DIR"),
        (Argument("accuracy_session"), "accuracy_session", "--accuracy-session"),
        (Argument("rest_w"), "rest_w", "--rest-uw"),
        (Argument("simulated", "True"), "simulated=True", "--simulated"),
        (Argument("read_back", "False"), "read_back=False", "--no-read-back"),
        (Argument("despite", ("a", "b")), "despite=['a', 'b']", "--despite a --despite b"),
        (Call("er.report(s)", "energy-runner report S"), "er.report(s)", "energy-runner report S"),
    ],
)
def test_both_forms(part: Argument | Call, python: str, command: str) -> None:
    error = BenchFault("per_hour/stimuli=x: no. Try: ", part, " now")
    assert str(error) == f"per_hour/stimuli=x: no. Try: {python} now"
    assert with_options(error) == f"per_hour/stimuli=x: no. Try: {command} now"


def test_a_message_of_one_text_stays_as_it_is() -> None:
    text = "per_hour = 3, period_s=2, Try: rest_w=W, Try out=DIR"
    assert str(ConfigurationError(text)) == with_options(ConfigurationError(text)) == text


# --- every message that names an argument -----------------------------------------------------------------

Ask = Callable[[Path], Any]


def _session(folder: Path) -> er.Session:
    return make_run(FAST).write(folder / "s")


def _use(**given: Any) -> Ask:
    return lambda folder: er.use(_session(folder), **given)


def _check(*rules: str) -> Ask:
    return lambda folder: er.check(_session(folder), rules)


def _export(what: str = "valid", **given: Any) -> Ask:
    def ask(folder: Path) -> Any:
        if what == "short":
            sessions = short_windows(folder)
        elif what == "none":
            sessions = []
        elif what == "half":
            sessions = write_all(folder, made("accuracy"))
        elif what == "virtual":
            sessions = write_all(
                folder,
                *(make_run(mode=mode, benchmark="ad01", outputs=(1.5,)) for mode in ("accuracy", "performance")),
            )
        else:
            sessions = write_all(folder, *(made(mode) for mode in ("accuracy", "performance")))
        filled = form(folder, **given.pop("filled", {}))
        return export_mlperf(options(sessions, folder, **({"system_file": filled} | given)))

    return ask


def _empty_form(folder: Path) -> Any:
    path = folder / "form.toml"
    path.write_text("board_name = 3 4", "utf-8")
    return _export(system_file=path)(folder)


def _into_a_file(folder: Path) -> Any:
    (folder / "out").write_text("x", "utf-8")
    return _export()(folder)


def _over_another(folder: Path) -> Any:
    _export()(folder)
    next((folder / "out").rglob("results.txt")).write_text("x", "utf-8")
    return export_mlperf(
        options([folder / f"ic01-{mode}-{n}" for n, mode in enumerate(("accuracy", "performance"))], folder)
    )


def _two_label_files(folder: Path) -> Any:
    for name in ("a", "b"):
        (folder / name).mkdir()
        (folder / name / "y_labels.csv").write_text("x.bin,12,1\n", "utf-8")
    with tarfile.open(folder / "s.tar.gz", "w:gz") as archive:
        archive.add(folder / "a", "a")
        archive.add(folder / "b", "b")
    return er.fetch_stimuli("kws01", str(folder / "s.tar.gz"), folder / "out")


def _other_labels(folder: Path) -> Any:
    (folder / "y_labels.csv").write_text("x.bin,12,1\n", "utf-8")
    return fetch(load_benchmark("kws01"), str(folder), folder / "out")


def _lists_a_missing_file(folder: Path) -> Any:
    (folder / "y_labels.csv").write_text("x.bin,12,1\n", "utf-8")
    return find_stimuli(folder, load_benchmark("kws01")).first(1)


def _taken(folder: Path) -> Any:
    (folder / "x").write_text("x", "utf-8")
    return er.run("virtual-ideal", er.plan("demo-keywords"), out=folder)


def _real_bench(folder: Path) -> Path:
    path = folder / "per_hour.toml"
    path.write_text('name = "r"\n[dut]\nport = "/dev/none"\n', "utf-8")
    return path


def _model_for_real(folder: Path) -> Any:
    return build_bench(load_bench_spec(str(_real_bench(folder))), "performance", model=folder / "m.tflite")


SITES: dict[str, tuple[Ask, str, str]] = {
    "use": (_use(), "of per_hour and period_s is", "of --per-hour and --period-s is"),
    "use, advice": (_use(), "Try: per_hour=60, or period_s=60", "Try: --per-hour 60, or --period-s 60"),
    "use, zero": (_use(per_hour=0), "per_hour=0: must be", "--per-hour 0: must be"),
    "use, between": (_use(per_hour=1, between="nap"), "between='nap': is not", "--between 'nap': is not"),
    "use, sleep": (_use(per_hour=1, between="sleep"), "Try: rest_w with", "Try: --rest-uw with"),
    "battery": (lambda folder: er.battery(3), "capacity_mah and voltage_v", "--capacity-mah and --battery-v"),
    "plan, limit": (lambda folder: er.plan("demo-keywords", limit=3), "limit=3: only", "--limit 3: only"),
    "plan, mode": (lambda folder: er.plan("demo-keywords", limit=3), "Try: mode=accuracy", "Try: --mode accuracy"),
    "plan, count": (lambda folder: er.plan("kws01", inferences=0), "inferences=0: must", "--inferences 0: must"),
    "no stimuli": (
        lambda folder: default_stimuli(load_benchmark("kws01")),
        "Try: stimuli=DIR; er.fetch_stimuli('kws01', URL); or",
        "Try: --stimuli DIR; energy-runner stimuli fetch kws01 --from URL; or",
    ),
    "no such stimuli": (
        lambda folder: find_stimuli(folder / "stimuli=x", load_benchmark("kws01")),
        "stimuli=x: no such folder. Try stimuli=DIR with",
        "stimuli=x: no such folder. Try --stimuli DIR with",
    ),
    "no labels": (lambda folder: find_stimuli(folder, load_benchmark("kws01")), "stimuli=DIR", "--stimuli DIR"),
    "a stimulus is missing": (_lists_a_missing_file, "Try stimuli=DIR with", "Try --stimuli DIR with"),
    "fetch, source": (
        lambda folder: er.fetch_stimuli("kws01", "per_hour", folder / "out"),
        "source=per_hour: no such folder",
        "--from per_hour: no such folder",
    ),
    "fetch, archive": (_two_label_files, "and source=DIR", "and --from DIR"),
    "fetch, labels": (_other_labels, "stimuli=DIR of a run", "--stimuli DIR of a run"),
    "audit": (
        lambda folder: list(rows_of([], folder / "x", load_rule_set("lab"))),
        "Try stimuli with",
        "Try --stimuli with",
    ),
    "labels of EEMBC": (
        lambda folder: labels_of(["a"], load_benchmark("kws01"), folder / "x"),
        "Try stimuli with",
        "Try --stimuli with",
    ),
    "rule": (_check("accuracy-target"), "Try: accuracy_session", "Try: --accuracy-session"),
    "rules": (
        _check("same-firmware"),
        "Try: accuracy_session or performance_session",
        "Try: --accuracy-session or --performance-session",
    ),
    "demo": (
        lambda folder: er.demo(_real_bench(folder)),
        "per_hour.toml', stimuli=DIR)",
        "per_hour.toml --stimuli DIR",
    ),
    "no sessions": (
        lambda folder: er.list_sessions(folder / "x"),
        "Try: er.demo(), ",
        "Try: energy-runner demo, ",
    ),
    "taken folder": (_taken, "Try another out=DIR", "Try another --out DIR"),
    "model": (_model_for_real, "model is for virtual benches", "--model is for virtual benches"),
    "changes": (
        lambda folder: er.load_bench("virtual-lpm01a", changes={"a b": 1}),
        "changes: a b: is not a key of a bench file. Try: changes={'monitor.voltage_v': 2.5}",
        "--set a b: is not a key of a bench file. Try: --set monitor.voltage_v=2.5",
    ),
    "change": (lambda folder: parse_changes(["per_hour"]), "changes: per_hour: is", "--set per_hour: is"),
    "serve, mode": (lambda folder: er.serve("virtual-lpm01a", "accuracy"), "mode=acc", "--mode acc"),
    "serve, port": (
        lambda folder: er.serve("virtual-lpm01a", tcp_port=5025),
        "tcp_port=5025: served",
        "--tcp-port 5025: served",
    ),
    "export, nothing": (
        _export("none"),
        "Try: er.export_mlperf([SESSION, ...], out, ...)",
        "Try: energy-runner export mlperf SESSION... --out DIR",
    ),
    "export, mode": (
        _export("half"),
        "Try: er.run(bench, er.plan('ic01', 'performance'))",
        "Try: energy-runner run ic01 --mode performance ...",
    ),
    "export, name": (_export(org=""), "org is needed", "--org is needed"),
    "export, hostile name": (_export(system="a b"), "system='a b' cannot", "--system 'a b' cannot"),
    "export, system": (_export(system="NA"), "system='NA' means", "--system 'NA' means"),
    "export, division": (_export(division="ajar"), "division='ajar' is not", "--division 'ajar' is not"),
    "export, form": (
        _empty_form,
        "Try: er.write_system_form(FILE), which",
        "Try: energy-runner export mlperf --new-system FILE, which",
    ),
    "export, status": (_export(filled={"status": ""}), "given with category", "given with --category"),
    "export, category": (_export(category="soon"), "category='soon' is not", "--category 'soon' is not"),
    "export, categories": (_export(category="rdi"), "category=rdi, but", "--category rdi, but"),
    "export, simulated": (_export("virtual"), "Try simulated=True to", "Try --simulated to"),
    "export, category of a virtual one": (
        _export("virtual", simulated=True, category="preview", filled={"status": ""}),
        "category=preview: a simulated system is not preview. Try category=rdi",
        "--category preview: a simulated system is not preview. Try --category rdi",
    ),
    "export, not simulated": (_export(simulated=True), "Try without simulated", "Try without --simulated"),
    "export, unknown rule": (
        _export(despite=["windw"]),
        "despite=['windw']: no such rule",
        "--despite windw: no such rule",
    ),
    "export, failed": (
        _export("short"),
        "or despite=['window-length'], or division=open: every file",
        "or --despite window-length, or --division open: every file",
    ),
    "export, a file": (_into_a_file, "Try another out", "Try another --out"),
    "export, other content": (_over_another, "Try another out, or remove", "Try another --out, or remove"),
}


@pytest.mark.parametrize("site", SITES)
def test_a_message(site: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    ask, python, command = SITES[site]
    with pytest.raises(RunnerError) as raised:
        ask(tmp_path)
    assert python in str(raised.value)
    assert " --" not in str(raised.value)
    assert command in with_options(raised.value)


def test_a_file_called_like_an_argument_keeps_its_name(tmp_path: Path) -> None:
    session = make_run(FAST).write(tmp_path / "per_hour")
    with pytest.raises(RunnerError) as raised:
        er.check(session, ["accuracy-target"])
    assert with_options(raised.value).startswith(f"{tmp_path / 'per_hour'}: accuracy-target does not apply")


def test_rooms_that_python_calls_write_no_options_as_text() -> None:
    rooms = ("api", "analysis", "benchmarks", "director", "published", "session", "submission")
    option = re.compile(r"(?<![\w`-])--[a-z]")
    found = [
        line.strip()
        for folder in (*(ROOT / "energy_runner" / room for room in rooms), ROOT / "instruments")
        for path in sorted(folder.rglob("*.py"))
        for line in path.read_text("utf-8").splitlines()
        if option.search(line)
    ]
    # In calls, the second form is the command line's; the others are comments and options of other programs.
    others = ("energy-runner", "Call(", "bench serve", "scripts/", "udevadm", "_run(")
    assert [line for line in found if not any(word in line for word in others)] == []
