# SPDX-License-Identifier: Apache-2.0
"""Another repeat of a world is the same bench on another day: the same instruments, other noise."""

from instruments.clock import VirtualClock
from instruments.world.world import World


def drawn(world: World, name: str) -> float:
    return float(world.rng(name).uniform())


def test_instruments_keep_their_errors_and_noise_changes() -> None:
    first, again, other = (World(VirtualClock(), 7, repeat=number) for number in (0, 1, 2))
    for constant in ("lpm01a errors", "n6705 supply", "ppk2 coefficients", "dut", "io manager"):
        assert drawn(first, constant) == drawn(again, constant) == drawn(other, constant)
    for noise in ("lpm01a noise", "n6705 meter", "room", "otii current 3"):
        assert len({drawn(world, noise) for world in (first, again, other)}) == 3


def test_noise_that_follows_a_constant_error_changes_too() -> None:
    worlds = [World(VirtualClock(), 7, repeat=number) for number in (0, 1, 2)]
    found = []
    for world in worlds:
        rng = world.rng("dut")
        rng.uniform()
        found.append(float(world.noise_after(rng, "dut").uniform()))
    assert len(set(found)) == 3
