# SPDX-License-Identifier: Apache-2.0
"""Work with a bench by hand: examine it, switch its supply off, serve its twins to other programs."""

from collections.abc import Callable
from pathlib import Path

from energy_runner.api.benches import load_bench
from energy_runner.api.runs import while_signals_stop
from energy_runner.bench import BenchSpec, Mode, build_bench
from energy_runner.bench.lock import lock_bench
from energy_runner.bench.serve import serve_bench
from energy_runner.bench.wiring import roles_of
from energy_runner.benchmarks.catalogue import load_benchmark
from energy_runner.director.doctor import Examination, Examined, examine, make_safe
from energy_runner.director.stop import StopRequest
from energy_runner.errors import Argument, ConfigurationError
from instruments.clock import RealClock
from instruments.roles import Identity

LONGEST_SERVICE_S = 1e8  # three years

__all__ = ["Examination", "examine_bench", "serve", "switch_bench_off"]


def examine_bench(
    bench: BenchSpec | str | Path, *, listener: Callable[[Examined], None] = lambda step: None
) -> Examination:
    """Examine a bench step by step and switch its supply off; `listener` is called with each finished step.

    Raises `BenchFault` if the bench is in use, `Interrupted` if the user stops it (the supply is off then).
    """
    spec = bench if isinstance(bench, BenchSpec) else load_bench(bench)
    # A bench that cannot measure energy is examined as for performance.
    mode: Mode = "energy" if "sampler" in roles_of(spec) else "performance"
    built = build_bench(spec, mode, benchmark=_any_benchmark(spec))
    stop = StopRequest()
    with lock_bench(spec, "bench doctor") as died, while_signals_stop(stop):
        return examine(built, stop, listener, died)


def switch_bench_off(bench: BenchSpec | str | Path) -> tuple[Identity, str | None]:
    """Switch a bench's supply off.

    Return a pair: the identity of the instrument that confirmed it, and what is known of an earlier run that died,
    or None. Raises `ConfigurationError` for a bench without a supply, `BenchFault` if it is in use.
    """
    spec = bench if isinstance(bench, BenchSpec) else load_bench(bench)
    if "supply" not in roles_of(spec):
        raise ConfigurationError(
            f"bench '{spec.name}' has no [monitor] and no instrument in the role supply: nothing to switch off"
        )
    built = build_bench(spec, "performance", benchmark=_any_benchmark(spec))
    with lock_bench(spec, "bench off") as died, while_signals_stop(StopRequest()):
        return make_safe(built), died


def serve(
    bench: BenchSpec | str | Path,
    mode: Mode = "energy",
    *,
    benchmark: str = "kws01",
    seed: int = 0,
    model: Path | None = None,
    tcp_port: int = 0,
    seconds: float | None = None,
    ready: Callable[[dict[str, str], str], None] = lambda addresses, text: None,
) -> None:
    """Serve a virtual bench in real time until Ctrl-C, or for `seconds`.

    `ready` is called with the address of each device and the text of a bench file with these addresses.
    """
    if seconds is not None and not 0 <= seconds <= LONGEST_SERVICE_S:
        raise ConfigurationError(
            Argument("seconds", f"{seconds:g}"), f": must be a number from 0 to {LONGEST_SERVICE_S:g}"
        )
    spec = bench if isinstance(bench, BenchSpec) else load_bench(bench)
    clock, stop = RealClock(), StopRequest()
    known = load_benchmark(benchmark).id
    serving = serve_bench(spec, mode, clock, benchmark=known, seed=seed, model=model, tcp_port=tcp_port)
    with while_signals_stop(stop), serving as served:
        ready(served.addresses, served.text)
        end = clock.deadline(seconds) if seconds is not None else None
        served.server.serve(lambda: stop.reason is not None or (end is not None and end.expired()))


def _any_benchmark(spec: BenchSpec) -> str:
    """Return a benchmark for a bench on which any will do; an emulated one needs a network that we have."""
    return "demo-keywords" if spec.is_emulated else "kws01"
