# SPDX-License-Identifier: Apache-2.0
"""Switch a bench off whatever state an earlier run left its supply in, for `bench off` and for the watchdog."""

from collections.abc import Sequence

from energy_runner.bench import Bench
from energy_runner.director.subscriber import Called
from energy_runner.director.supply_off import OFF_S, Say, close_feeding, switch_off
from energy_runner.errors import ConfigurationError
from instruments.errors import one_line
from instruments.roles import Identity


def make_safe(
    bench: Bench,
    say: Say = lambda text: None,
    died: str | None = None,
    *,
    limit_s: float = OFF_S,
    doubts: Sequence[str] = (),
) -> Identity:
    """Switch the supply off, whatever state an earlier run left it in; return the identity of its instrument.

    It is tried for `limit_s` seconds. `say` is told about an earlier run that `died`, why the bench could not be
    locked (`doubts`), and about every try that failed; it is called no more when it raises or takes longer than a
    second. Raises `ConfigurationError` for a bench without a supply, and the instrument's error if it does not
    confirm.
    """
    player = bench.players.supply
    if player is None:
        raise ConfigurationError(f"bench '{bench.spec.name}' has no supply of its own to switch off")
    told: Called | None = Called(say)

    def tell(text: str) -> None:
        nonlocal told
        if told is not None and told.offer(text) is not None:
            told.end()
            told = None

    if died is not None:
        tell(f"An earlier run had died: {died}")
    for doubt in doubts:
        tell(f"{doubt}: whether a run uses it is not known. It is switched off all the same")
    try:
        try:
            identity = switch_off(bench, bench.clock.deadline(limit_s), tell, opened=False)
        finally:
            refused = close_feeding(bench)
            if refused is not None:
                tell(f"its port did not let itself be closed: {one_line(refused)}")
    finally:  # even if closing raises what `close_feeding` does not catch
        if told is not None:
            told.end()
    return identity if identity is not None else Identity("instrument", player.instrument)
