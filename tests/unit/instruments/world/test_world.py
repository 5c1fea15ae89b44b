# SPDX-License-Identifier: Apache-2.0
"""The world's physics: energy of a window, determinism, and what a cut or a dip of the supply leaves behind."""

from itertools import pairwise

import numpy as np
import pytest

from instruments.clock import VirtualClock
from instruments.devices.dut.twin import BROWN_OUT_NS, DutOptions, VirtualDut
from instruments.devices.dut.twin_line import VirtualDutLine
from instruments.devices.dut.twin_profile import Levels, inference_train, load_network
from instruments.devices.ideal.twin import VirtualIdeal
from instruments.roles import Samples
from instruments.world.dut import PIN_HOLD_NS
from instruments.world.wire import Wire
from instruments.world.world import World
from tests.support.monitor import MonitorSettings

VOLTAGE_V = 3.0
BOOTED_NS = 500_000_000


class Scene:
    """A DUT that has booted, and what it said."""

    def __init__(
        self, seed: int = 0, *, ideal: bool = False, mode: str = "energy", network: str = "kws01"
    ) -> None:
        self.clock = VirtualClock()
        self.world = World(self.clock, seed, ideal=ideal)
        self.levels = Levels()
        self.network = load_network(network)
        self.dut = VirtualDut(self.world, self.network, DutOptions(mode=mode))
        self.port = VirtualDutLine(self.world, "dut", self.dut, 9600).port
        self.edges: list[int] = []
        self.world.on_edge(self.edges.append)
        self.port.open()

    def on(self) -> "Scene":
        self.world.set_supply(True, VOLTAGE_V)
        self.clock.advance_to(BOOTED_NS)
        self.port.take(1000)
        self.edges.clear()
        return self

    def run(self, command: bytes, duration_s: float) -> bytes:
        self.port.receive(command)
        self.clock.sleep(duration_s)
        return self.port.take(1 << 16)

    def current_a(self, at_ns: int) -> float:
        charge_c = self.world.history.charge_c([at_ns, at_ns + 1])
        return float(charge_c[1] - charge_c[0]) * 1e9

    def energy_j(self, start_ns: int, stop_ns: int) -> float:
        energy_j = self.world.history.energy_j([start_ns, stop_ns])
        return float(energy_j[1] - energy_j[0])


# --- a window -----------------------------------------------------------------------------------------------


def test_the_energy_of_a_window_is_known_in_closed_form() -> None:
    scene = Scene(ideal=True).on()
    scene.run(b"infer 100 0%", 10.0)
    window, *others = scene.world.truth()
    assert others == []
    assert [window.start_ns, window.stop_ns] == scene.edges
    assert window.inferences == 100
    # An ideal world has no noise; there remain the hold of the pin, and the drift from cold to warm.
    period_s = scene.network.inference_s
    assert window.stop_ns - window.start_ns == PIN_HOLD_NS + round(100 * period_s * 1e9)
    warm = 1 + 8e-4 * (1 - np.exp(-np.arange(100) * period_s / 6.0))
    expected_j = VOLTAGE_V * scene.levels.infer_a * (PIN_HOLD_NS / 1e9 + period_s * warm.sum())
    assert window.energy_j == pytest.approx(expected_j, rel=1e-9)


def test_the_truth_equals_the_sum_of_an_ideal_monitors_samples() -> None:
    scene = Scene(seed=5).on()
    monitor = VirtualIdeal(scene.world)
    deadline = scene.clock.deadline(100.0)
    monitor.configure(MonitorSettings(VOLTAGE_V, 10_000.0), deadline)
    monitor.start(deadline)
    begin_ns = scene.clock.now_ns()
    blocks = []
    scene.port.receive(b"infer 30 2%")
    for _ in range(400):
        scene.clock.sleep(0.0123)
        blocks += [item for item in monitor.poll(deadline) if isinstance(item, Samples)]
    samples = np.concatenate([block.values[0] for block in blocks]).astype(np.float64)
    assert [block.first for block in blocks[1:]] == [block.first + block.count for block in blocks[:-1]]
    (window,) = scene.world.truth()
    first, last = ((at_ns - begin_ns) // 100_000 for at_ns in (window.start_ns, window.stop_ns))
    inner_j = samples[first + 1 : last].sum()
    outer_j = samples[first : last + 1].sum()
    assert inner_j < window.energy_j < outer_j


def test_layers_keep_the_mean_of_the_inference() -> None:
    network = load_network("vww01")
    times, currents = inference_train(network, 0.010, 1000, 307_100_000, np.ones(3))
    assert np.all(np.diff(times) > 0)
    shares = np.diff(np.append(times, 1000 + 3 * 307_100_000))
    assert np.dot(shares, currents) / shares.sum() == pytest.approx(0.010, rel=1e-6)
    assert currents.max() / currents.min() > 1.2


def test_each_activity_has_its_level() -> None:
    scene = Scene(ideal=True)
    scene.world.set_supply(True, VOLTAGE_V)
    scene.clock.advance_to(1_000_000)
    assert scene.current_a(500_000) == pytest.approx(scene.levels.boot_a)
    scene.clock.advance_to(BOOTED_NS)
    assert scene.current_a(BOOTED_NS - 10) == pytest.approx(scene.levels.idle_a)
    scene.port.receive(b"db load 490%")
    scene.clock.sleep(0.005)
    assert scene.current_a(BOOTED_NS + 4_000_000) == pytest.approx(scene.levels.uart_receive_a)
    scene.clock.sleep(0.015)
    assert scene.current_a(scene.clock.now_ns() - 10) == pytest.approx(scene.levels.uart_send_a)
    scene.clock.sleep(1.0)
    assert scene.current_a(scene.clock.now_ns() - 10) == pytest.approx(scene.levels.idle_a)


def test_a_long_window_is_planned_in_blocks_without_a_seam() -> None:
    scene = Scene(ideal=True, network="ad01").on()
    scene.run(b"infer 3000 0%", 30.0)
    (window,) = scene.world.truth()
    period_ns = round(scene.network.inference_s * 1e9)
    bounds = window.start_ns + PIN_HOLD_NS + np.arange(3001) * period_ns
    each_j = np.diff(scene.world.history.energy_j(bounds))
    warm = 1 + 8e-4 * (1 - np.exp(-np.arange(3000) * period_ns / 1e9 / 6.0))
    assert each_j / each_j[0] == pytest.approx(warm, rel=1e-6)


# --- determinism --------------------------------------------------------------------------------------------


def story(seed: int) -> tuple[bytes, bytes, list[int]]:
    scene = Scene(seed).on()
    said = scene.run(b"infer 20 3%", 3.0) + scene.run(b"infer 10 0%", 2.0)
    times, currents = scene.world.history.levels(0, scene.clock.now_ns())
    return said, times.tobytes() + currents.tobytes(), scene.edges


def test_the_same_seed_gives_the_same_history_and_another_seed_another() -> None:
    assert story(7) == story(7)
    assert story(7)[1] != story(8)[1]
    assert story(7)[2] != story(8)[2]


def test_random_streams_do_not_depend_on_their_order() -> None:
    first, second = World(VirtualClock(), 3), World(VirtualClock(), 3)
    a = first.rng("a").random(3).tolist()
    second.rng("b").random(100)
    assert second.rng("a").random(3).tolist() == a
    assert first.rng("b").random(3).tolist() != a


def test_noise_and_drift_stay_small() -> None:
    scene = Scene(seed=11).on()
    scene.run(b"infer 200 0%", 15.0)
    (window,) = scene.world.truth()
    count = window.inferences
    period_ns = (window.stop_ns - window.start_ns - PIN_HOLD_NS) / count
    bounds = window.start_ns + PIN_HOLD_NS + np.arange(count + 1) * period_ns
    each_j = np.diff(scene.world.history.energy_j(bounds))
    assert 0 < each_j.std() / each_j.mean() < 2e-3
    assert abs(period_ns / (scene.network.inference_s * 1e9) - 1) <= 2e-3


# --- the supply ---------------------------------------------------------------------------------------------


def test_a_cut_in_a_window_ends_the_current_and_leaves_no_window() -> None:
    scene = Scene(seed=2).on()
    scene.run(b"infer 100 0%", 2.0)
    assert len(scene.edges) == 1
    scene.world.set_supply(False, 0.0)
    cut_ns = scene.clock.now_ns()
    scene.clock.sleep(20.0)
    assert scene.energy_j(cut_ns, scene.clock.now_ns()) == 0.0
    assert scene.current_a(cut_ns - 10) > 0.005
    assert scene.port.take(1000) == b""
    assert scene.world.truth() == []
    assert len(scene.edges) == 1


def test_windows_before_and_after_a_cut_keep_their_truth() -> None:
    scene = Scene(seed=2).on()
    scene.run(b"infer 10 0%", 2.0)
    before = scene.world.truth()
    scene.run(b"infer 100 0%", 1.0)
    scene.world.set_supply(False, 0.0)
    scene.clock.sleep(1.0)
    scene.world.set_supply(True, VOLTAGE_V)
    scene.clock.sleep(1.0)
    assert scene.world.truth() == before
    scene.run(b"infer 10 0%", 2.0)
    first, second = scene.world.truth()
    assert first == before[0]
    assert second.energy_j == pytest.approx(first.energy_j, rel=5e-3)
    assert second.energy_j == pytest.approx(scene.energy_j(second.start_ns, second.stop_ns), rel=1e-12)


def test_half_a_line_of_an_earlier_life_is_not_heard_in_the_next() -> None:
    scene = Scene().on()
    scene.run(b"profile%", 0.02)
    scene.world.set_supply(False, 0.0)
    scene.world.set_supply(True, VOLTAGE_V)
    scene.clock.sleep(1.0)
    assert scene.port.take(1000) == b"m-timestamp-mode-energy\r\nm-init-done\r\nm-ready\r\n"


def test_a_restart_forgets_stimulus_and_results() -> None:
    scene = Scene()
    scene.world.faults.reboot_dut_at_ns = 5_000_000_000
    scene.on()
    scene.run(b"db load 2%", 0.5)
    scene.run(b"db 0102%", 0.5)
    scene.run(b"infer 1 0%", 1.0)
    assert scene.run(b"results%", 0.5) != b"m-results-[" + b",".join([b"0.000"] * 12) + b"]\r\nm-ready\r\n"
    scene.clock.advance_to(6_000_000_000)
    assert scene.port.take(1000).endswith(b"m-init-done\r\nm-ready\r\n")
    assert scene.run(b"db print%", 0.5) == b"m-ready\r\n"
    assert scene.run(b"results%", 0.5) == b"m-results-[" + b",".join([b"0.000"] * 12) + b"]\r\nm-ready\r\n"


def test_a_brown_out_is_a_dip_and_then_a_boot() -> None:
    at_ns = 2_000_000_000
    scene = Scene()
    scene.world.faults.brown_out_at_ns = at_ns
    scene.on()
    scene.run(b"infer 100 0%", 2.0)
    assert scene.energy_j(at_ns, at_ns + BROWN_OUT_NS) == 0.0
    assert scene.current_a(at_ns - 10) > 0.005
    assert scene.current_a(at_ns + BROWN_OUT_NS + 1000) == pytest.approx(scene.levels.boot_a)
    assert scene.world.truth() == []


def test_a_restart_planned_for_a_supply_that_was_switched_off_does_not_happen_twice() -> None:
    scene = Scene()
    scene.world.faults.reboot_dut_at_ns = 3_000_000_000
    scene.on()
    scene.world.set_supply(False, 0.0)
    scene.world.set_supply(True, VOLTAGE_V)
    scene.clock.advance_to(2_900_000_000)
    scene.port.take(1000)
    scene.clock.advance_to(4_000_000_000)
    assert scene.port.take(1000).count(b"m-init-done") == 1


def test_another_voltage_does_not_stop_the_inference() -> None:
    scene = Scene(ideal=True).on()
    plain = Scene(ideal=True).on()
    for each in (scene, plain):
        each.port.receive(b"infer 20 0%")
        each.clock.sleep(0.5)
    scene.world.set_supply(True, 2 * VOLTAGE_V)
    now_ns = scene.clock.now_ns()
    for each in (scene, plain):
        each.clock.sleep(2.0)
    (window,), (expected,) = scene.world.truth(), plain.world.truth()
    assert (window.start_ns, window.stop_ns) == (expected.start_ns, expected.stop_ns)
    first_j = plain.energy_j(expected.start_ns, now_ns)
    assert window.energy_j == pytest.approx(2 * expected.energy_j - first_j, rel=1e-9)


def test_switching_on_what_is_on_changes_nothing() -> None:
    scene, plain = Scene(ideal=True).on(), Scene(ideal=True).on()
    for each in (scene, plain):
        each.port.receive(b"infer 20 0%")
        each.clock.sleep(0.5)
    scene.world.set_supply(True, VOLTAGE_V)
    for each in (scene, plain):
        each.clock.sleep(2.0)
    assert scene.world.truth()[0].energy_j == pytest.approx(plain.world.truth()[0].energy_j, rel=1e-12)


# --- the timestamp pin --------------------------------------------------------------------------------------


def test_edges_can_be_lost_or_doubled() -> None:
    scene = Scene()
    scene.world.faults.lost_edges.add(1)
    scene.world.faults.extra_edge_after[2] = 5_000
    for _ in range(4):
        scene.world.pin_falls()
        scene.clock.advance_to(scene.clock.now_ns() + 1_000_000)
    assert scene.edges == [0, 2_000_000, 2_005_000, 3_000_000]


def test_edges_can_reach_the_instruments_late() -> None:
    scene = Scene()
    scene.world.faults.edge_delay_ns = 30_000
    scene.world.faults.extra_edge_after[1] = 5_000
    for _ in range(2):
        scene.world.pin_falls()
        scene.clock.advance_to(scene.clock.now_ns() + 1_000_000)
    assert scene.edges == [30_000, 1_030_000, 1_035_000]


# --- the wire -----------------------------------------------------------------------------------------------


def test_bytes_take_ten_bit_times_and_queue_up() -> None:
    world, arrived = World(VirtualClock()), list[tuple[int, bytes]]()
    wire = Wire(world, "test", 9600, lambda data: arrived.append((world.clock.now_ns(), data)))
    assert wire.send(b"12345") == wire.duration_ns(5)
    assert wire.send(b"67") == 2 * wire.duration_ns(5) - wire.duration_ns(3)
    assert wire.busy
    world.clock.sleep(1.0)
    assert [data for _, data in arrived] == [b"12345", b"67"]
    assert all(a < b for (a, _), (b, _) in pairwise(arrived))
    assert not wire.busy


def test_a_dropped_wire_delivers_nothing_and_is_free_again() -> None:
    world, arrived = World(VirtualClock()), list[bytes]()
    wire = Wire(world, "test", 9600, arrived.append)
    wire.send(b"lost")
    wire.drop()
    assert not wire.busy
    wire.send(b"kept")
    world.clock.sleep(1.0)
    assert arrived == [b"kept"]


def test_a_fault_switch_sees_each_burst_of_its_wire() -> None:
    world, arrived = World(VirtualClock()), list[bytes]()
    world.faults.corrupt["test"] = lambda data: data[1:]
    for name in ("test", "other"):
        Wire(world, name, 9600, arrived.append).send(b"abc")
    world.clock.sleep(1.0)
    assert arrived == [b"bc", b"abc"]


def test_a_long_run_forgets_its_past_and_keeps_the_truth(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = Scene(seed=5).on()
    monkeypatch.setattr("instruments.world.world.MOST_LEVELS", 300)
    monkeypatch.setattr("instruments.world.world.KEPT_NS", 2_000_000_000)
    short = Scene(seed=5).on()
    largest = 0
    for _ in range(30):
        for scene in (whole, short):
            scene.run(b"infer 5 0%", 1.0)
        largest = max(largest, len(short.world.history))
    assert len(whole.world.history) > 1500
    assert largest < 900
    assert len(short.world.truth()) == 30
    assert short.world.truth() == whole.world.truth()


def test_the_room_drifts_slowly_about_its_temperature_and_may_be_heated():
    clock = VirtualClock()
    world = World(clock, seed=5)
    found = []
    for _ in range(60):
        clock.sleep(60.0)
        found.append(world.room_c())
    assert 23.0 - world.drift_k <= min(found) < 22.9
    assert 23.1 < max(found) <= 23.0 + world.drift_k
    assert max(abs(after - before) for before, after in pairwise(found)) < 0.1
    world.warming_k_per_s = 0.01
    assert world.room_c() == pytest.approx(found[-1] + 36.0)
    assert World(VirtualClock(), seed=5, ideal=True).room_c() == 23.0
