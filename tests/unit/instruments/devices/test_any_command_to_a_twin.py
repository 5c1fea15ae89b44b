# SPDX-License-Identifier: Apache-2.0
"""A served twin outlives whatever its clients send: each of its commands with any parameters, and any bytes."""

import random

import pytest

from energy_runner.bench import build_bench
from instruments.registry import drivers
from instruments.scpi.twin_core import ScpiCore
from instruments.world.cable import HostPort
from tests.support.any_bench import BOX, any_bench

PARAMETERS = (
    *("", "0", "1", "-1", "2.7", "1e300", "-1e300", "NAN", "9.9E37", "MIN", "MAX", "ON", "OFF", "A,B"),
    *('"a"', "'x", "#H7FFF", "#15hello", "#0abc", "(@1)", "(@1:8)", "(@0)", "(@99)", "(@5:1)", "(@)"),
    *("1,(@1)", "-5,(@1,2)", "1e9,(@1)", "nan,(@1)", "EXT,(@1)", "1,2", "1,2,3", "1,x", '1,"x",y', "3,DIG1"),
    *("CH1", "CH9", "CH1,5,1", "CH1,-1", "CH1,ON", '"internal:\\a.dlog"', '1,16384,"defbuffer1",READ'),
)
ROUNDS = 500  # of bytes that are no commands
TWINS = [one for one in drivers().values() if one.link in ("scpi", "stream")]


@pytest.mark.parametrize("driver", TWINS, ids=lambda one: one.name)
def test_a_twin_raises_nothing_whatever_it_is_sent(driver, monkeypatch: pytest.MonkeyPatch) -> None:
    patterns: list[str] = []
    begin = ScpiCore.__init__

    def remember(core: ScpiCore, handlers, *given, **more) -> None:
        patterns.extend(handlers)
        begin(core, handlers, *given, **more)

    monkeypatch.setattr(ScpiCore, "__init__", remember)
    bench = build_bench(any_bench(driver))
    assert bench.twin is not None
    port = bench.twin.ports()[BOX]
    assert isinstance(port, HostPort)
    port.open()
    chance = random.Random(driver.name)
    headers = [one.replace("[", "").replace("]", "").replace("#", "1") for one in dict.fromkeys(patterns)]
    sent = [f"{header} {parameter}\n".encode() for header in headers for parameter in PARAMETERS]
    sent += [chance.randbytes(chance.randrange(60)) + chance.choice((b"\n", b"%", b"")) for _ in range(ROUNDS)]
    chance.shuffle(sent)
    for data in sent:
        port.receive(data)
        bench.twin.clock.sleep(chance.choice((0.0, 0.001, 0.05)))
        port.take(1 << 20)
