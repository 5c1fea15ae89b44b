# SPDX-License-Identifier: Apache-2.0
"""The output watchdog of an N6700C mainframe: it switches the supply off when the computer has fallen silent."""

import re

import pytest

from instruments.devices.n6705.dialect import WATCHDOG_S, WITH_WATCHDOG
from instruments.errors import ProtocolViolation
from instruments.links.stream_scpi import StreamScpiLink
from tests.support.n6705_bench import Bench, listening, make

WDOG = b"OUTP:PROT:WDOG"


def made(model: str = "N6702C") -> tuple[Bench, list[bytes]]:
    bench, sent = make(), []
    bench.twin.model = model
    bench.world.faults.corrupt["host>monitor"] = listening(sent)
    return bench, sent


def test_it_switches_off_what_nobody_asks_about_any_more() -> None:
    bench, _ = made()
    bench.ready()
    assert bench.world.powered
    bench.clock.sleep(WATCHDOG_S - 1.0)
    assert bench.world.powered
    bench.clock.sleep(2.0)
    assert not bench.world.powered
    assert "PROT" in bench.monitor.instrument.supply().reason(bench.within())


def test_who_lives_keeps_the_supply_on_and_ends_with_the_watchdog_disarmed() -> None:
    bench, sent = made()
    bench.ready()
    for _ in range(20):
        bench.clock.sleep(WATCHDOG_S / 4)
        bench.monitor.instrument.supply().keep_alive(bench.within())
    assert bench.world.powered
    bench.monitor.power_off(bench.within())
    assert [line for line in sent if line.startswith(WDOG)][-1] == b"OUTP:PROT:WDOG OFF\n"
    assert not bench.world.powered


def test_a_mainframe_that_watches_is_used_again_after_it_has_acted() -> None:
    bench, _ = made()
    bench.ready()
    bench.clock.sleep(2.0 * WATCHDOG_S)
    bench.monitor.close()
    bench.ready()
    assert bench.world.powered


def test_the_output_of_somebody_else_is_not_watched() -> None:
    bench, sent = made()
    bench.link.open(bench.within())
    port = StreamScpiLink(bench.link)
    for command in ("VOLT 5,(@2)", "OUTP ON,(@2)"):
        port.write_line(command, bench.within())
    bench.link.close()
    bench.ready()
    bench.monitor.instrument.supply().keep_alive(bench.within())
    bench.monitor.power_off(bench.within())
    assert not [line for line in sent if line.startswith(WDOG)]


def test_a_watchdog_that_a_killed_run_left_is_disarmed_by_the_next_off() -> None:
    bench, sent = made()
    bench.ready()
    bench.monitor.close()  # without switching off, as by a process that was killed
    bench.monitor.open(bench.within())
    bench.monitor.power_off(bench.within())
    assert sent[-1] == b"OUTP:PROT:WDOG OFF\n"


@pytest.mark.parametrize("model", ["N6705C", "N6702B"])
def test_where_no_guide_describes_it_it_is_not_used(model: str) -> None:
    bench, sent = made(model)
    bench.ready()
    bench.monitor.power_off(bench.within())
    assert not [line for line in sent if line.startswith(WDOG)]


def test_a_mainframe_that_refuses_it_is_used_without() -> None:
    bench, _ = made()
    bench.world.faults.refuse.add("OUTP:PROT:WDOG")
    bench.ready()
    bench.monitor.instrument.supply().keep_alive(bench.within())
    assert bench.world.powered
    bench.monitor.power_off(bench.within())
    assert not bench.world.powered


@pytest.mark.parametrize(
    ("model", "there"),
    [("N6700C", True), ("N6702C", True), ("N6701A", False), ("N6705C", False), ("N6700CX", False)],
)
def test_models(model: str, there: bool) -> None:
    assert (re.fullmatch(WITH_WATCHDOG, model) is not None) is there


@pytest.mark.parametrize("answer", ["0", "-1", "9.9E37", "2.5", "3"])
def test_channels_that_do_not_add_up_are_no_reason_to_think_that_all_others_are_off(answer: str) -> None:
    """Armed on a wrong count, it would switch off what somebody else feeds."""
    bench, sent = made()
    bench.ready()
    bench.monitor.power_off(bench.within())
    sent.clear()
    bench.world.faults.corrupt["monitor>host"] = lambda data: (
        f"{answer}\n".encode() if sent[-1] == b"SYST:CHAN?\n" else b"0,0\n" if b"OUTP? (@1:" in sent[-1] else data
    )
    with pytest.raises(ProtocolViolation):
        bench.monitor.power_on(bench.within())
    assert not [line for line in sent if line.startswith(WDOG)]
