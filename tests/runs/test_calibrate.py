# SPDX-License-Identifier: Apache-2.0
"""`bench calibrate`, and a run whose bench takes its record in: the figure is corrected, and U is smaller."""

from pathlib import Path
from statistics import median
from typing import Any

import pytest

from energy_runner import api
from energy_runner.analysis.known_load import KnownLoad
from energy_runner.api.calibrations import Calibrated, Certificate, Reference
from energy_runner.bench import build_bench, load_bench_spec
from energy_runner.bench.calibration_file import read_calibration
from energy_runner.errors import BenchFault, ConfigurationError
from energy_runner.session.events import MonitorConfigured
from energy_runner.session.folder import Session
from tests.support.small import small_plan

BENCH = "virtual-lpm01a"
OHMS = (1e6, 300.0, 60.0)
SEED = 4


@pytest.fixture(autouse=True)
def own_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


def take(folder: Path, ohm: float, quantity: str = "current", **more: Any) -> Calibrated:
    """Add a point to `folder`/cal.toml, with a resistor of 1 ppm and a voltmeter of 0.2 mV."""
    spec = load_bench_spec(BENCH, {"virtual.load_ohm": ohm})
    reference = Reference(quantity, load=KnownLoad(ohm, 1e-6 * ohm, voltage_u_v=2e-4))
    reading_range = (-1e-3, 0.06) if quantity == "current" else (2.9, 3.1)
    out = folder / f"facts-{quantity}-{ohm:g}"
    given = {"seconds": 1.0, "seed": SEED, "out": out, "reading_range": reading_range} | more
    return api.calibrate_bench(spec, reference, folder / "cal.toml", **given)


def record(folder: Path) -> Path:
    for ohm in OHMS:
        take(folder, ohm)
    take(folder, 100.0, "voltage")
    return folder / "cal.toml"


def run(folder: Path, name: str, changes: dict[str, Any], seed: int = SEED) -> Session:
    spec = load_bench_spec(BENCH, changes)
    return api.run(spec, small_plan(folder / "stimuli", seed=seed), out=folder / name)


def test_a_record_corrects_the_figure_and_is_in_its_budget(tmp_path: Path) -> None:
    file = record(tmp_path)
    bare = run(tmp_path, "bare", {})
    corrected = run(tmp_path, "corrected", {"monitor.calibration": str(file)})
    found = []
    for session in (bare, corrected):
        score = session.result().energy_per_inference_j
        assert score is not None
        assert session.record.truth is not None
        truth_j = median(window.energy_j / window.inferences for window in session.record.truth)
        found.append((abs(score.median / truth_j - 1), score.U / truth_j, abs(score.median - truth_j) <= score.U))
    assert found[0][0] > 1e-3
    assert found[1][0] < found[0][0] / 3
    assert found[1][1] < found[0][1] / 5
    assert found[1][2]
    budget = corrected.result().uncertainty
    assert budget is not None
    sources = [row.source for row in budget.components if row.name.startswith("calibration of")]
    assert sources == ["certificate 2000-01-01-twin-4-0, in-house, 2000-01-01"] * 2
    (configured,) = corrected.journal(exchanges=False).of(MonitorConfigured)
    assert len(configured.accuracy["points"]) == 4
    assert corrected.record.bench["monitor"]["calibration"]["serial"] == "twin-4-0"
    page = (tmp_path / "corrected" / "report.html").read_text("utf-8")
    assert "Points of the calibration that corrected the readings" in page
    assert "Points of the calibration" not in (tmp_path / "bare" / "report.html").read_text("utf-8")
    # Analysis needs nothing but the session.
    file.unlink()
    assert api.analyze(corrected).energy_per_inference_j == corrected.result().energy_per_inference_j


def test_an_expired_record_is_refused_before_anything_opens(tmp_path: Path) -> None:
    file = record(tmp_path)
    file.write_text(file.read_text().replace("interval_days = 365", "interval_days = 1"))
    later = {"monitor.calibration": str(file), "virtual.start_s": 1000.0}
    assert run(tmp_path, "in-force", later).result().energy_per_inference_j is not None
    text = file.read_text().replace('"2000-01-01"', '"1999-12-01"')
    file.write_text(text)
    with pytest.raises(ConfigurationError, match=r"cal\.toml, line 11: the calibration expired on 1999-12-02"):
        run(tmp_path, "expired", {"monitor.calibration": str(file)})
    assert not (tmp_path / "expired").exists()


LAST_SECOND_NS = (24 * 3600 - 1) * 10**9


def at_midnight(monkeypatch: pytest.MonkeyPatch, days: int) -> None:
    """Let each bench that is built begin a second before the end of a day, so many days after the first."""
    from energy_runner.api import known_loads, runs

    def built(*args: Any, **more: Any) -> Any:
        bench = build_bench(*args, **more)
        bench.twin.clock.advance_to(days * 24 * 3600 * 10**9 + LAST_SECOND_NS)
        return bench

    for module in (known_loads, runs):
        monkeypatch.setattr(module, "build_bench", built)


def test_the_day_counts_on_which_it_begins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a point, of a comparison and of a run, all of which end on the next day."""
    at_midnight(monkeypatch, 0)
    for ohm in OHMS:
        assert take(tmp_path, ohm, certificate=Certificate(interval_days=10)).point.date == "2000-01-01"
    changes = {"monitor.calibration": str(tmp_path / "cal.toml")}
    loaded = load_bench_spec(BENCH, changes | {"virtual.load_ohm": 150.0})
    load = KnownLoad(150.0, 1e-3, 3.0, 0.03)
    at_midnight(monkeypatch, 10)
    assert api.verify_bench(loaded, load, seed=SEED, out=tmp_path / "v").result.agrees
    session = run(tmp_path, "last", changes)
    assert session.record.outcome == "completed"
    assert session.record.started_utc.startswith("2000-01-11T23:59:59")
    at_midnight(monkeypatch, 11)
    with pytest.raises(ConfigurationError, match="expired on 2000-01-11, and today is 2000-01-12"):
        run(tmp_path, "expired", changes)
    with pytest.raises(ConfigurationError, match="expired on 2000-01-11, and today is 2000-01-12"):
        api.verify_bench(loaded, load, seed=SEED, out=tmp_path / "w")


def test_a_record_of_another_instrument_ends_the_run_with_the_supply_off(tmp_path: Path) -> None:
    session = run(tmp_path, "other", {"monitor.calibration": str(record(tmp_path))}, seed=5)
    assert session.record.outcome == "bench-fault"
    assert "the serial number twin-4-0, and monitor answers with twin-5-0" in session.record.reason
    assert session.record.supply_off_confirmed


def test_a_corrected_bench_is_verified(tmp_path: Path) -> None:
    file = record(tmp_path)
    changes = {"monitor.calibration": str(file), "virtual.load_ohm": 150.0}
    load = KnownLoad(150.0, 1e-3)
    results = [
        api.verify_bench(load_bench_spec(BENCH, chosen), load, seconds=1.0, seed=SEED, out=tmp_path / name).result
        for name, chosen in (("bare", {"virtual.load_ohm": 150.0}), ("corrected", changes))
    ]
    assert all(result.agrees for result in results)
    assert results[1].U_w < results[0].U_w / 5
    assert abs(results[1].measured_w / results[1].known_w - 1) < 2e-3


# --- the file ---------------------------------------------------------------------------------------------


def test_points_come_together_with_their_residuals(tmp_path: Path) -> None:
    assert take(tmp_path, OHMS[0]).residuals == ()
    assert take(tmp_path, OHMS[2], reading_range=None).points == 2
    found = take(tmp_path, OHMS[1], certificate=Certificate("another", "another", 7))
    assert found.points == 3
    (residual,) = found.residuals
    assert residual.value == found.point.value
    assert abs(residual.residual) < residual.U  # the twin is straight
    kept = read_calibration(found.file)
    assert kept is not None
    assert kept.calibration.laboratory == "in-house"  # the file's own, as it began
    assert kept.calibration.virtual
    assert [point.value for point in kept.calibration.point or []] == sorted(
        point.value for point in kept.calibration.point or []
    )
    # The gain that the twin drew, to the uncertainty of the point.
    gain = 1 / (1 + found.point.correction / found.point.value) - 1
    expected = 1 / (1 + take(tmp_path / "again", 300.0).point.correction / found.point.value) - 1
    assert gain == pytest.approx(expected, abs=2e-4)


def test_a_known_current_is_a_reference_too(tmp_path: Path) -> None:
    spec = load_bench_spec(BENCH, {"virtual.load_ohm": 300.0})
    found = api.calibrate_bench(
        spec,
        Reference(current_a=0.0101, current_u_a=2e-6),
        tmp_path / "cal.toml",
        reading_range=(0.0, 0.1),
        seconds=0.5,
        out=tmp_path / "facts",
    )
    assert found.point.value + found.point.correction == pytest.approx(0.0101)
    assert found.point.U > 2e-6


@pytest.mark.parametrize(
    ("reference", "words"),
    [
        (Reference(), "there is no reference"),
        (Reference(current_a=0.01), "it needs an uncertainty"),
        (Reference("charge", 0.01, 1e-6), "cannot be calibrated"),
        (Reference(load=KnownLoad(300.0, 0.1)), "the reference needs an uncertainty"),
        (Reference(load=KnownLoad(300.0, 0.1, 3.0, 1e-3, 0.1, 0.2)), "steady load"),
        (Reference(current_a=0.01, current_u_a=1e-6), "it must be given"),
    ],
)
def test_a_reference_that_is_none_is_refused(reference: Reference, words: str, tmp_path: Path) -> None:
    spec = load_bench_spec(BENCH, {"virtual.load_ohm": 300.0})
    given = {} if words == "it must be given" else {"reading_range": (0.0, 0.1)}
    with pytest.raises(ConfigurationError, match=words):
        api.calibrate_bench(spec, reference, tmp_path / "cal.toml", out=tmp_path / "f", **given)
    assert not (tmp_path / "f").exists()


def test_a_file_keeps_to_one_instrument_and_to_its_points(tmp_path: Path) -> None:
    take(tmp_path, 300.0)
    before = (tmp_path / "cal.toml").read_text()
    for more, words in (
        ({"seed": 9}, "the file holds points of STMicroelectronics X-NUCLEO-LPM01A twin-4-0"),
        ({"reading_range": (0.0, 0.03)}, "overlap"),
        ({"reading_range": (0.02, 0.03)}, "lies outside its range"),
    ):
        with pytest.raises(ConfigurationError, match=words):
            take(tmp_path, 300.0, out=tmp_path / words[:7], **more)
        assert (tmp_path / "cal.toml").read_text() == before


def test_a_damaged_file_is_refused(tmp_path: Path) -> None:
    for text in ("", "x = [", "[calibration]\npoint = 3\n", "\x00"):
        (tmp_path / "cal.toml").write_text(text)
        with pytest.raises(ConfigurationError, match=r"cal\.toml"):
            take(tmp_path, 300.0)
        assert (tmp_path / "cal.toml").read_text() == text


def test_a_supply_that_stays_on_leaves_no_point(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from energy_runner.api import known_loads

    build = known_loads.build_bench

    def welded(*args: Any, **more: Any) -> Any:
        bench = build(*args, **more)
        bench.twin.world.faults.power_stays_on = True
        return bench

    monkeypatch.setattr(known_loads, "build_bench", welded)
    with pytest.raises(BenchFault, match="did not confirm"):
        take(tmp_path, 300.0)
    assert not (tmp_path / "cal.toml").exists()


@pytest.mark.parametrize("current_a", [30.0, -0.03])
def test_a_reference_of_the_wrong_unit_or_sign_is_refused(current_a: float, tmp_path: Path) -> None:
    spec = load_bench_spec(BENCH, {"virtual.load_ohm": 100.0})
    reference = Reference("current", current_a, 1e-6)
    with pytest.raises(ConfigurationError, match="check unit and sign"):
        api.calibrate_bench(spec, reference, tmp_path / "cal.toml", reading_range=(-1e-3, 0.06), seconds=1.0)
    assert not (tmp_path / "cal.toml").exists()
