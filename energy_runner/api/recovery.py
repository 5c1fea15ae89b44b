# SPDX-License-Identifier: Apache-2.0
"""Recover a bench on which a run has failed, one step at a time, as a sweep does between attempts at a point."""

import shlex
from collections.abc import Sequence
from pathlib import Path

from energy_runner.api.benches import load_bench
from energy_runner.api.hands_on import any_benchmark
from energy_runner.api.runs import while_signals_stop
from energy_runner.bench import Bench, BenchSpec, Mode, build_bench
from energy_runner.bench.wiring import roles_of
from energy_runner.director.hold import hold_bench
from energy_runner.director.recovery import LIMIT_S, RecoveryStep, recover
from energy_runner.director.stop import StopRequest
from energy_runner.errors import Argument, ConfigurationError

__all__ = ["RecoveryStep", "recover_bench"]


def recover_bench(
    bench: BenchSpec | Bench | str | Path,
    step: str,
    *,
    deadline_s: float = LIMIT_S,
    mode: Mode | None = None,
    usb_power_command: str | Sequence[str] = (),
    stop: StopRequest | None = None,
) -> RecoveryStep:
    """Take one step of recovery on a bench that no run uses; its supply is off at the end.

    `step` is "resynchronise", "power-cycle-dut", "reset-io-manager", "reopen-monitor", "power-cycle-usb", or
    "quarantine", for which nothing is done on the bench. Give the bench with its own settings, not with those of a
    point that failed: then the step also tells whether the bench is sound. `bench` may be built already, for
    tests. `mode` is the mode in which it is built; by default energy, where it can measure that. `deadline_s` is
    the most that the step may take (s). `usb_power_command` is a program with its arguments, which switches a USB
    port off and on; it is run without a shell. `stop` is a request to stop of the caller's own.

    What fails on the bench is told in the step that is returned. Raises `ConfigurationError` for a step that does
    not exist or a bench that cannot be built, `BenchFault` if the bench is in use, and `Interrupted` if the user
    stops it and the supply is confirmed off, or else `BenchFault`.
    """
    if not 0 < deadline_s <= 86400:
        raise ConfigurationError(
            Argument("deadline_s", f"{deadline_s:g}"), ": must be a number of seconds above 0, at most a day"
        )
    stop = stop if stop is not None else StopRequest()
    with while_signals_stop(stop):
        built = bench if isinstance(bench, Bench) else _built(bench, mode)
        command = _arguments(usb_power_command)
        with hold_bench(built, f"recovery: {step}") as died:
            taken = recover(built, step, deadline_s, stop=stop, usb_power_command=command, died=died)
    return taken


def _built(bench: BenchSpec | str | Path, mode: Mode | None) -> Bench:
    spec = bench if isinstance(bench, BenchSpec) else load_bench(bench)
    mode = mode or ("energy" if "sampler" in roles_of(spec) else "performance")
    return build_bench(spec, mode, benchmark=any_benchmark(spec))


def _arguments(command: str | Sequence[str]) -> tuple[str, ...]:
    """Return a command as a program and its arguments; text is divided as a shell would divide it."""
    if not isinstance(command, str):
        return tuple(command)
    try:
        return tuple(shlex.split(command))
    except ValueError as error:
        raise ConfigurationError(
            Argument("usb_power_command", command), f": {error}. Try: close every quotation mark"
        ) from None
