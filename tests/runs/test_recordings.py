# SPDX-License-Identifier: Apache-2.0
"""Recordings on twins: energy and current against the closed form, and the supply off at the end of every path."""

import json
import shutil
from pathlib import Path

import pytest

from energy_runner import api
from energy_runner.bench import Bench, build_bench, load_bench_spec
from energy_runner.errors import BenchFault, ConfigurationError, SessionError
from energy_runner.session.events import DeviceIdentified, MonitorConfigured, SupplySwitched
from energy_runner.session.journal import Journal
from energy_runner.session.recording import Recording, read_recording, write_recording
from instruments.errors import InstrumentError

SUPPORT = Path(__file__).parents[1] / "support"
MONITORS = ("virtual-ngu", "virtual-otii-arc", "virtual-ppk2", "virtual-smu2400", "js220-behind-n6705")
BENCHES = (
    "virtual-lpm01a",
    "virtual-n6705c",
    *(str(SUPPORT / "monitor_benches" / f"{one}.toml") for one in MONITORS),
)


@pytest.fixture(autouse=True)
def own_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.chdir(tmp_path)


def built(name: str = "virtual-lpm01a", seed: int = 0, **changes: float) -> Bench:
    spec = load_bench_spec(name, {f"virtual.{key}": value for key, value in changes.items()})
    return build_bench(spec, "energy", seed=seed)


def broken(stretch: api.Stretch) -> None:
    """The body of a test that fails."""
    stretch.wait(0.2)
    raise ZeroDivisionError("of the test")


def off(bench: Bench) -> bool:
    assert bench.twin is not None
    return not bench.twin.world.powered and bench.off_confirmed


@pytest.mark.parametrize("name", BENCHES, ids=lambda name: Path(name).stem)
def test_figures_agree_with_the_closed_form(name: str) -> None:
    bench = built(name, seed=5)
    with api.recorder(bench) as opened:
        with opened.measure("boot", from_off=True) as boot:
            boot.wait_for_boot()
        with opened.measure("busy") as busy:
            busy.wait(0.3)
            assert busy.command("name").text("name")
            busy.wait(0.3)
    assert off(bench)
    for one in (boot, busy):
        truth = read_recording(one.folder).truth
        found = one.result
        assert truth is not None
        assert found.virtual
        assert found.energy_j.U > 0
        # A rectangular error may be as large as its limit, and U is 95 % of that, of a reading that is smaller.
        assert abs(found.energy_j.value - truth.energy_j) <= 1.2 * found.energy_j.U
        assert abs(found.mean_a.value * found.duration_s.value - truth.charge_c) <= (
            1.2 * found.mean_a.U * found.duration_s.value
        )
        assert found.mean_w.value == pytest.approx(found.energy_j.value / found.duration_s.value)
        assert found.peak_a.value >= found.mean_a.value
        assert all("samples are instants" in doubt for doubt in found.incomplete)


def test_most_recordings_of_many_seeds_agree() -> None:
    beyond = 0
    for seed in range(8):
        with api.recorder("virtual-n6705c", seed=seed) as opened, opened.measure("idle") as one:
            one.wait(0.25)
        truth = read_recording(one.folder).truth
        assert truth is not None
        beyond += abs(one.result.energy_j.value - truth.energy_j) > one.result.energy_j.U
    assert beyond <= 2


def test_a_switched_load_has_the_energy_of_its_pulses() -> None:
    bench = built("virtual-n6705c", load_ohm=150.0, load_pulse_s=0.02, load_period_s=0.1)
    with api.recorder(bench) as opened, opened.measure("pulses", max_mw=13.0, max_peak_ma=30.0) as one:
        one.wait(1.0)
    assert one.result.mean_w.value == pytest.approx(9.0 / 150.0 * 0.2, rel=0.03)
    assert one.result.peak_a.value == pytest.approx(0.02, rel=0.01)
    assert [judged.verdict for judged in one.judged] == ["within", "within"]


def test_a_recording_is_a_sealed_folder_from_which_the_same_figures_come() -> None:
    with api.recorder("virtual-lpm01a") as opened, opened.measure("a name/with: signs", max_uj=1.0) as one:
        one.wait(0.2)
    assert one.folder.name.endswith("-a-name-with--signs-virtual")
    assert sorted(path.name for path in one.folder.iterdir()) == sorted(
        ("journal.jsonl", "stream.bin", "trace.jls", "recording.json", "figures.json")
    )
    before = (one.folder / "figures.json").read_bytes()
    assert api.analyze_recording(one.folder) == one.result
    assert (one.folder / "figures.json").read_bytes() == before
    document = json.loads(before)
    assert document["limits"][0]["verdict"] == "over"
    journal = Journal(one.folder / "journal.jsonl")
    assert {event.box for event in journal.of(DeviceIdentified)} == {"monitor", "io-manager"}
    assert len(list(journal.of(MonitorConfigured))) == 1
    facts = read_recording(one.folder)
    assert (facts.outcome, facts.limits, facts.name) == ("completed", {"energy_j": 1e-6}, "a name/with: signs")
    assert facts.start_ns < facts.begin_ns < facts.end_ns


@pytest.mark.parametrize("file", ["journal.jsonl", "stream.bin", "trace.jls", "recording.json"])
def test_changed_facts_give_no_figures(file: str, tmp_path: Path) -> None:
    with api.recorder("virtual-lpm01a") as opened, opened.measure("x") as one:
        one.wait(0.2)
    shutil.copytree(one.folder, tmp_path / "copy")
    data = bytearray((tmp_path / "copy" / file).read_bytes())
    data[len(data) // 2] ^= 1
    (tmp_path / "copy" / file).write_bytes(data)
    with pytest.raises(SessionError) as refused:
        api.analyze_recording(tmp_path / "copy")
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("text", ["", "{}", "[]", "null", "[" * 50_000, '{"schema": "energy-runner/recording/9"}'])
def test_hostile_documents_are_refused(text: str, tmp_path: Path) -> None:
    (tmp_path / "recording.json").write_text(text, "utf-8")
    with pytest.raises(SessionError):
        api.analyze_recording(tmp_path)


def test_an_error_of_the_body_is_raised_and_the_recording_kept() -> None:
    bench = built()
    with pytest.raises(ZeroDivisionError), api.recorder(bench) as opened, opened.measure("broken") as one:
        broken(one)
    assert off(bench)
    facts = read_recording(one.folder)
    assert (facts.outcome, facts.reason) == ("failed", "ZeroDivisionError: of the test")
    with pytest.raises(ConfigurationError, match="no figures"):
        assert one.result
    assert api.analyze_recording(one.folder).energy_j.value > 0


def test_the_bench_goes_on_after_an_error_and_between_recordings() -> None:
    bench = built()
    assert bench.twin is not None
    with api.recorder(bench) as opened:
        assert not bench.twin.world.powered
        for name in ("one", "two"):
            with pytest.raises(ZeroDivisionError), opened.measure(name) as one:
                broken(one)
            assert bench.twin.world.powered
        opened.power(on=False)
        assert off(bench)
        with opened.measure("three") as one:
            one.wait(0.1)
        assert [event.on for event in Journal(one.folder / "journal.jsonl").of(SupplySwitched)][-1]
    assert off(bench)


def test_a_body_that_is_too_short_says_so() -> None:
    short = pytest.raises(SessionError, match="less than three samples")
    with short, api.recorder("virtual-lpm01a") as opened, opened.measure("nothing"):
        pass


def test_a_monitor_that_falls_silent_ends_the_recording_with_the_supply_off() -> None:
    bench = built()
    assert bench.twin is not None
    unplugged = bench.twin.world.faults.unplug_between_ns
    silent = pytest.raises(InstrumentError)
    with silent, api.recorder(bench) as opened, opened.measure("x") as one:
        unplugged["monitor"] = (bench.clock.now_ns(), bench.clock.now_ns() + 2_000_000_000)
        one.wait(1.0)
    assert off(bench)


@pytest.mark.parametrize(
    ("name", "from_off", "words"),
    [
        (str(SUPPORT / "benches" / "two-rails.toml"), False, "several rails"),
        (str(SUPPORT / "benches" / "fed-from-outside.toml"), True, "nothing on this bench switches"),
        (str(SUPPORT / "benches" / "shield-binary.toml"), True, "text output"),
        ("no-such-bench", False, "no-such-bench"),
    ],
)
def test_what_cannot_be_recorded_is_refused(name: str, from_off: bool, words: str) -> None:
    refused = pytest.raises(ConfigurationError, match=words)
    with refused, api.recorder(name) as opened, opened.measure("x", from_off=from_off):
        pass
    assert not list(Path().glob("recordings/*"))


def test_a_second_recording_inside_a_recording_is_refused() -> None:
    with api.recorder("virtual-lpm01a") as opened, opened.measure("outer") as outer:
        outer.wait(0.1)
        with pytest.raises(ConfigurationError, match="one at a time"), opened.measure("inner"):
            pass
        outer.wait(0.1)
    assert outer.result.samples >= 200


def test_a_closed_bench_answers_no_more() -> None:
    with api.recorder("virtual-lpm01a") as opened, opened.measure("x") as one:
        one.wait(0.1)
    with pytest.raises(BenchFault, match="closed"):
        one.wait(0.1)


def test_a_recording_without_a_seal_is_none(tmp_path: Path) -> None:
    with api.recorder("virtual-lpm01a") as opened, opened.measure("x") as one:
        one.wait(0.1)
    facts = read_recording(one.folder)
    assert isinstance(facts, Recording)
    write_recording(one.folder, facts)  # sealed again, the same
    assert read_recording(one.folder) == facts
