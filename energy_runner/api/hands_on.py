# SPDX-License-Identifier: Apache-2.0
"""Work with a bench by hand: examine it, switch its supply off, serve its twins to other programs."""

from collections.abc import Callable
from pathlib import Path

from energy_runner.api.benches import load_bench
from energy_runner.api.edge_delays import check_stated, keep_delay
from energy_runner.api.runs import while_signals_stop
from energy_runner.bench import BenchSpec, Mode, build_bench
from energy_runner.bench.edge_delay_file import check_writable
from energy_runner.bench.serve import serve_bench
from energy_runner.bench.wiring import roles_of
from energy_runner.benchmarks.catalogue import load_benchmark
from energy_runner.director.doctor import examine
from energy_runner.director.examination import Examination, Examined, who
from energy_runner.director.hold import hold_bench
from energy_runner.director.make_safe import make_safe
from energy_runner.director.stop import StopRequest
from energy_runner.director.supply_off import MAY_BE_ON, OFF_S
from energy_runner.errors import Argument, BenchFault, ConfigurationError, Interrupted
from instruments.clock import RealClock
from instruments.errors import InstrumentError
from instruments.roles import Identity

LONGEST_SERVICE_S = 1e8  # three years

__all__ = ["Examination", "examine_bench", "serve", "switch_bench_off"]


def examine_bench(
    bench: BenchSpec | str | Path,
    *,
    listener: Callable[[Examined], None] = lambda step: None,
    keep: str | Path | None = None,
) -> Examination:
    """Examine a bench step by step and switch its supply off; `listener` is called with each finished step.

    The delay of the edges among the samples is written to the file `keep`, which a bench file takes in as
    `edge_delay`; a last step says so, or why there is nothing to keep. Without `keep`, a last step says whether
    the delay that the bench file has taken in fits the instruments that answered. Raises `Interrupted` if the
    user stops it and the supply is confirmed off, `BenchFault` if it is not, or if the bench is in use, and
    `ConfigurationError` if `keep` is a file of another kind or of other instruments, or cannot be written.
    """
    if keep is not None:
        check_writable(Path(keep))
    stop = StopRequest()
    with while_signals_stop(stop):
        spec = bench if isinstance(bench, BenchSpec) else load_bench(bench)
        # A bench that cannot measure energy is examined as for performance.
        mode: Mode = "energy" if "sampler" in roles_of(spec) else "performance"
        built = build_bench(spec, mode, benchmark=any_benchmark(spec))
        with hold_bench(built, "bench doctor") as died:
            examination = examine(built, stop, listener, died)
    if keep is None:
        return check_stated(examination, built)
    return keep_delay(examination, built, Path(keep))  # which is to replace that of the bench file


def switch_bench_off(
    bench: BenchSpec | str | Path, *, say: Callable[[str], object] = lambda text: None
) -> tuple[Identity, str | None]:
    """Switch a bench's supply off: again and again for half a minute, whatever signal comes meanwhile.

    `say` is told first of an earlier run that died, then about every try that failed. Return a pair: the identity
    of the instrument that confirmed it, and what is known of an earlier run that died, or None. Raises
    `ConfigurationError` for a bench without a supply, `BenchFault` if it is in use or the supply may still be on,
    and `Interrupted` if the user asked to stop meanwhile and the supply is confirmed off.
    """
    stop = StopRequest()
    with while_signals_stop(stop):
        spec = bench if isinstance(bench, BenchSpec) else load_bench(bench)
        if "supply" not in roles_of(spec):
            raise ConfigurationError(
                f"bench '{spec.name}' has no [monitor] and no instrument in the role supply: nothing to switch off"
            )
        built = build_bench(spec, "performance", benchmark=any_benchmark(spec))
        doubts: list[str] = []
        with hold_bench(built, "bench off", watched=False, unlocked=doubts.append) as died:
            try:
                identity = make_safe(built, say, died, doubts=doubts)
            except InstrumentError as error:
                stopped = f"{stop.reason}; " if stop.reason is not None else ""
                raise BenchFault(f"{stopped}{MAY_BE_ON}, after {OFF_S:g} s of tries. {error}") from error
        if stop.reason is not None:
            raise Interrupted(f"{stop.reason}; the supply is off (confirmed by {who(identity)})")
        return identity, died


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


def any_benchmark(spec: BenchSpec) -> str:
    """Return a benchmark for a bench on which any will do; an emulated one needs a network that we have."""
    return "demo-keywords" if spec.is_emulated else "kws01"
