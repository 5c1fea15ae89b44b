# SPDX-License-Identifier: Apache-2.0
"""What a SCPI supply says is set must be what was asked: another voltage, limit or range stops the run."""

import pytest

from energy_runner.bench import build_bench
from instruments.clock import Deadline
from instruments.errors import Refused
from instruments.links.base import Link
from instruments.registry import drivers
from instruments.roles import SupplySettings
from tests.support.any_bench import BOX, any_bench


class Bent:
    """A link to an instrument that answers one question as it likes."""

    def __init__(self, link: Link, question: bytes, answer: bytes) -> None:
        self._link, self._question, self._answer = link, question, answer
        self._asked = False
        self.asked = 0

    def __getattr__(self, name: str) -> object:
        return getattr(self._link, name)

    def write(self, data: bytes, deadline: Deadline) -> None:
        self._asked = data.strip().endswith(self._question)
        self.asked += self._asked
        self._link.write(data, deadline)

    def read(self, deadline: Deadline, max_bytes: int = 65536) -> bytes:
        data = self._link.read(deadline, max_bytes)
        asked, self._asked = self._asked, False
        return self._answer + b"\n" if asked and data else data


@pytest.mark.parametrize(
    ("driver", "question", "answer"),
    [
        ("n6705", b"CURR:LIM? (@1)", b"3.06"),
        ("ngu", b"CURR?", b"3.0000"),
        ("ngm", b"CURR?", b"0.1000"),
        ("smu2400", b"SOUR:VOLT:ILIM?", b"1.05E+00"),
        ("smu2400", b"SENS:CURR:RANG?", b"1.000000E+00"),
        ("dp800", b":APPL? CH1,CURR", b"3.2"),
        ("spd", b"CH1:CURR?", b"3.200"),
        *((driver, b"VOLT?", b"5.0") for driver in ("ngu", "ngm", "smu2400")),
        ("n6705", b"VOLT? (@1)", b"5.0"),
    ],
)
def test_a_read_back_other_than_what_was_set_is_refused(driver: str, question: bytes, answer: bytes) -> None:
    links: list[Bent] = []

    def wrap(name: str, link: Link) -> Link:
        if name != BOX:
            return link
        links.append(Bent(link, question, answer))
        return links[0]

    bench = build_bench(any_bench(drivers()[driver]), wrap=wrap)
    box = bench.instruments[BOX]
    box.open(bench.clock.deadline(10.0))
    with pytest.raises(Refused):
        box.supply().configure(SupplySettings(3.0), bench.clock.deadline(10.0))
    assert links[0].asked
    box.close()
