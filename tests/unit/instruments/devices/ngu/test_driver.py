# SPDX-License-Identifier: Apache-2.0
"""FastLog of the NGU: driver against twin, in virtual time."""

import numpy as np
import pytest

from instruments.devices.ngu import dialect
from instruments.devices.ngu.twin import DECADES, FIFO_S, METER, PIECE_S, VirtualNgu
from instruments.errors import ProtocolViolation, Refused
from instruments.links.stream_scpi import StreamScpiLink
from instruments.roles import Lost, Note, OverRange, Samples, SamplingSettings, SupplySettings
from tests.support.monitor import MonitorSettings
from tests.support.n6705_bench import SETTINGS, Bench, busy, check_indexes, energy_j, listening, of
from tests.support.ngu_bench import PERIOD_S, make

SET_UP = dialect.supply_dialect(dialect.NGU, 1).set_up + dialect.log_set_up(dialect.NGU, 1)
WORDS = {"voltage": "3", "limit": "0.5", "protection": "3.3", "on_edge": "1"}


def twin(bench: Bench) -> VirtualNgu:
    assert isinstance(bench.twin, VirtualNgu)
    return bench.twin


def joined(items: list, signal: int) -> np.ndarray:
    return np.concatenate([s.values[signal] for s in of(Samples, items)])


# --- a whole log -----------------------------------------------------------------------------------------


def test_the_identity_says_who_and_that_it_is_a_twin() -> None:
    bench = make(seed=42)
    identity = bench.monitor.open(bench.within())
    assert (identity.make, identity.model, identity.serial) == ("Rohde&Schwarz", "NGU201", "TWIN42")
    assert identity.virtual
    assert dict(identity.detail) == {"output": "off"}


def test_the_signals_are_in_the_order_of_the_records() -> None:
    bench = make().ready()
    assert [s.name for s in bench.monitor.configure(SETTINGS, bench.within()).signals] == ["voltage", "current"]
    bench.ready()
    bench.world.pin_falls()
    items = [*bench.log(1.0), *bench.monitor.stop(bench.within())]
    assert joined(items, 0) == pytest.approx(3.0)
    assert joined(items, 1) == pytest.approx(0.010)


def test_the_energy_of_an_ideal_instrument_is_the_closed_form() -> None:
    bench = make().ready()
    busy(bench.world, 8.0)
    bench.clock.sleep(0.3)
    assert of(Samples, bench.monitor.poll(bench.within())) == []  # nothing before the trigger
    start_ns = bench.clock.now_ns()
    bench.world.pin_falls()
    items = [*bench.log(5.0), *bench.monitor.stop(bench.within())]
    assert {type(item) for item in items} == {Samples}
    count = check_indexes(items)
    stop_ns = start_ns + count * PERIOD_S * 1e9
    truth_j = float(bench.world.history.energy_j(stop_ns) - bench.world.history.energy_j(start_ns))
    assert energy_j(items, PERIOD_S) == pytest.approx(truth_j, rel=1e-6)


@pytest.mark.parametrize("after_s", [0.01, PIECE_S, 1.3, 2.0])
def test_the_samples_of_the_moment_of_stop_are_there(after_s: float) -> None:
    """They are in a piece that is not full yet, and would be lost with it."""
    bench = make(3, ideal=False).ready()
    bench.world.pin_falls()
    items = [*bench.log(after_s), *bench.monitor.stop(bench.within())]
    assert check_indexes(items) * PERIOD_S >= after_s


@pytest.mark.parametrize("seed", range(8))
def test_an_instrument_with_errors_stays_inside_its_limits(seed: int) -> None:
    bench = make(seed, ideal=False).ready()
    busy(bench.world, 4.0)
    start_ns = bench.clock.now_ns()
    bench.world.pin_falls()
    items = [*bench.log(3.0), *bench.monitor.stop(bench.within())]
    history = bench.world.history
    stop_ns = start_ns + check_indexes(items) * PERIOD_S * 1e9
    truth_j = float(history.energy_j(stop_ns) - history.energy_j(start_ns))
    mean_a = float(history.charge_c(stop_ns) - history.charge_c(start_ns)) / ((stop_ns - start_ns) * 1e-9)
    limits = {term.name: term for term in bench.monitor.specification().terms}
    limit = (
        limits["gain"].relative
        + limits["offset"].absolute / mean_a
        + limits["voltage_gain"].relative
        + limits["voltage_offset"].absolute / 3.0
        + 2 * limits["clock"].relative
    )
    assert 1e-7 < abs(energy_j(items, PERIOD_S) / truth_j - 1) < limit


@pytest.mark.parametrize("seed", range(3))
def test_a_load_that_crosses_small_ranges_stays_inside_the_limits_of_100_ma(seed: int) -> None:
    """From sleep to work and back every two milliseconds: the largest range, 250 uA wide, is never used."""
    bench = make(seed, ideal=False).ready()
    twin(bench)._errors.offset_a[-1] = METER.ranges[-1, 2]  # the largest range at its limit
    start_ns = bench.clock.now_ns()
    bench.world.pin_falls()
    for _ in range(100):
        for level_a in (0.4e-3, 0.030):
            bench.world.draw(level_a)
            bench.world.clock.sleep(2e-3)
    items = bench.monitor.stop(bench.within())
    read_a = joined(items, 1)
    stop_ns = start_ns + len(read_a) * PERIOD_S * 1e9
    history = bench.world.history
    mean_a = float(history.charge_c(stop_ns) - history.charge_c(start_ns)) / (len(read_a) * PERIOD_S)
    limits = {term.name: term for term in bench.monitor.specification().terms}
    error_a = float(np.mean(read_a, dtype=np.float64)) - mean_a
    assert abs(error_a) < mean_a * (limits["gain"].relative + 1e-4) + limits["offset"].absolute


def test_a_table_from_memory_is_marked_as_assumed() -> None:
    assert make().monitor.specification().assumed


def test_the_twin_draws_from_the_table_that_the_budget_reads() -> None:
    terms = {term.name: term for term in make().monitor.specification().terms}
    (_, gain, offset_a, noise_a), (_, larger_gain, larger_a, _) = METER.ranges[2:]
    assert METER.ranges[2, 0] == terms["range_changes"].above
    assert gain == terms["gain"].relative
    assert (offset_a, noise_a) == (terms["offset"].absolute, terms["noise"].absolute)
    assert larger_gain == gain
    assert larger_a == pytest.approx(offset_a + terms["range_changes"].absolute)
    assert METER.voltage[:2] == (terms["voltage_gain"].relative, terms["voltage_offset"].absolute)
    assert METER.clock == terms["clock"].relative


def test_the_samples_do_not_depend_on_how_often_the_host_reads() -> None:
    logs = []
    for every_s in (0.01, 0.137, 0.9):
        bench = make(5, ideal=False).ready()
        busy(bench.world, 4.0)
        bench.world.pin_falls()
        items = [*bench.log(2.9, every_s), *bench.monitor.stop(bench.within())]
        assert {type(item) for item in items} == {Samples}
        logs.append([joined(items, i)[:40_000] for i in range(2)])
    for other in logs[1:]:
        assert np.array_equal(logs[0], other)


def test_two_logs_follow_each_other() -> None:
    bench = make().ready()
    for _ in range(2):
        bench.world.pin_falls()
        check_indexes([*bench.log(1.0), *bench.monitor.stop(bench.within())])
        bench.clock.sleep(1.0)
        assert bench.monitor.stop(bench.within()) == []
        assert bench.monitor.poll(bench.within()) == []
        bench.monitor.start(bench.within())


def test_a_new_set_up_ends_a_running_log() -> None:
    bench = make().ready()
    bench.world.pin_falls()
    bench.log(1.0)
    bench.monitor.instrument.sampler().configure(SamplingSettings(), bench.within())
    bench.clock.sleep(3.0)
    assert bench.monitor.poll(bench.within()) == []
    assert bench.monitor.stop(bench.within()) == []


def test_only_the_first_edge_after_arming_starts_the_log() -> None:
    bench = make().ready()
    bench.world.pin_falls()
    bench.clock.sleep(1.0)
    bench.world.pin_falls()
    items = [*bench.log(1.0), *bench.monitor.stop(bench.within())]
    assert check_indexes(items) * PERIOD_S >= 2.0


# --- set-up ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rates", "asked_hz", "applied_hz"),
    [
        ("halves", None, 15_625.0),
        ("halves", 20.0, 500e3 / 2**14),
        ("halves", 500e3, 500e3),
        ("decades", None, 10e3),
        ("decades", 20.0, 100.0),
        ("decades", 15_625.0, 50e3),
    ],
)
def test_the_rate_is_the_lowest_that_the_firmware_has(rates: str, asked_hz: float, applied_hz: float) -> None:
    bench = make()
    if rates == "decades":
        twin(bench).rates = DECADES
    bench.monitor.open(bench.within())
    applied = bench.monitor.configure(MonitorSettings(3.0, asked_hz), bench.within())
    assert applied.period_s == pytest.approx(1 / applied_hz)
    noise = next(t for t in bench.monitor.specification().terms if t.name == "noise").absolute
    assert noise == pytest.approx(5e-6 * (applied_hz * PERIOD_S) ** 0.5)


@pytest.mark.parametrize("rate_hz", [0.0, -1.0, 15.0, 500_001.0])
def test_an_impossible_rate_is_refused_before_anything_is_sent(rate_hz: float) -> None:
    bench = make()
    bench.monitor.open(bench.within())
    sent: list[bytes] = []
    bench.world.faults.corrupt["host>monitor"] = listening(sent)
    with pytest.raises(Refused, match="500000 Hz"):
        bench.monitor.instrument.sampler().configure(SamplingSettings(rate_hz), bench.within())
    assert sent == []


def test_a_firmware_without_any_known_rate_is_refused() -> None:
    bench = make()
    bench.monitor.open(bench.within())
    bench.world.faults.refuse.add("FLOG:SRAT ")
    with pytest.raises(Refused, match="knows none of 010K"):
        bench.monitor.configure(SETTINGS, bench.within())


@pytest.mark.parametrize("settings", [SupplySettings(-0.1), SupplySettings(20.5), SupplySettings(3, 3.1)])
def test_an_impossible_supply_is_refused_before_anything_is_sent(settings: SupplySettings) -> None:
    bench = make()
    bench.monitor.open(bench.within())
    sent: list[bytes] = []
    bench.world.faults.corrupt["host>monitor"] = listening(sent)
    with pytest.raises(Refused):
        bench.monitor.instrument.supply().configure(settings, bench.within())
    assert sent == []


@pytest.mark.parametrize("command", [line.format_map(WORDS) for _, lines in SET_UP for line in lines])
def test_each_refused_set_up_command_is_refused_by_the_driver(command: str) -> None:
    bench = make()
    bench.monitor.open(bench.within())
    bench.world.faults.refuse.add(command)
    with pytest.raises(Refused, match=r"(set up the|undo) .*-222"):
        bench.monitor.configure(SETTINGS, bench.within())


@pytest.mark.parametrize("command", ["OUTP 1", "FLOG 1", "TRIG 1"])
def test_refused_actions_are_refused_by_the_driver(command: str) -> None:
    bench = make()
    bench.world.faults.refuse.add(command)
    with pytest.raises(Refused, match="-222"):
        bench.ready()
    assert bench.monitor.stop(bench.within()) == []


@pytest.mark.parametrize("model", [b"NGM202", b"NGU411"])
def test_another_model_is_refused_and_named(model: bytes) -> None:
    bench = make()
    bench.world.faults.corrupt["monitor>host"] = lambda data: data.replace(b"NGU201", model)
    with pytest.raises(Refused, match=model.decode()):
        bench.monitor.open(bench.within())
    assert not bench.twin.port.is_open


def test_nothing_is_reset_or_cleared() -> None:
    bench = make()
    sent: list[bytes] = []
    bench.world.faults.corrupt["host>monitor"] = listening(sent)
    bench.ready()
    bench.monitor.power_off(bench.within())
    bench.monitor.close()
    assert len(sent) > 30
    assert not [line for line in sent if line.startswith((b"*RST", b"*CLS"))]
    assert sent[-1] == b"SYST:LOC\n"


# --- loss ------------------------------------------------------------------------------------------------


def test_an_overrun_is_a_loss_counted_by_the_clock() -> None:
    bench = make(2, ideal=False).ready()
    bench.world.pin_falls()
    items = bench.log(2.0)
    bench.clock.sleep(10.0)
    items += [*bench.log(2.0), *bench.monitor.stop(bench.within())]
    (lost,) = of(Lost, items)
    assert lost.missing * PERIOD_S == pytest.approx(10.0 - FIFO_S, abs=2 * PIECE_S)
    assert check_indexes(items) * PERIOD_S == pytest.approx(14.0, abs=2 * PIECE_S)
    assert any("skipped" in item.detail for item in of(OverRange, items))


def test_an_overrun_too_small_for_the_clock_is_told_by_the_instrument() -> None:
    bench = make().ready()
    bench.world.pin_falls()
    items = bench.log(2.0)
    bench.clock.sleep(FIFO_S)
    items += [*bench.log(1.0), *bench.monitor.stop(bench.within())]
    (lost,) = of(Lost, items)
    assert lost.missing == 1  # at least: the instrument does not say how many
    told = [item for item in of(OverRange, items) if "skipped" in item.detail]
    assert told
    assert told[0].count * PERIOD_S > FIFO_S - PIECE_S


def test_a_swept_buffer_is_noticed() -> None:
    bench = make().ready()
    bench.world.pin_falls()
    bench.world.faults.drop_buffer_at_ns = bench.clock.now_ns() + 2_000_000_000
    items = [*bench.log(6.0), *bench.monitor.stop(bench.within())]
    (lost,) = [item for item in of(Lost, items) if "at least" not in item.detail]
    assert lost.missing * PERIOD_S == pytest.approx(1.0, abs=PIECE_S)


def test_no_loss_is_reported_without_one() -> None:
    bench = make(3, ideal=False).ready()
    bench.clock.sleep(45.0)
    bench.world.pin_falls()
    items = [*bench.log(20.0, 0.9), *bench.log(5.0, 0.013), *bench.log(10.0, 0.4)]
    items += bench.monitor.stop(bench.within())
    assert {type(item) for item in items} == {Samples}


def test_a_rate_that_is_not_the_reported_one_is_noticed() -> None:
    bench = make().ready()
    twin(bench).outputs[0].log._period_s /= 1.05
    bench.world.pin_falls()
    with pytest.raises(ProtocolViolation, match="count the logged records"):
        bench.log(30.0)


def test_currents_above_the_range_are_flagged_and_become_no_numbers() -> None:
    bench = make()
    bench.world.faults.over_range_above_a = 0.02
    bench.ready()
    bench.world.pin_falls()
    items = bench.log(0.5)
    bench.world.draw(0.05)
    items += bench.log(0.01)
    bench.world.draw(0.01)
    items += [*bench.log(1.5), *bench.monitor.stop(bench.within())]
    bad = np.flatnonzero(np.isnan(joined(items, 1)))
    (flagged,) = of(OverRange, items)
    assert (flagged.at, flagged.count) == (bad[0], len(bad))
    assert flagged.count == pytest.approx(0.01 / PERIOD_S, abs=2)


def test_a_current_at_the_limit_is_reported() -> None:
    bench = make().ready(MonitorSettings(3.0, current_limit_a=0.05))
    bench.world.pin_falls()
    bench.world.draw(0.06)
    told = [item for item in of(OverRange, bench.log(5.0)) if "CC" in item.detail]
    assert len(told) >= 4  # as long as it lasts, and not only when it begins


def test_errors_during_the_log_are_noted() -> None:
    bench = make().ready()
    bench.world.pin_falls()
    StreamScpiLink(bench.link).write_line("FOO", bench.within())
    (note,) = of(Note, bench.log(1.5))
    assert "-113" in note.text
    assert note.suspicious
