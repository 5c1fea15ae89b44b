# SPDX-License-Identifier: Apache-2.0
"""The board as an edge source: what it reads between relays, and what it refuses to believe."""

from collections.abc import Callable
from itertools import pairwise

import pytest

from instruments.devices.interface_board.edges import ARM_TRIES, CLOSE_NS, LOOK_AGAIN_S, WRAPS_S
from instruments.devices.interface_board.protocol import MOST_EDGES
from instruments.errors import ProtocolViolation, TimedOut
from instruments.roles import Lap
from tests.support.interface_board_bench import Bench

FROM_BOARD = "interface-board>host"


def armed(seed: int = 1) -> Bench:
    """Return a bench whose board is in step with the DUT and records."""
    bench = Bench(seed).opened()
    bench.driver.edges().arm(bench.within())
    return bench


def taken(bench: Bench) -> list[Lap]:
    laps = list(bench.driver.edges().take(bench.within()))
    assert all(isinstance(lap, Lap) for lap in laps)
    return [lap for lap in laps if isinstance(lap, Lap)]


def pulsed(bench: Bench, times: int = 1, apart_s: float = 0.02) -> list[int]:
    """Let the timestamp pin fall by itself; return when (ns)."""
    at_ns = []
    for _ in range(times):
        at_ns.append(bench.clock.now_ns())
        bench.world.pin_falls()
        bench.clock.sleep(apart_s)
    return at_ns


def written(bench: Bench, act: Callable[[], object]) -> bytes:
    """Return what the driver sends while it does something."""
    sent: list[bytes] = []
    bench.faults.corrupt["host>interface-board"] = lambda data: sent.append(data) or data  # type: ignore[func-returns-value]
    act()
    del bench.faults.corrupt["host>interface-board"]
    return b"".join(sent)


# --- what comes -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(5))
def test_each_pulse_of_the_dut_is_one_lap_dated_from_the_zero_of_the_timer(seed: int) -> None:
    bench = armed(seed)
    edges: list[int] = []
    bench.world.on_edge(edges.append)
    bench.device.timestamp(bench.within())
    bench.device.infer(3, 0, bench.within(10.0))
    laps = taken(bench)
    assert len(laps) == len(edges) == 3
    for lap, edge_ns in zip(laps, edges, strict=True):
        assert lap.zeroed is not None
        assert 0 < lap.zeroed[1] - lap.zeroed[0] <= CLOSE_NS
        # Late by what the answer to the zero took, at most; crystals drift by 50 µs in a second.
        assert -2e6 < lap.arrived_ns - edge_ns < CLOSE_NS
        assert lap.lap_us == (lap.arrived_ns - lap.zeroed[1]) // 1000
    for (one, two), (first_ns, second_ns) in zip(pairwise(laps), pairwise(edges), strict=True):
        assert two.lap_us - one.lap_us == pytest.approx((second_ns - first_ns) / 1e3, abs=11, rel=50e-6)


def test_each_edge_is_handed_over_once() -> None:
    bench = armed()
    for count in (1, 2, 3):
        pulsed(bench, count)
        bench.clock.sleep(LOOK_AGAIN_S)
        assert len(taken(bench)) == count
        assert taken(bench) == []


def test_edges_before_arming_are_of_another_run() -> None:
    bench = Bench().opened()
    pulsed(bench, 3)
    assert taken(bench) == [], "not armed"
    bench.driver.edges().arm(bench.within())
    assert taken(bench) == []
    pulsed(bench)
    bench.clock.sleep(LOOK_AGAIN_S)
    assert len(taken(bench)) == 1
    bench.driver.edges().disarm(bench.within())
    pulsed(bench)
    bench.clock.sleep(LOOK_AGAIN_S)
    assert taken(bench) == []


def test_while_the_board_relays_the_link_is_not_touched() -> None:
    bench = armed()
    pulsed(bench)
    bench.driver.send("infer 20 0", bench.within())
    bench.clock.sleep(0.5)
    assert written(bench, lambda: taken(bench)) == b""
    assert taken(bench) == [], "not known yet: it is in the record only"
    assert bench.driver.held_up, "the relay goes on"
    while bench.driver.held_up:
        bench.driver.receive(bench.within(0.5))
    assert len(taken(bench)) == 3


def test_what_is_known_is_returned_though_the_board_relays() -> None:
    bench = armed()
    pulsed(bench)
    bench.clock.sleep(LOOK_AGAIN_S)
    first: list[Lap] = []

    def look() -> None:
        first.extend(taken(bench))

    bench.driver.while_waiting = look
    bench.device.while_waiting = look
    result = bench.device.infer(2, 0, bench.within(10.0))
    assert result.results
    bench.driver.while_waiting = lambda: None
    assert len(first) + len(taken(bench)) == 3
    assert len({lap.lap_us for lap in first}) == len(first)


def test_without_anything_new_the_record_is_not_printed_again_at_once() -> None:
    bench = armed()
    assert written(bench, lambda: taken(bench)) == b""
    bench.clock.sleep(LOOK_AGAIN_S)
    assert written(bench, lambda: taken(bench)) == b"print_dutycycle%print_dutycycle%"
    bench.device.command("name", bench.within())
    assert written(bench, lambda: taken(bench)) == b"print_dutycycle%print_dutycycle%"


def test_arming_waits_for_a_relay_that_ends_and_gives_up_on_one_that_does_not() -> None:
    bench = Bench().opened()
    bench.driver.send("infer 5 0", bench.within())
    bench.driver.edges().arm(bench.within())
    assert bench.driver.held_up == ""
    bench.driver.send("infer 500 0", bench.within())
    with pytest.raises(TimedOut, match="did not end"):
        bench.driver.edges().arm(bench.within(1.0))


def test_a_slow_answer_to_the_zero_is_tried_again_and_else_told() -> None:
    bench = Bench().opened()
    asked = written(bench, lambda: bench.driver.edges().arm(bench.within()))
    assert asked == b"record_detections%print_dutycycle%"
    bench.driver.while_waiting = lambda: bench.clock.sleep(0.05)
    asked = written(bench, lambda: bench.driver.edges().arm(bench.within()))
    assert asked == b"record_detections%" * ARM_TRIES + b"print_dutycycle%"
    bench.driver.while_waiting = lambda: None
    pulsed(bench)
    bench.clock.sleep(LOOK_AGAIN_S)
    [lap] = taken(bench)
    assert lap.zeroed is not None
    assert lap.zeroed[1] - lap.zeroed[0] > CLOSE_NS


# --- what is refused ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", ["record_detections", "print_dutycycle"])
def test_firmware_that_does_not_know_a_command_cannot_be_armed(command: str) -> None:
    bench = Bench().opened()
    bench.faults.refuse.add(f"io {command}")
    with pytest.raises(ProtocolViolation, match="firmware"):
        bench.driver.edges().arm(bench.within())


@pytest.mark.parametrize("more", [0, 1, 50])
def test_a_full_record_is_never_taken_for_all_there_was(more: int) -> None:
    bench = armed()
    pulsed(bench, MOST_EDGES - 1)
    bench.clock.sleep(LOOK_AGAIN_S)
    assert len(taken(bench)) == MOST_EDGES - 1
    pulsed(bench, 1 + more)
    bench.clock.sleep(LOOK_AGAIN_S)
    with pytest.raises(ProtocolViolation, match="it is full"):
        taken(bench)


def test_the_timer_is_not_used_beyond_its_wrap() -> None:
    bench = armed()
    bench.clock.sleep(WRAPS_S - 100.0)
    pulsed(bench)
    bench.clock.sleep(100.0)
    with pytest.raises(ProtocolViolation, match=r"wraps after 42950 s"):
        taken(bench)


@pytest.mark.parametrize("wrapped_s", [0.0, 3.0, 100.0])
def test_an_edge_that_is_not_between_two_looks_is_refused(wrapped_s: float) -> None:
    bench = armed()
    bench.clock.sleep(20.0)
    assert taken(bench) == []
    bench.board.falls.append(round(wrapped_s * 1e5))
    bench.clock.sleep(LOOK_AGAIN_S)
    with pytest.raises(ProtocolViolation, match="a new edge at"):
        taken(bench)


def test_a_board_that_restarted_lost_what_it_held() -> None:
    bench = armed()
    pulsed(bench, 3)
    bench.clock.sleep(LOOK_AGAIN_S)
    assert len(taken(bench)) == 3
    bench.board.press_reset()
    bench.clock.sleep(3.0)
    with pytest.raises(ProtocolViolation, match="lost or changed edges"):
        taken(bench)


def test_an_edge_that_changed_is_refused() -> None:
    bench = armed()
    pulsed(bench, 3)
    bench.clock.sleep(LOOK_AGAIN_S)
    taken(bench)
    bench.board.falls[1] += 1
    bench.clock.sleep(LOOK_AGAIN_S)
    with pytest.raises(ProtocolViolation, match="lost or changed edges"):
        taken(bench)


def test_a_digit_that_changed_on_its_way_shows_in_the_second_answer() -> None:
    bench = armed()
    pulsed(bench, 2)
    bench.clock.sleep(LOOK_AGAIN_S)
    [tick, _] = bench.board.falls
    changed: list[bytes] = []

    def damage(data: bytes) -> bytes:
        if not changed and f"{tick}, ".encode() in data:
            changed.append(data)
            return data.replace(f"{tick}, ".encode(), f"{tick + 1}, ".encode())
        return data

    bench.faults.corrupt[FROM_BOARD] = damage
    with pytest.raises(ProtocolViolation, match="two answers in a row differ"):
        taken(bench)
    assert changed


def test_an_edge_between_the_two_answers_counts_with_the_next_look() -> None:
    bench = armed()
    pulsed(bench)
    bench.clock.sleep(LOOK_AGAIN_S)
    answers: list[int] = []

    def between(data: bytes) -> bytes:
        if b"stop times" in data and not answers:
            answers.append(1)
            bench.world.pin_falls()
        return data

    bench.faults.corrupt[FROM_BOARD] = between
    assert len(taken(bench)) == 1
    bench.clock.sleep(0.01)
    assert len(taken(bench)) == 1, "asked again without waiting"


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: data.replace(b"stop times", b"st"),
        lambda data: data.replace(b", m-ready", b"m-ready"),
        lambda data: data.replace(b"Duty cycle stop times (s)\r\n", b""),
        lambda data: data.replace(b", ", b" "),
        lambda data: b"",
        lambda data: data.replace(b"m-ready", b""),
    ],
)
def test_a_damaged_or_missing_answer_never_becomes_an_edge(damage: Callable[[bytes], bytes]) -> None:
    bench = armed()
    pulsed(bench, 2)
    bench.clock.sleep(LOOK_AGAIN_S)
    bench.faults.corrupt[FROM_BOARD] = damage
    with pytest.raises((ProtocolViolation, TimedOut)):
        taken(bench)


def test_a_pin_that_rings_shows_every_edge() -> None:
    bench = armed()
    bench.faults.extra_edge_after[bench.world._edge_count] = 3_000_000
    pulsed(bench)
    bench.clock.sleep(LOOK_AGAIN_S)
    assert len(taken(bench)) == 2
