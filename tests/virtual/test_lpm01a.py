from dataclasses import dataclass

import numpy as np
import pytest

from instruments.clock import VirtualClock, to_ns
from instruments.drivers.lpm01a import SETUP, Lpm01a
from instruments.errors import ProtocolViolation, Refused, TimedOut, Unavailable
from instruments.types import (
    ENERGY,
    Edge,
    Lost,
    MonitorSettings,
    Note,
    OverRange,
    PowerMonitor,
    Samples,
    StreamItem,
    TimeMark,
)
from instruments.virtual.cable import CableTransport
from instruments.virtual.lpm01a import VirtualLpm01a
from instruments.virtual.world import World

VOLTAGE_V = 3.0
CURRENT_A = 0.0123457


@dataclass
class Bench:
    clock: VirtualClock
    world: World
    twin: VirtualLpm01a
    monitor: PowerMonitor
    heard: bytearray  # everything that the twin has sent

    def deadline(self, after_s=20.0):
        return self.clock.deadline(after_s)

    def open(self):
        return self.monitor.open(self.deadline())

    def configured(self, rate_hz=None):
        self.open()
        self.monitor.configure(MonitorSettings(VOLTAGE_V, rate_hz), self.deadline())
        return self

    def streaming(self, rate_hz=None):
        self.configured(rate_hz)
        self.monitor.power_on(self.deadline())
        self.world.draw(CURRENT_A)
        self.monitor.start(self.deadline())
        return self

    def record(self, duration_s, every_s=0.1):
        items = []
        for _ in range(round(duration_s / every_s)):
            self.clock.sleep(every_s)
            items += self.monitor.poll(self.deadline())
        return items

    def stop(self):
        return list(self.monitor.stop(self.deadline()))


def bench(seed=1, *, ideal=False, firmware="1.0.6", dialect="completed", **options) -> Bench:
    clock = VirtualClock()
    world = World(clock, seed, ideal=ideal)
    heard = bytearray()

    def listen(data):
        heard.extend(data)
        return data

    world.faults.corrupt["monitor>host"] = listen
    twin = VirtualLpm01a(world, firmware, dialect, **options)
    monitor = Lpm01a(CableTransport("monitor", clock, twin.port), clock)
    return Bench(clock, world, twin, monitor, heard)


def of_type(items, kind):
    return [item for item in items if isinstance(item, kind)]


def joined(items) -> np.ndarray:
    return np.concatenate([block.values[0].astype(float) for block in of_type(items, Samples)])


def suspicious(items: list[StreamItem]) -> list[str]:
    return [item.text for item in items if isinstance(item, Note) and item.suspicious]


def clean(items) -> bool:
    return not suspicious(items) and not of_type(items, Lost) and not of_type(items, OverRange)


# --- a run -----------------------------------------------------------------------------------------------


def test_identity_says_that_it_is_a_twin():
    identity = bench(seed=7).open()
    assert (identity.serial, identity.firmware, identity.virtual) == ("twin-7-0", "1.0.6", True)
    assert identity.detail == ()


def test_settings_are_applied_and_reported():
    b = bench()
    b.open()
    applied = b.monitor.configure(MonitorSettings(1.8, 2000), b.deadline())
    assert (applied.voltage_set_v, applied.period_s, applied.signals) == (1.8, 1 / 2000, (ENERGY,))
    noise = {term.name: term.absolute for term in b.monitor.accuracy().terms}["noise"]
    assert noise == pytest.approx(1e-8 / np.sqrt(2))


@pytest.mark.parametrize("dialect", ["completed", "end"])
@pytest.mark.parametrize("rate_hz", [100, 1000, 5000])
def test_ideal_shield_is_right_within_the_digits_it_prints(dialect, rate_hz):
    b = bench(ideal=True, dialect=dialect).streaming(rate_hz)
    items = b.record(11) + b.stop()
    values = joined(items)
    true_j = CURRENT_A * VOLTAGE_V / rate_hz
    step_j = 10.0 ** (np.floor(np.log10(true_j)) - 3)
    assert np.abs(values - true_j).max() <= step_j * (0.5 + 1e-4)
    assert len(values) == 11 * rate_hz
    assert clean(items)
    assert b.monitor.stop(b.deadline()) == []


def test_ideal_shield_averages_what_changes_inside_a_sample():
    b = bench(ideal=True).streaming()
    b.clock.sleep(0.01025)
    b.world.draw(0.02)
    items = b.record(0.1) + b.stop()
    mean_a = CURRENT_A * 0.25 + 0.02 * 0.75
    assert joined(items)[9:12] == pytest.approx(VOLTAGE_V * 1e-3 * np.array([CURRENT_A, mean_a, 0.02]), rel=5e-4)


@pytest.mark.parametrize("seed", range(8))
def test_energy_is_within_the_limits_of_the_data_sheet(seed):
    b = bench(seed).streaming()
    limits = {term.name: term for term in b.monitor.accuracy().terms}
    start_ns = b.clock.now_ns()
    items = b.record(10) + b.stop()
    history = b.world.history
    true_j = float(history.energy_j(b.clock.now_ns()) - history.energy_j(start_ns))
    period_error = limits["clock"].relative + 1e-3 / 10  # the last sample may still be open
    relative = sum(limits[name].relative for name in ("gain", "supply_voltage", "quantisation")) + period_error
    assert abs(joined(items).sum() - true_j) <= 1.01 * relative * true_j + limits["offset"].absolute * 10
    assert joined(items).sum() != pytest.approx(true_j, rel=1e-5)
    assert clean(items)


def test_the_same_seed_gives_the_same_bytes_however_often_the_host_looks():
    heard = []
    for every_s in (0.001, 0.1, 1.5):
        b = bench(seed=5).streaming()
        b.clock.call_at(to_ns(1.23456), b.world.pin_falls)
        b.record(3, every_s)
        b.stop()
        heard.append(bytes(b.heard))
    assert heard[0] == heard[1] == heard[2]
    assert heard[0] != bytes(bench(seed=6).streaming().heard)


@pytest.mark.parametrize("ideal", [True, False])
def test_edges_stand_where_the_pin_fell(ideal):
    b = bench(ideal=ideal, glue_every=7).streaming()
    start_ns = b.clock.now_ns()
    offsets_ns = [0, 999_999, 1_000_000, 12_345_678, 2_000_000_000, 2_000_000_001, 9_876_543_210]
    for offset_ns in offsets_ns:
        b.clock.call_at(start_ns + offset_ns, b.world.pin_falls)
    items = b.record(11) + b.stop()
    edges = of_type(items, Edge)
    assert [edge.counter for edge in edges] == list(range(len(offsets_ns)))
    period_ns = 1e6 * (1 + b.twin.errors.clock)
    for edge, offset_ns in zip(edges, offsets_ns, strict=True):
        assert abs(edge.position - offset_ns / period_ns) <= edge.half_width
    assert clean(items)


def test_many_edges_wrap_the_counter():
    b = bench().streaming()
    for i in range(250):
        b.clock.call_after(to_ns(0.01 * i), b.world.pin_falls)
    items = b.record(3) + b.stop()
    assert len(of_type(items, Edge)) == 250
    assert clean(items)


def test_two_acquisitions_in_a_row_both_begin_at_zero():
    b = bench().streaming()
    first = b.record(1.5) + b.stop()
    b.monitor.start(b.deadline())
    second = b.record(1.5) + b.stop()
    for items in (first, second):
        assert of_type(items, Samples)[0].first == 0
        assert [mark.at for mark in of_type(items, TimeMark)] == [1000]
        assert clean(items)


def test_time_stamps_past_a_thousand_seconds():
    b = bench(ideal=True).streaming(10)
    items = b.record(1150, every_s=25) + b.stop()
    assert of_type(items, TimeMark)[-1] == TimeMark(11000, 1100.0, 0.0)
    assert clean(items)


def test_voltage_is_read_back_during_an_acquisition_and_no_sample_is_lost():
    b = bench().streaming()
    items = b.record(1)
    measured_v = b.monitor.measured_voltage_v(b.deadline())
    items += b.record(1.1) + b.stop()
    assert measured_v == pytest.approx(b.world.voltage_v, abs=1e-3)
    assert [mark.at for mark in of_type(items, TimeMark)] == [1000, 2000]
    assert clean(items)


def test_polling_and_stopping_without_an_acquisition_take_no_time():
    b = bench().configured()
    before_ns = b.clock.now_ns()
    assert list(b.monitor.poll(b.deadline())) == []
    assert b.stop() == []
    assert b.clock.now_ns() == before_ns


def test_starting_needs_settings():
    b = bench()
    b.open()
    with pytest.raises(Refused, match="not configured"):
        b.monitor.start(b.deadline())


def test_closing_gives_control_back_and_twice_is_once():
    b = bench().streaming()
    b.monitor.close()
    b.monitor.close()
    assert b"ack hrc" in b.heard
    assert not b.twin.port.is_open
    bench().monitor.close()  # never opened


# --- what an earlier run left ----------------------------------------------------------------------------


@pytest.mark.parametrize("dialect", ["completed", "end"])
def test_a_stale_stream_is_ended_at_open(dialect):
    b = bench(dialect=dialect)
    b.world.faults.stale_stream = True
    identity = b.open()
    assert identity.detail[0][0] == "samples_of_an_earlier_run"
    b.monitor.configure(MonitorSettings(VOLTAGE_V), b.deadline())
    assert not b.world.powered
    b.monitor.power_on(b.deadline())
    b.monitor.start(b.deadline())
    items = b.record(2) + b.stop()
    assert of_type(items, Samples)[0].first == 0
    assert clean(items)


def test_a_stale_stream_that_cannot_be_ended_is_refused_with_advice():
    b = bench()
    b.world.faults.stale_stream = True
    b.world.faults.refuse = {"stop"}
    deadline = b.deadline(5)
    with pytest.raises(Refused, match="unplug"):
        b.monitor.open(deadline)
    assert b.clock.now_ns() <= deadline.at_ns


def test_a_second_driver_takes_over_from_one_that_was_killed():
    b = bench().streaming()
    b.record(1)
    b.clock.sleep(100)
    b.twin.port.close()
    b.clock.sleep(100)
    second = Lpm01a(CableTransport("monitor", b.clock, b.twin.port), b.clock)
    second.open(b.deadline())
    second.power_off(b.deadline())
    assert not b.world.powered


# --- samples and edges that get lost ---------------------------------------------------------------------


@pytest.mark.parametrize("fault", ["drop_sample_every", "garble_sample_every", "extra_characters_every"])
def test_spoiled_samples_are_counted_and_later_indices_are_right(fault):
    b = bench(ideal=True)
    setattr(b.world.faults, fault, 300)
    b.streaming()
    start_ns = b.clock.now_ns()
    b.clock.call_at(start_ns + to_ns(3.0001), b.world.pin_falls)
    items = b.record(4.1) + b.stop()
    assert sum(lost.missing for lost in of_type(items, Lost)) == 4000 // 300
    assert [mark.at for mark in of_type(items, TimeMark)] == [1000, 2000, 3000, 4000]
    assert [edge.position for edge in of_type(items, Edge)] == [3000.5]
    last = of_type(items, Samples)[-1]
    assert last.first + last.count == 4100
    assert joined(items).max() == pytest.approx(CURRENT_A * VOLTAGE_V * 1e-3, rel=5e-4)
    assert bool(suspicious(items)) == (fault != "drop_sample_every")


def test_a_lost_buffer_is_one_loss_of_the_right_size():
    b = bench(ideal=True).streaming()
    b.world.faults.drop_buffer_at_ns = b.clock.now_ns() + to_ns(1.9)  # the time stamp at 2 s goes with it
    items = b.record(4) + b.stop()
    (lost,) = of_type(items, Lost)
    assert (lost.after, lost.before, lost.missing) == (1000, 3000, 250)
    assert [mark.at for mark in of_type(items, TimeMark)] == [1000, 3000, 4000]


def test_a_lost_edge_line_shows_in_the_counter():
    b = bench(ideal=True).streaming()
    start_ns = b.clock.now_ns()
    b.world.faults.drop_buffer_at_ns = start_ns + to_ns(1.9)
    for at_s in (1.0, 2.0, 3.0):
        b.clock.call_at(start_ns + to_ns(at_s), b.world.pin_falls)
    items = b.record(4) + b.stop()
    assert [edge.counter for edge in of_type(items, Edge)] == [0, 2]
    assert any(text.startswith("lost edge") for text in suspicious(items))


def test_a_host_that_reads_too_slowly_is_warned_then_told_of_the_loss():
    b = bench().streaming()
    b.clock.sleep(30)
    items = list(b.monitor.poll(b.deadline())) + b.stop()
    fills = [mark.buffer_fill for mark in of_type(items, TimeMark)]
    assert fills == sorted(fills)
    assert fills[-1] > 0.9
    assert of_type(items, Lost)
    assert any("ended by itself" in text for text in suspicious(items))
    assert b.stop() == []


def test_a_full_buffer_is_suspicious():
    b = bench()
    b.world.faults.buffer_full = True
    items = b.streaming().record(2.1) + b.stop()
    assert b"buff 100%" in b.heard
    assert len(suspicious(items)) == 2
    assert not of_type(items, Lost)


def test_a_late_edge_line_keeps_its_place():
    b = bench(ideal=True)
    b.world.faults.late_edge_line_ns = to_ns(0.15)
    b.streaming()
    b.clock.call_after(to_ns(0.5), b.world.pin_falls)
    items = b.record(0.6)
    assert of_type(items, Edge) == []
    assert len(joined(items)) == 500
    items += b.record(0.1)
    assert [edge.position for edge in of_type(items, Edge)] == [500.5]
    assert clean(items + b.stop())


def test_a_late_edge_line_that_moves_stands_in_the_wrong_place_unnoticed():
    b = bench(ideal=True, late_edge_moves=True)
    b.world.faults.late_edge_line_ns = to_ns(0.15)
    b.streaming()
    b.clock.call_after(to_ns(0.5), b.world.pin_falls)
    items = b.record(1) + b.stop()
    assert [edge.position for edge in of_type(items, Edge)] == [650.5]
    assert clean(items)


def test_current_over_the_range_is_reported_at_its_sample():
    b = bench(ideal=True)
    b.world.faults.over_range_above_a = 0.05
    b.streaming()
    b.clock.call_after(to_ns(0.5), lambda: b.world.draw(0.08))
    items = b.record(1) + b.stop()
    assert [(item.at, item.count) for item in of_type(items, OverRange)] == [(500, 1)]
    assert joined(items)[-1] == pytest.approx(0.05 * VOLTAGE_V * 1e-3, rel=5e-4)


def test_a_brown_out_is_suspicious():
    b = bench()
    b.streaming()
    b.world.faults.brown_out_at_ns = b.clock.now_ns() + to_ns(0.5)
    assert any("voltage drop" in text for text in suspicious(b.record(1)))


# --- refusals --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", ["htc", "powershield", "version"])
def test_refusals_at_open(command):
    b = bench()
    b.world.faults.refuse = {command}
    with pytest.raises(Refused, match=f"`{command}`.*refused"):
        b.open()


@pytest.mark.parametrize("command", [*SETUP, "freq", "volt"])
def test_refusals_of_settings(command):
    b = bench()
    b.open()
    b.world.faults.refuse = {command}
    with pytest.raises(Refused, match=f"`{command}.*refused"):
        b.monitor.configure(MonitorSettings(VOLTAGE_V), b.deadline())


@pytest.mark.parametrize(
    ("command", "step"),
    [
        ("pwr on", "power_on"),
        ("pwr get", "power_on"),
        ("pwr off", "power_off"),
        ("pwr get", "power_off"),
        ("start", "start"),
        ("volt get", "measured_voltage_v"),
    ],
)
def test_refusals_of_steps(command, step):
    b = bench().configured()
    b.world.faults.refuse = {command}
    with pytest.raises(Refused, match=f"`{command}.*refused"):
        getattr(b.monitor, step)(b.deadline())


def test_a_refused_stop():
    b = bench().streaming()
    b.world.faults.refuse = {"stop"}
    with pytest.raises(Refused, match="`stop`"):
        b.monitor.stop(b.deadline())


@pytest.mark.parametrize("firmware", ["1.0.3", "1.0.5", "0.9"])
def test_firmware_without_edge_capture_is_refused(firmware):
    with pytest.raises(Refused, match=r"needs 1\.0\.6"):
        bench(firmware=firmware).open()


@pytest.mark.parametrize(
    "settings",
    [
        MonitorSettings(1.79),
        MonitorSettings(3.31),
        MonitorSettings(float("nan")),
        MonitorSettings(3.0, 10_000),
        MonitorSettings(3.0, 999),
        MonitorSettings(3.0, current_limit_a=0.1),
    ],
)
def test_settings_that_the_shield_does_not_have(settings):
    b = bench()
    b.open()
    with pytest.raises(Refused, match="configure monitor"):
        b.monitor.configure(settings, b.deadline())
    assert b"volt" not in b.heard


def test_the_echo_of_another_command_is_a_violation():
    b = bench()
    b.open()
    b.world.faults.corrupt["host>monitor"] = lambda data: data.replace(b"volt 3000m", b"volt 3001m")
    with pytest.raises(ProtocolViolation, match="acknowledged 'volt 3001m'"):
        b.monitor.configure(MonitorSettings(VOLTAGE_V), b.deadline())


def test_a_voltage_that_is_no_number_is_a_violation():
    b = bench().configured()
    b.world.faults.corrupt["monitor>host"] = lambda data: data.replace(b"get 0", b"get ~")
    with pytest.raises(ProtocolViolation, match="voltage"):
        b.monitor.measured_voltage_v(b.deadline())


# --- silence and disconnection ---------------------------------------------------------------------------

STEPS = {
    "open": lambda b, deadline: b.monitor.open(deadline),
    "configure": lambda b, deadline: b.monitor.configure(MonitorSettings(VOLTAGE_V), deadline),
    "power_on": lambda b, deadline: b.monitor.power_on(deadline),
    "measured_voltage_v": lambda b, deadline: b.monitor.measured_voltage_v(deadline),
    "start": lambda b, deadline: b.monitor.start(deadline),
    "stop": lambda b, deadline: b.monitor.stop(deadline),
    "power_off": lambda b, deadline: b.monitor.power_off(deadline),
}


def before(step: str) -> Bench:
    b = bench()
    if step == "stop":
        return b.streaming()
    return b if step == "open" else b.configured()


@pytest.mark.parametrize("after_s", [0.05, 20.0])
@pytest.mark.parametrize("step", STEPS)
def test_silence_ends_by_the_deadline(step, after_s):
    b = before(step)
    b.world.faults.silent.add("monitor")
    deadline = b.deadline(after_s)
    with pytest.raises(TimedOut):
        STEPS[step](b, deadline)
    assert b.clock.now_ns() <= deadline.at_ns
    b.monitor.close()
    assert not b.twin.port.is_open


@pytest.mark.parametrize("step", [*STEPS, "poll"])
def test_a_pulled_cable_is_unavailable_at_once(step):
    b = before(step)
    b.world.faults.unplugged.add("monitor")
    before_ns = b.clock.now_ns()
    with pytest.raises(Unavailable):
        STEPS.get(step, lambda b, deadline: b.monitor.poll(deadline))(b, b.deadline())
    assert b.clock.now_ns() == before_ns
    b.monitor.close()


def test_garbage_instead_of_answers_ends_by_the_deadline():
    b = bench().configured()
    b.world.faults.corrupt["monitor>host"] = lambda data: data.replace(b"ack", b"\xffck")
    deadline = b.deadline(5)
    with pytest.raises(TimedOut):
        b.monitor.power_on(deadline)
    assert b.clock.now_ns() <= deadline.at_ns
    assert suspicious(list(b.monitor.poll(b.deadline())))


# --- power off -------------------------------------------------------------------------------------------


def test_power_goes_off_during_an_acquisition_and_no_sample_is_lost():
    b = bench(ideal=True).streaming()
    items = b.record(1.5)
    b.monitor.power_off(b.deadline())
    assert not b.world.powered
    items += b.record(0.5) + b.stop()
    values = joined(items)
    assert len(values) == 2000
    assert values[1499] > 0 == values[1500]
    assert clean(items)


def test_power_goes_off_by_a_second_way_if_the_first_fails():
    b = bench().streaming()
    b.record(1.5)
    first = iter([True])
    b.world.faults.corrupt["host>monitor"] = lambda data: b"" if next(first, False) else data
    b.monitor.power_off(b.deadline())
    assert not b.world.powered
    items = list(b.monitor.poll(b.deadline()))
    assert any("while ending" in text for text in suspicious(items))
    assert b.stop() == []


def test_power_goes_off_even_if_host_control_was_lost():
    b = bench().configured()
    b.monitor.power_on(b.deadline())
    b.twin.port.receive(b"hrc\n")
    b.monitor.power_off(b.deadline())
    assert not b.world.powered


@pytest.mark.parametrize("running", [True, False])
def test_a_supply_that_stays_on_is_never_reported_as_off(running):
    b = bench().streaming()
    if not running:
        b.stop()
    b.world.faults.power_stays_on = True
    with pytest.raises(Refused, match="answers 'on'"):
        b.monitor.power_off(b.deadline())
    assert b.world.powered


# --- the twin's own grammar ------------------------------------------------------------------------------


def say(b: Bench, *commands: str) -> bytes:
    """Return what the twin answers to the last command."""
    if not b.twin.port.is_open:
        b.twin.port.open()
    for command in commands:
        b.heard.clear()
        b.twin.port.receive(command.encode() + b"\r\n")
    return bytes(b.heard)


@pytest.mark.parametrize(
    ("commands", "answer"),
    [
        (["echo hello"], b"ack echo hello"),
        (["powershield"], b"ack powershield twin-1-0"),
        (["version"], b"ack version: 1.0.6"),
        (["status"], b"ack status ok"),
        (["htc", "volt 9", "status"], b"ack status error: value out of range"),
        (["htc", "volt 9", "status", "status"], b"ack status ok"),
        (["freq 1k"], b"Error detail: host control not taken"),
        (["htc", "acqtime inf", "freq 20k"], b"error freq 20k\r\nError detail: frequency too high"),
        (["htc", "acqtime 0", "freq 5k"], b"ack freq 5k"),
        (["htc", "acqtime 500m", "freq 20k"], b"ack freq 20k"),
        (["htc", "freq 20k", "acqtime inf", "start"], b"error start"),
        (["htc", "output energy", "freq 2+4"], b"error freq 2+4"),
        (["htc", "freq 3k"], b"error freq 3k"),
        (["htc", "volt 2500-3"], b"ack volt 2500-3"),
        (["htc", "volt two"], b"Error detail: not a number"),
        (["htc", "temp degc"], b"ack temp degc 28.0"),
        (["htc", 'lcd 1 "MLPerf Tiny"'], b'ack lcd 1 "MLPerf Tiny"'),
        (["htc", "format bin_hexa", "start"], b"error start"),
        (["stop"], b"error stop"),
        (["dance"], b"Error detail: unknown command"),
        (["htc", "pwr on nostatus", "pwr get"], b"ack pwr get on"),
        (["htc", "pwr off", "volt get"], b"ack volt get 0000-"),
        (["htc", "psrst", "pwr get"], b""),
        (["help"], b"eventsrc"),
    ],
)
def test_answers_of_the_shell(commands, answer):
    heard = say(bench(), *commands)
    assert answer in heard
    assert bool(heard) == bool(answer)


def test_after_a_hardware_reset_the_shell_answers_again():
    b = bench()
    say(b, "htc", "pwr on", "psrst")
    assert not b.world.powered
    b.clock.sleep(5)
    assert b"ack version" in say(b, "version")
    assert b"host control" in say(b, "pwr get")


def test_a_limited_acquisition_ends_by_itself():
    b = bench(ideal=True, dialect="end")
    say(b, "htc", "acqtime 100m", "freq 100", "trigdelay 0", "pwr on", "start")
    b.world.draw(CURRENT_A)
    b.clock.sleep(1)
    assert b.twin.port.pending()
    assert bytes(b.heard).count(b"1235-05\r\n") == 12  # ten samples and the two of the summary
    assert b"\r\nend\r\n\r\nsummary beg\r\n" in b.heard


def test_an_acquisition_can_start_on_an_edge():
    b = bench(ideal=True)
    say(b, "htc", "acqtime inf", "freq 1k", "trigdelay 0", "trigsrc d7", "pwr on", "start")
    b.clock.sleep(1)
    assert not b.twin.port.pending() or b"-0" not in b.heard
    b.world.pin_falls()
    b.clock.sleep(0.0105)
    b.twin.port.pending()
    assert bytes(b.heard).count(b"0000-14\r\n") == 10


def test_a_target_reset_switches_the_supply_off_for_a_while():
    b = bench().streaming()
    b.twin.port.receive(b"targrst 100m\n")
    assert not b.world.powered
    b.clock.sleep(0.2)
    assert b.world.powered


def test_waiting_ends_with_the_first_byte():
    b = bench(ideal=True).streaming()
    transport = CableTransport("monitor", b.clock, b.twin.port)
    before_ns = b.clock.now_ns()
    data = transport.read(b.deadline())
    assert data.count(b"\n") == 1
    assert 1_000_000 <= b.clock.now_ns() - before_ns <= 1_000_010
