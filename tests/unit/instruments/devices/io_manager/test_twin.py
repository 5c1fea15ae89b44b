# SPDX-License-Identifier: Apache-2.0
"""The virtual IO manager behaves as an UNO: its reset, its buffer, its laps."""

from itertools import pairwise

import pytest

from instruments.devices.io_manager.twin import RESET_NS, RESONATOR_LIMIT
from instruments.world.dut import PIN_HOLD_NS
from tests.support.io_manager_bench import Bench


def test_opening_the_port_resets_the_uno_and_its_boot_loader_swallows_bytes() -> None:
    bench = Bench()
    bench.cable.open(bench.within())
    assert bench.ask(b"name%", 0.5) == []
    bench.clock.advance_to(RESET_NS)
    assert bench.ask(b"name%") == [b"m-name-io", b"m-ready"]
    bench.ask(b"enable-timer%")
    bench.cable.open(bench.within())
    assert bench.ask(b"name%", 0.5) == []
    bench.clock.advance_to(2 * RESET_NS + 10**9)
    bench.world.pin_falls()
    assert bench.ask(b"name%") == [b"m-name-io", b"m-ready"]  # no lap: the reset disabled the timer


@pytest.mark.parametrize(
    ("sent", "answer"),
    [
        (b"version%", [b"m-version-1.0.3"]),
        (b"res 0%", [b"m-reset-polarity-0"]),
        (b"res%", [b"e-res-?#args?"]),
        (b"enable-timer%", [b"m-timer-enabled"]),
        (b"disable-timer%", [b"m-timer-disabled"]),
        (b"tm 0%", [b"m-timestmp-mode-FALLING", b"m-[Timer disabled after mode change]"]),
        (b"tm 1%", [b"m-timestmp-mode-CHANGE", b"m-[Timer disabled after mode change]"]),
        (b"tm 2%", [b"e-tm-?#args?"]),
        (b"et%", [b"e-[EMON Triggering not supported]"]),
        (b"bogus%", [b"e-[Unknown command: bogus]"]),
    ],
)
def test_its_own_commands(sent: bytes, answer: list[bytes]) -> None:
    assert Bench().connected().ask(sent) == [*answer, b"m-ready"]


def test_a_relayed_command_is_echoed_and_the_duts_lines_are_marked() -> None:
    assert Bench().connected().ask(b"dut name%") == [
        b"m-dut-passthrough(name)",
        b"m-ready",
        b"[dut]: m-name-dut-[virtual twin]",
        b"[dut]: m-ready",
    ]


def test_boot_lines_are_relayed_unasked() -> None:
    bench = Bench().connected()
    bench.world.set_supply(False, 0.0)
    bench.world.set_supply(True, 3.0)
    bench.clock.sleep(0.5)
    assert bench.uno.port.take(1000) == (
        b"[dut]: m-timestamp-mode-energy\r\n[dut]: m-init-done\r\n[dut]: m-ready\r\n"
    )


def test_commands_in_pieces_and_at_once_keep_their_order() -> None:
    bench = Bench().connected()
    assert bench.ask(b"ver") == []
    bench.uno.port.receive(b"sion%" + b"tm 0%" * 3)
    lines = bench.ask(b"name%")  # a short burst must not overtake the long one before it
    assert lines[0] == b"m-version-1.0.3"
    assert lines[-2:] == [b"m-name-io", b"m-ready"]


def test_the_receive_buffer_holds_64_bytes() -> None:
    bench = Bench().connected()
    fits = b"db " + b"0" * 56
    assert bench.ask(b"dut " + fits + b"%")[0] == b"m-dut-passthrough(" + fits + b")"
    assert bench.ask(b"dut " + fits + b"12%")[0] == b"m-dut-passthrough(" + fits + b")"


def test_sending_while_the_dut_talks_garbles_both() -> None:
    bench = Bench().connected()
    bench.uno.port.receive(b"dut profile%")
    bench.clock.sleep(0.03)
    assert bench.dut.talking
    lines = bench.ask(b"dut name%", 1.0)
    assert b"e-?m-profile-[ULPMark for t" in lines
    assert b"[dut]: m-model-[kws01]" in lines
    assert b"[dut]: m-name-dut-[virtual twin]" not in lines
    assert b"[dut]: e-[Unknown command: eman]" in lines


def test_a_speed_mismatch_turns_everything_into_garbage() -> None:
    bench = Bench(dut_baud=19200).connected()
    lines = bench.ask(b"dut name%", 1.0)
    assert lines[:2] == [b"m-dut-passthrough(name)", b"m-ready"]
    assert not any(b"name-dut" in line for line in lines)


# --- laps ---------------------------------------------------------------------------------------------------


def laps(bench: Bench, at_ns: list[int]) -> list[int]:
    for moment_ns in at_ns:
        bench.clock.advance_to(moment_ns)
        bench.world.pin_falls()
    bench.clock.sleep(0.1)
    lines = bench.uno.port.take(1 << 16).split(b"\r\n")[:-1]
    return [int(line.removeprefix(b"m-lap-us-")) for line in lines]


def timing(seed: int = 1, *, ideal: bool = False, start_ns: int = 0) -> Bench:
    bench = Bench(seed, ideal=ideal, start_ns=start_ns).connected()
    bench.ask(b"tm 0%enable-timer%")
    return bench


def test_laps_count_in_steps_of_4_us_with_the_resonators_error() -> None:
    bench = timing()
    first_ns = bench.clock.now_ns()
    moments = [first_ns + i * 10**10 + 1234 * i for i in range(4)]
    seen = laps(bench, moments)
    assert bench.uno.rate_error != 0.0
    assert all(lap_us % 4 == 0 for lap_us in seen)
    for lap_us, at_ns in zip(seen, moments, strict=True):
        assert 0 <= at_ns / 1e3 * (1 + bench.uno.rate_error) - lap_us < 4


def test_each_seed_draws_a_resonator_within_half_a_percent() -> None:
    errors = [Bench(seed).uno.rate_error for seed in range(50)]
    assert errors == [Bench(seed).uno.rate_error for seed in range(50)]
    assert len(set(errors)) == 50
    assert max(map(abs, errors)) <= RESONATOR_LIMIT
    assert max(errors) > RESONATOR_LIMIT / 2
    assert min(errors) < -RESONATOR_LIMIT / 2


def test_an_ideal_uno_is_exact() -> None:
    bench = timing(ideal=True)
    now_ns = bench.clock.now_ns()
    assert laps(bench, [now_ns, now_ns + 1_000_000, now_ns + 1_003_000]) == [
        now_ns // 1000,
        now_ns // 1000 + 1000,
        now_ns // 1000 + 1003,
    ]


def test_laps_wrap_at_32_bits() -> None:
    bench = timing(ideal=True)
    wrap_ns = 2**32 * 1000
    seen = laps(bench, [wrap_ns - 5_000_000, wrap_ns + 5_000_000])
    assert seen == [2**32 - 5000, 5000]
    assert [(b - a) & 0xFFFFFFFF for a, b in pairwise(seen)] == [10_000]


def test_edges_are_reported_only_while_the_timer_is_enabled_and_both_on_request() -> None:
    bench = Bench(ideal=True).connected()
    now_ns = bench.clock.now_ns()
    assert laps(bench, [now_ns + 1_000_000]) == []
    bench.ask(b"tm 1%enable-timer%")
    now_ns = bench.clock.now_ns() + 1_000_000
    assert laps(bench, [now_ns]) == [now_ns // 1000, (now_ns + PIN_HOLD_NS) // 1000]
    bench.ask(b"tm 0%")
    assert laps(bench, [bench.clock.now_ns() + 1_000_000]) == []
