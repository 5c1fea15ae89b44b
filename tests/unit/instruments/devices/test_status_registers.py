# SPDX-License-Identifier: Apache-2.0
"""A status register or a count that cannot be one is a violation, not a state."""

import pytest

from energy_runner.bench import Bench, build_bench
from instruments.errors import ProtocolViolation
from instruments.registry import drivers
from instruments.roles import SamplingSettings
from instruments.scpi.twin_core import ScpiCore, header_pattern
from tests.support.any_bench import BOX, any_bench

IMPOSSIBLE = ("-1", "0.5", "9.9E37", "65536")
REGISTERS = {
    "n6705": ("SYSTem:CHANnel[:COUNt]?", "STATus:QUEStionable:CONDition?", "STATus:OPERation:CONDition?"),
    "ngu": (
        "STATus:QUEStionable:INSTrument:ISUMmary#:CONDition?",
        "STATus:OPERation:INSTrument:ISUMmary#:CONDition?",
    ),
    "wt310": ("STATus:EESR?",),
}


@pytest.mark.parametrize("answer", IMPOSSIBLE)
@pytest.mark.parametrize(
    ("driver", "header"), [(one, header) for one, all_ in REGISTERS.items() for header in all_]
)
def test_an_impossible_register_is_a_violation(
    driver: str, header: str, answer: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    run, asked = ScpiCore._run, []

    def lie(core: ScpiCore, command: str, path: str, blocks: list[bytes]) -> tuple[str | bytes | None, str]:
        if header_pattern(header).fullmatch(command.partition(" ")[0]):
            asked.append(command)
            return answer, path
        return run(core, command, path, blocks)

    bench = build_bench(any_bench(drivers()[driver]))
    monkeypatch.setattr(ScpiCore, "_run", lie)
    with pytest.raises(ProtocolViolation):
        _measure(bench)
    assert asked


def _measure(bench: Bench) -> None:
    """Open the instrument and take its samples until it was asked for its state."""
    box = bench.instruments[BOX]
    box.open(bench.clock.deadline(5.0))
    sampler = box.sampler()
    sampler.configure(SamplingSettings(), bench.clock.deadline(5.0))
    sampler.start(bench.clock.deadline(5.0))
    bench.clock.sleep(1.5)
    sampler.poll(bench.clock.deadline(5.0))
