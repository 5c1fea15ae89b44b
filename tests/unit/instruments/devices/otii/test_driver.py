# SPDX-License-Identifier: Apache-2.0
"""The Otii driver against its twin, in virtual time: every trap, and what goes wrong."""

import numpy as np
import pytest

from instruments.devices.otii import driver as otii
from instruments.devices.otii.twin import ACE_METER, ARC_METER
from instruments.errors import ProtocolViolation, Refused, TimedOut, Unavailable
from instruments.roles import Edge, Lost, Note, Samples
from instruments.specifications import load
from tests.support.monitor import MonitorSettings
from tests.support.n6705_bench import busy, check_indexes, energy_j, of
from tests.support.otii_bench import SETTINGS, Bench, make

PERIOD_S = 0.25e-3  # of an Arc's current


# --- opening -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("ace", "model"), [(False, "Otii Arc"), (True, "Otii Ace")])
def test_the_identity_says_who_and_that_it_is_a_twin(ace: bool, model: str) -> None:
    bench = make(42, ace=ace)
    identity = bench.monitor.open(bench.within())
    assert (identity.make, identity.model, identity.serial) == ("Qoitech", model, "TWIN42")
    assert identity.virtual
    assert dict(identity.detail)["otii"] == "3.5.5"


def test_an_application_that_simulates_is_virtual_too() -> None:
    bench = make(device="sim")
    bench.twin.more_devices.append({"name": "sim", "type": "Simulator", "device_id": bench.twin.device_id})
    assert bench.monitor.open(bench.within()).virtual


def test_two_devices_are_told_apart_by_name() -> None:
    other = {"name": "other", "type": "Arc", "device_id": "Arc77"}
    bench = make(device="twin")
    bench.twin.more_devices.append(other)
    assert bench.monitor.open(bench.within()).serial == "TWIN1"
    unnamed = make()
    unnamed.twin.more_devices.append(other)
    with pytest.raises(Refused, match="'other' Arc77"):
        unnamed.monitor.open(unnamed.within())


def test_a_server_that_is_too_old_is_told_both_versions() -> None:
    bench = make()
    bench.world.faults.corrupt["monitor>host"] = lambda data: data.replace(b'"3.5.5"', b'"3.4.0"')
    with pytest.raises(Refused, match=r"3\.4\.0.* needs 3\.5\.5 or later"):
        bench.monitor.open(bench.within())


def test_an_ace_is_no_arc() -> None:
    bench = make()
    bench.twin.kind = "Ace"
    bench.twin._commands = bench.twin._table()
    with pytest.raises(Refused, match="find the only Arc"):
        bench.monitor.open(bench.within())


def test_a_login_is_made_when_needed_and_nobody_learns_the_password(monkeypatch: pytest.MonkeyPatch) -> None:
    bench = make()
    bench.twin.logged_in, bench.twin.password = False, "hush-hush"
    monkeypatch.setenv(otii.USER, "a.name")
    monkeypatch.setenv(otii.PASSWORD, "hush-hush")
    bench.monitor.open(bench.within())
    assert bench.twin.logged_in
    assert b"otii_login" in bench.bytes["tx"]
    for passed in bench.bytes.values():
        assert b"hush-hush" not in passed
        assert b"a.name" not in passed
    bench.monitor.close()
    assert not bench.twin.logged_in


@pytest.mark.parametrize(("user", "password", "said"), [("", "x", otii.USER), ("me", "wrong", "Could not login")])
def test_without_a_login_nothing_begins(
    user: str, password: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench = make()
    bench.twin.logged_in = False
    monkeypatch.setenv(otii.USER, user)
    monkeypatch.setenv(otii.PASSWORD, password)
    with pytest.raises(Refused, match=said):
        bench.monitor.open(bench.within())


def test_a_licence_is_reserved_and_given_back() -> None:
    bench = make()
    bench.monitor.open(bench.within())
    assert bench.twin.licences[0]["reserved_to"] == "me"
    bench.monitor.close()
    assert bench.twin.licences[0]["reserved_to"] == ""


def test_a_licence_that_is_ours_already_is_kept() -> None:
    bench = make()
    bench.twin.licences[0]["reserved_to"] = "me"
    bench.monitor.open(bench.within())
    bench.monitor.close()
    assert bench.twin.licences[0]["reserved_to"] == "me"


def test_without_a_free_licence_nothing_begins() -> None:
    bench = make()
    bench.twin.licences[0]["available"] = False
    with pytest.raises(Refused, match="Automation licence"):
        bench.monitor.open(bench.within())


def test_what_an_earlier_run_left_running_is_ended() -> None:
    bench = make()
    bench.world.faults.stale_stream = True
    identity = bench.monitor.open(bench.within())
    assert "ended" in dict(identity.detail)
    assert not bench.twin.recordings[-1].running
    bench.monitor.configure(SETTINGS, bench.within())
    assert not bench.world.powered


@pytest.mark.parametrize(
    "left",
    [{"supply": "battery"}, {"regulation": "current"}, {"4wire": "active"}, {"limiting": "1"}, {"range": "high"}],
)
def test_what_another_program_left_is_put_back(left: dict[str, str]) -> None:
    bench = make()
    bench.world.faults.left_over = left
    bench.ready()
    assert not left.items() & bench.twin.others.items()
    assert bench.world.voltage_v == pytest.approx(3.0)


def test_a_device_without_such_a_command_has_nothing_to_put_back() -> None:
    bench = make()
    del bench.twin._commands["arc_set_power_regulation"]  # "Invalid command"
    bench.ready()
    assert bench.world.powered


def test_another_server_is_named() -> None:
    bench = make()
    bench.world.faults.corrupt["monitor>host"] = lambda data: b"SSH-2.0-OpenSSH_9.6\r\n"
    with pytest.raises(ProtocolViolation):
        bench.monitor.open(bench.within())


# --- set-up ------------------------------------------------------------------------------------------------


def test_an_arc_puts_current_and_voltage_on_the_period_of_the_current() -> None:
    bench = make()
    bench.monitor.open(bench.within())
    applied = bench.monitor.configure(SETTINGS, bench.within())
    assert [(one.name, one.unit, one.kind, one.period_s) for one in applied.signals] == [
        ("current", "A", "mean", PERIOD_S),
        ("voltage", "V", "mean", PERIOD_S),
    ]


@pytest.mark.parametrize(("rate_hz", "period_s"), [(None, 1e-4), (50e3, 2e-5), (1000.0, 1e-3)])
def test_the_rate_of_an_ace_is_set_and_read_back(rate_hz: float | None, period_s: float) -> None:
    bench = make(ace=True)
    bench.monitor.open(bench.within())
    assert bench.monitor.configure(MonitorSettings(3.0, rate_hz), bench.within()).period_s == period_s


def test_where_the_usual_rate_is_refused_the_next_is_set() -> None:
    bench = make(ace=True)
    bench.monitor.open(bench.within())
    bench.twin._commands["arc_set_channel_samplerate"] = lambda data: (
        bench.twin._set_rate(data) if data["value"] == 50_000 else bench.twin._commands["none"](data)
    )
    with pytest.raises(Refused):
        bench.monitor.configure(MonitorSettings(3.0, 10e3), bench.within())
    assert bench.monitor.configure(SETTINGS, bench.within()).period_s == 2e-5


@pytest.mark.parametrize("settings", [MonitorSettings(5.1), MonitorSettings(0.1), MonitorSettings(3.0, None, 6.0)])
def test_what_an_arc_cannot_supply_is_refused(settings: MonitorSettings) -> None:
    bench = make()
    bench.monitor.open(bench.within())
    with pytest.raises(Refused, match="outside what it supplies"):
        bench.monitor.configure(settings, bench.within())


def test_what_the_device_refuses_is_refused_with_its_words() -> None:
    bench = make()
    bench.monitor.open(bench.within())
    bench.world.faults.refuse = {"arc_set_main_voltage"}
    with pytest.raises(Refused, match="arc_set_main_voltage: it answers 'Command failure'"):
        bench.monitor.configure(SETTINGS, bench.within())


def test_the_limits_that_the_twin_draws_from_are_those_of_the_budget() -> None:
    for meter, file in ((ARC_METER, "arc"), (ACE_METER, "ace")):
        table = load(f"instruments.devices.otii:{file}.toml")
        terms = {term.name: term for term in table.terms}
        [(_, gain, offset_a, noise_a)] = meter.ranges
        assert (gain, offset_a) == (terms["gain"].relative, terms["offset"].absolute)
        assert noise_a == terms["noise"].absolute
        assert meter.voltage[:2] == (terms["voltage_gain"].relative, terms["voltage_offset"].absolute)
        assert meter.clock == terms["clock"].relative
        assert all(terms[name].assumed for name in ("clock", "noise", "voltage_gain", "voltage_offset"))
        assert not terms["edge_latency"].absolute


def test_the_noise_of_a_sample_is_that_of_its_readings() -> None:
    bench = make().ready()
    assert {t.name: t.absolute for t in bench.monitor.specification().terms}["noise"] == pytest.approx(1e-6)


# --- recording ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("ace", [False, True])
def test_the_energy_of_an_ideal_instrument_is_the_closed_form(ace: bool) -> None:
    bench = make(ace=ace).ready()
    start_ns = bench.clock.now_ns()
    busy(bench.world, 4.0)
    items = [*bench.log(3.0), *bench.stop()]
    assert {type(item) for item in items} == {Samples}
    period_s = 1e-4 if ace else PERIOD_S
    stop_ns = start_ns + check_indexes(items) * period_s * 1e9
    history = bench.world.history
    truth_j = float(history.energy_j(stop_ns) - history.energy_j(start_ns))
    assert energy_j(items, period_s) == pytest.approx(truth_j, rel=1e-6)


@pytest.mark.parametrize("ace", [False, True])
@pytest.mark.parametrize("seed", range(4))
def test_an_instrument_with_errors_stays_inside_its_limits(ace: bool, seed: int) -> None:
    bench = make(seed, ideal=False, ace=ace).ready()
    start_ns = bench.clock.now_ns()
    busy(bench.world, 4.0)
    items = [*bench.log(3.0), *bench.stop()]
    period_s = 1e-4 if ace else PERIOD_S
    stop_ns = start_ns + check_indexes(items) * period_s * 1e9
    history = bench.world.history
    truth_j = float(history.energy_j(stop_ns) - history.energy_j(start_ns))
    terms = {term.name: term for term in bench.monitor.specification().terms}
    limit = terms["gain"].relative + terms["voltage_gain"].relative + terms["voltage_offset"].absolute / 3.0
    limit += 2 * terms["clock"].relative + terms["offset"].absolute / 0.01
    assert 1e-7 < abs(energy_j(items, period_s) / truth_j - 1) < limit


def test_the_samples_do_not_depend_on_how_often_the_host_asks() -> None:
    logs = []
    for every_s in (0.01, 0.137, 0.9):
        bench = make(5, ideal=False).ready()
        busy(bench.world, 4.0)
        items = [*bench.log(2.9, every_s), *bench.stop()]
        logs.append(np.concatenate([s.values[0] for s in of(Samples, items)])[:2800])
    assert np.array_equal(logs[0], logs[1])
    assert np.array_equal(logs[0], logs[2])


@pytest.mark.parametrize(("ace", "tick_s"), [(False, 250e-6), (True, 100e-6)])
def test_edges_lie_among_the_samples_where_they_were(ace: bool, tick_s: float) -> None:
    bench = make(ace=ace).ready()
    start_ns, true_s = bench.clock.now_ns(), []
    items: list[object] = []
    for wait_s in (0.31234, 0.2, 0.50007):
        items += bench.log(wait_s)
        true_s.append((bench.clock.now_ns() - start_ns) / 1e9)
        bench.world.pin_falls()
    items += [*bench.log(0.3), *bench.stop()]
    edges, period_s = of(Edge, items), (1e-4 if ace else PERIOD_S)
    assert len(edges) == 3
    for edge, at_s in zip(edges, true_s, strict=True):
        assert edge.half_width * period_s == pytest.approx(tick_s)
        assert 0.0 <= edge.position * period_s - at_s <= tick_s


def test_a_second_recording_has_edges_of_its_own() -> None:
    bench = make().ready()
    bench.world.pin_falls()
    bench.log(0.3)
    bench.stop()
    bench.monitor.start(bench.within())
    items = [*bench.log(0.3), *bench.stop()]
    assert of(Edge, items) == []
    assert of(Samples, items)[0].first == 0


# --- what goes wrong ---------------------------------------------------------------------------------------


def lost_with(bench: Bench, **faults: int) -> list[object]:
    start_ns = bench.clock.now_ns()
    for name, at_s in faults.items():
        setattr(bench.world.faults, name, start_ns + round(at_s * 1e9))
    return [*bench.log(5.0), *bench.stop()]


def test_every_reading_of_the_current_is_a_sample_so_that_none_that_cannot_be_hides_in_a_mean() -> None:
    """The swarm found it: one of 435 readings with its sign flipped, VALID and 0.38 % too low."""
    bench = make().ready()
    bench.world.faults.flip_sign_every = 10
    busy(bench.world, 4.0)
    items = [*bench.log(1.0), *bench.stop()]
    count = check_indexes(items)
    assert sum(int(np.sum(block.values[0] < 0)) for block in of(Samples, items)) == count // 10


def test_lost_readings_are_counted_and_later_ones_keep_their_place() -> None:
    bench = make().ready()
    start_ns = bench.clock.now_ns()
    bench.world.clock.call_at(start_ns + 4_000_000_000, lambda: bench.world.draw(0.020))
    items = lost_with(bench, drop_buffer_at_ns=1.5)
    lost = of(Lost, items)
    assert sum(one.missing for one in lost) == pytest.approx(4000, abs=8)
    assert min(one.after for one in lost) <= 6000 <= max(one.before for one in lost)
    blocks = of(Samples, items)
    [place] = [b.first + int(np.argmax(b.values[0] > 0.015)) for b in blocks if (b.values[0] > 0.015).any()][:1]
    assert place == pytest.approx(16_000, abs=8)


def test_a_loss_that_nothing_shows_is_one_of_the_clock_alone() -> None:
    """20 ms are less than what readings may be late by; the edges keep their place and betray it."""
    assert of(Lost, lost_with(make().ready(), lose_block_at_ns=1.5)) == []


def test_an_output_that_trips_is_noted() -> None:
    bench = make().ready()
    bench.clock.call_after(1_000_000_000, lambda: bench.world.draw(0.6))
    items = [*bench.log(4.0), *bench.stop()]
    [note] = of(Note, items)
    assert (note.about, note.suspicious) == ("supply-off", True)
    assert note.after <= 4 * (1000 + 1100)
    assert not bench.world.powered


def test_an_error_of_the_server_is_noted_with_its_place() -> None:
    bench = make()
    bench.world.faults.error_at_ns = 2_000_000_000
    bench.ready()
    items = [*bench.log(5.0), *bench.stop()]
    [note] = of(Note, items)
    assert (note.about, note.suspicious) == ("error", True)
    assert "device error" in note.text
    assert note.after <= 8000 <= note.before


def test_an_answer_that_never_comes_ends_by_the_deadline_and_a_late_one_is_dropped() -> None:
    bench = make().ready()
    bench.log(0.5)
    bench.world.faults.silent.add("monitor")
    began_ns = bench.clock.now_ns()
    with pytest.raises(TimedOut):
        bench.monitor.poll(bench.within(2.0))
    assert bench.clock.now_ns() - began_ns <= 2_100_000_000
    bench.world.faults.silent.clear()
    items = bench.log(0.5)
    assert of(Samples, items)[0].first > 0
    assert of(Lost, items) == []


def test_a_server_that_is_gone_is_unavailable() -> None:
    bench = make().ready()
    bench.world.faults.unplugged.add("monitor")
    with pytest.raises(Unavailable):
        bench.log(0.5)


def test_a_welded_relay_is_found_by_the_voltage() -> None:
    bench = make().ready()
    bench.world.faults.power_stays_on = True
    with pytest.raises(Refused, match=r"arc_get_main says off, but the output is at 3\.0"):
        bench.monitor.power_off(bench.within())
    bench.world.faults.power_stays_on = False
    bench.monitor.power_off(bench.within())
    assert not bench.world.powered


def test_off_is_tried_again() -> None:
    bench = make().ready()
    refused = iter([True])
    switch = bench.twin._commands["arc_set_main"]
    bench.twin._commands["arc_set_main"] = lambda data: None if next(refused, False) else switch(data)
    bench.monitor.power_off(bench.within())
    assert not bench.world.powered


def test_a_long_line_comes_in_pieces_and_any_split_is_the_same() -> None:
    bench = make(ace=True).ready(MonitorSettings(3.0, 50e3))
    items = [*bench.log(1.5, 1.5), *bench.stop()]  # 75,000 readings asked for at once
    assert check_indexes(items) >= 75_000
