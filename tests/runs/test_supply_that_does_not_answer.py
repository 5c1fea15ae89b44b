# SPDX-License-Identifier: Apache-2.0
"""An instrument that heeds commands but does not answer as it should: the supply goes off all the same.

Whether it is off cannot be confirmed then, and that is said.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from energy_runner.bench import Bench
from energy_runner.director.make_safe import make_safe
from energy_runner.director.supply_off import OFF_S
from instruments.clock import Clock, Deadline
from instruments.errors import InstrumentError
from instruments.links.base import Link
from instruments.roles import SupplySettings
from tests.support.small import twin_bench

NGU = str(Path(__file__).parents[1] / "support" / "monitor_benches" / "virtual-ngu.toml")
BENCHES = ("virtual-lpm01a", "virtual-n6705c", NGU)


class Spoilt:
    """A link that, once `spoil` is given, returns what that makes of the bytes that arrived."""

    def __init__(self, inner: Link) -> None:
        self.name, self.inner, self.clock = inner.name, inner, None
        self.spoil: Callable[[bytes], bytes] | None = None
        self.open, self.close, self.write = inner.open, inner.close, inner.write

    def read(self, deadline: Deadline, max_bytes: int = 65536) -> bytes:
        if self.spoil is None:
            return self.inner.read(deadline, max_bytes)
        return self.spoil(self.inner.read(deadline.at_most(0.01), max_bytes))[:max_bytes]


def silence(data: bytes) -> bytes:
    return b""


def flood(data: bytes) -> bytes:
    return b"A" * 100 + data


def lines(data: bytes) -> bytes:
    return b"0\r\n" * 20 + data


def garbage(data: bytes) -> bytes:
    return bytes(byte ^ 0x5A for byte in data)


def powered(name: str) -> tuple[Bench, Any, Spoilt]:
    """Return a bench with its supply on and its ports closed, its world, and the link to the supply."""
    links: dict[str, Spoilt] = {}

    def wrap(name: str, link: Link) -> Link:
        return links.setdefault(name, Spoilt(link))

    bench = twin_bench(name, "performance", wrap=wrap)
    assert bench.twin is not None
    assert bench.supply is not None
    assert bench.players.supply is not None
    feeds = bench.players.supply.instrument
    bench.instruments[feeds].open(bench.clock.deadline(20.0))
    bench.supply.configure(SupplySettings(3.0, None), bench.clock.deadline(20.0))
    bench.supply.on(bench.clock.deadline(20.0))
    bench.instruments[feeds].close()
    assert bench.twin.world.powered
    return bench, bench.twin.world, links[feeds]


@pytest.mark.parametrize("spoil", [silence, flood, lines, garbage])
@pytest.mark.parametrize("name", BENCHES)
def test_it_is_told_to_switch_off_and_what_it_does_not_confirm_is_said(
    name: str, spoil: Callable[[bytes], bytes]
) -> None:
    bench, world, link = powered(name)
    clock: Clock = bench.clock
    link.spoil = spoil
    began_ns, said = clock.now_ns(), list[str]()
    try:
        make_safe(bench, said.append)
    except InstrumentError:
        assert said
        assert all("did not confirm that the supply is off" in text for text in said)
        assert not bench.off_confirmed
    else:
        assert bench.off_confirmed
    assert not world.powered
    assert (clock.now_ns() - began_ns) / 1e9 < OFF_S + 2
    assert not any(port.is_open for port in bench.twin.ports().values())  # type: ignore[union-attr]


def test_a_device_that_says_it_is_another_is_told_nothing() -> None:
    bench, world, link = powered("virtual-n6705c")
    link.spoil = lambda data: data.replace(b"N6705C", b"34465A")
    sent: list[bytes] = []
    write = link.write

    def noted(data: bytes, deadline: Deadline) -> None:
        sent.append(data)
        write(data, deadline)

    link.write = noted
    with pytest.raises(InstrumentError, match="34465A"):
        make_safe(bench)
    assert world.powered
    assert not any(b"OUTP OFF" in data for data in sent)
