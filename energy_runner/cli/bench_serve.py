"""`bench serve`: what it prints while it serves."""

from dataclasses import asdict, dataclass
from pathlib import Path

from energy_runner.cli.output import write
from energy_runner.errors import ExitStatus


@dataclass(frozen=True)
class ServeOptions:
    """The options of `bench serve`, as the user gave them."""

    bench: str
    write: Path | None = None
    benchmark: str = "kws01"
    mode: str = "energy"
    model: Path | None = None
    seed: int = 0
    tcp_port: int = 0
    seconds: float | None = None


def serve_command(options: ServeOptions) -> int:
    """Serve until Ctrl-C, or for a given time."""
    from energy_runner.api.serving import Served, serve_bench

    def ready(served: Served) -> None:
        says = f"Serving {options.bench} (virtual, {options.mode} firmware, runs {options.benchmark}).\n"
        says += "".join(f"  {box:<11} {address}\n" for box, address in served.addresses.items())
        says += f"Bench file: {options.write}\n" if options.write is not None else f"\n{served.bench_file}\n"
        write(says + "Ctrl-C ends it.\n")

    serve_bench(**asdict(options), ready=ready)
    return ExitStatus.VALID
