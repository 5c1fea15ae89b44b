# SPDX-License-Identifier: Apache-2.0
"""The driver of the IO manager on a healthy board."""

from itertools import pairwise

import pytest

from instruments.devices.dut.protocol import Ready, Said
from instruments.devices.io_manager.twin import RESET_NS, RESONATOR_LIMIT
from tests.support.io_manager_bench import Bench, once


def test_open_waits_for_the_boot_loader_and_leaves_nothing_behind() -> None:
    bench = Bench()
    bench.driver.open(bench.within(20.0))
    assert bench.clock.now_ns() >= RESET_NS
    assert bench.driver.identify(bench.within()).firmware == "1.0.3"
    assert bench.driver.take_remarks() == []


@pytest.mark.parametrize("seed", range(20))
def test_open_works_for_any_latency_of_the_usb_link(seed: int) -> None:
    bench = Bench(seed)
    bench.driver.open(bench.within(20.0))
    assert bench.driver.identify(bench.within()).firmware == "1.0.3"


def test_laps_may_come_between_any_two_lines() -> None:
    bench = Bench().opened()
    bench.driver.arm(bench.within())
    start_ns = bench.clock.now_ns()
    falls = 200
    for i in range(falls):
        bench.clock.call_at(start_ns + i * 1_700_000, bench.world.pin_falls)
    for _ in range(4):
        assert bench.device.command("profile", bench.within()).text("model") == "kws01"
        assert bench.driver.identify(bench.within()).firmware == "1.0.3"
    bench.clock.sleep(0.5)
    seen = bench.driver.take(bench.within())
    assert len(seen) == falls
    elapsed_us = [(b.lap_us - a.lap_us) & 0xFFFFFFFF for a, b in pairwise(seen)]
    assert all(abs(us - 1700) < 1700 * RESONATOR_LIMIT + 8 for us in elapsed_us)
    assert all(a.arrived_ns <= b.arrived_ns for a, b in pairwise(seen))
    assert list(bench.driver.take(bench.within())) == []


def test_what_nobody_asked_for_becomes_a_remark() -> None:
    bench = Bench().opened()
    bench.uno.port.emit(b"brown-out detected\r\n[dut]: watchdog\r\n")
    assert bench.device.command("name", bench.within()).text("name") == "virtual twin"
    remarks = bench.driver.take_remarks()
    assert remarks == ["brown-out detected"]
    assert bench.driver.take_remarks() == []


def test_what_the_dut_said_before_a_command_is_no_answer_to_it() -> None:
    bench = Bench().opened()

    def late_line(data: bytes) -> bytes:
        return b"[dut]: m-ready\r\n" + data

    bench.faults.corrupt["io-manager>host"] = once(late_line, lambda data: b"passthrough" in data)
    answer = bench.device.command("name", bench.within())
    assert answer.text("name") == "virtual twin"
    assert any("m-ready" in remark for remark in bench.driver.take_remarks())


def test_relayed_lines_of_a_performance_build_are_laps_of_the_dut_not_of_the_uno() -> None:
    bench = Bench(mode="performance").opened()
    result = bench.device.infer(2, 0, bench.within(10.0))
    assert len(result.laps_us) == 2
    assert list(bench.driver.take(bench.within())) == []
    assert [h.event for h in result.answer.heard if isinstance(h.event, Ready)] == [Ready()]
    assert Said("infer-start", "2") in [h.event for h in result.answer.heard]
