# SPDX-License-Identifier: Apache-2.0
import pytest

from instruments.clock import to_ns
from instruments.devices.lpm01a.dialect import OUTPUTS
from instruments.errors import ProtocolViolation, Refused, TimedOut, Unavailable
from instruments.roles import Edge, Lost, OverRange, Samples, TimeMark
from tests.support.lpm01a_bench import CURRENT_A, VOLTAGE_V, Bench, bench, clean, joined, of_type, suspicious
from tests.support.monitor import MonitorSettings

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
    assert joined(items)[-1] == pytest.approx(0.05 * VOLTAGE_V * 1e-3, rel=5e-4)
    assert over_range(items) == set(range(500, len(joined(items))))


def over_range(items):
    """Return the indices of the samples that were reported as over range."""
    return {item.at + k for item in of_type(items, OverRange) for k in range(item.count)}


def test_the_shield_reports_overcurrent_once_and_every_sample_at_the_limit_counts():
    """Two stretches: each is reported as it begins, and each ends with the first sample below the limit."""
    b = bench(ideal=True)
    b.world.faults.over_range_above_a = 0.05
    b.streaming()
    for at_s, current_a in ((0.3, 0.08), (0.5, 0.01), (0.7, 0.06), (0.8, 0.02)):
        b.clock.call_after(to_ns(at_s), lambda current_a=current_a: b.world.draw(current_a))
    items = b.record(1) + b.stop()
    assert over_range(items) == {*range(300, 500), *range(700, 800)}


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


@pytest.mark.parametrize("command", ["pwr off", *OUTPUTS["ascii_dec"].set_up, "freq", "volt"])
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
    with pytest.raises(Refused, match=r"configure monitor|set the sample rate"):
        b.monitor.configure(settings, b.deadline())
    assert b"freq" not in b.heard


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
