# SPDX-License-Identifier: Apache-2.0
"""Compare a bench with a known load in the place of the DUT, and calibrate it by one."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from energy_runner.analysis.facts import gather
from energy_runner.analysis.known_load import KnownLoad, Verified, verify
from energy_runner.api.benches import load_bench
from energy_runner.api.runs import while_signals_stop
from energy_runner.bench import Bench, BenchSpec, build_bench
from energy_runner.bench.calibration import check_in_force
from energy_runner.bench.wiring import roles_of
from energy_runner.director.examination import Examined
from energy_runner.director.hold import hold_bench
from energy_runner.director.load_job import SampledLoad, sample_load
from energy_runner.director.recorder import Recorder
from energy_runner.director.stop import StopRequest
from energy_runner.errors import Call, ConfigurationError
from energy_runner.session.folder import CLAIM, JOURNAL, TRACE, create_session
from energy_runner.session.journal import Journal
from energy_runner.session.trace import TraceReader
from energy_runner.version import version
from instruments.clock import RealClock, utc_text

__all__ = ["KnownLoad", "Verification", "verify_bench"]

PARENT = Path("verifications")
FILE = "verification.json"
Listener = Callable[[Examined], None]


@dataclass(frozen=True)
class Verification:
    """A comparison with a known load, and the folder that holds its facts."""

    bench: str
    virtual: bool
    folder: Path
    load: KnownLoad
    result: Verified


def verify_bench(
    bench: BenchSpec | str | Path,
    load: KnownLoad,
    *,
    seconds: float = 5.0,
    seed: int = 0,
    out: str | Path | None = None,
    listener: Listener = lambda step: None,
) -> Verification:
    """Measure a known load in the place of the DUT, and compare; the supply is off at the end of every path.

    The journal, the samples and `verification.json` are in a folder of their own, by default in `verifications/`.
    Raises `ConfigurationError` for what cannot be done, before anything is opened; `Interrupted` if the user stops
    it; `BenchFault` and the instruments' errors; `SessionError` for samples that cannot be compared.
    """
    check_load(load, seconds)
    spec, built = built_with_load(bench, seed)
    check_in_force(spec, built.clock)
    with load_sampled(built, seconds, out, listener, "bench verify") as (sampled, folder):
        with TraceReader(folder / TRACE) as trace:
            facts = gather(Journal(folder / JOURNAL, exchanges=False))
            result = verify(trace, sampled.monitor, load, virtual=sampled.virtual, facts=facts)
        found = Verification(spec.name, sampled.virtual, folder, load, result)
        write_facts(folder / FILE, built, sampled, {"load": asdict(load), "result": _plain(result)})
        return found


def check_load(load: KnownLoad, seconds: float) -> None:
    """Raise `ConfigurationError` for a load that cannot be, or a duration that is too short or too long."""
    wrong = {
        "resistance": not 0 < load.resistance_ohm < 1e9,
        "resistance_u": not 0 <= load.resistance_u_ohm < load.resistance_ohm,
        "voltage": load.voltage_v is not None and not 0 < load.voltage_v < 1e3,
        "voltage_u": not 0 <= load.voltage_u_v < (load.voltage_v or 1e3),
        "pulse and period": (load.pulse_s is None) != (load.period_s is None),
        "pulse": load.pulse_s is not None and not 0 < load.pulse_s < (load.period_s or 0.0),
        "pulse_u": not 0 <= load.pulse_u_s < (load.pulse_s or 1e3),
        "seconds": not 0.2 <= seconds <= 600,
    }
    bad = [name for name, holds in wrong.items() if holds]
    if bad:
        raise ConfigurationError(
            f"{bad[0]}: out of its limits or alone. Try: ",
            Call("help(energy_runner.KnownLoad)", "energy-runner bench verify --help"),
        )


def built_with_load(bench: BenchSpec | str | Path, seed: int) -> tuple[BenchSpec, Bench]:
    """Return a bench and what is built from it; raise `ConfigurationError` if it cannot sample a load."""
    spec = bench if isinstance(bench, BenchSpec) else load_bench(bench)
    if "sampler" not in roles_of(spec):
        raise ConfigurationError(f"bench '{spec.name}' has no sampler, so there is nothing to compare")
    if spec.is_virtual and (spec.virtual is None or spec.virtual.load_ohm is None):
        raise ConfigurationError(
            f"bench '{spec.name}' is virtual and has a DUT in it. Try: [virtual] load_ohm = 100.0, a resistor "
            "in its place"
        )
    return spec, build_bench(spec, "energy", seed=seed)


@contextmanager
def load_sampled(
    built: Bench, seconds: float, out: str | Path | None, listener: Listener, job: str
) -> Iterator[tuple[SampledLoad, Path]]:
    """Lock the bench, sample its load into a folder of its own, and yield what was sampled and the folder."""
    spec = built.spec
    stamp = utc_text(RealClock().utc_ns()).partition(".")[0].replace("-", "").replace(":", "")
    name = f"{stamp}Z-{spec.name}" + ("-virtual" if built.virtual else "")
    stop = StopRequest()
    with while_signals_stop(stop), hold_bench(built, job) as died:
        folder = create_session(PARENT, _as_name(name), Path(out) if out is not None else None)
        try:
            recorder = Recorder(folder, built.clock)
            sampled = sample_load(built, stop, recorder, seconds, listener, died=died)
        finally:
            (folder / CLAIM).unlink(missing_ok=True)
        yield sampled, folder


def write_facts(path: Path, built: Bench, sampled: SampledLoad, more: dict[str, Any]) -> None:
    """Write one JSON document about a known load beside its journal and trace."""
    facts = {
        "software": f"energy-runner {version()}",
        "written_utc": utc_text(built.clock.utc_ns()),
        "virtual": sampled.virtual,
        "bench": built.spec.model_dump(mode="json", exclude_none=True),
        "monitor": sampled.monitor.model_dump(mode="json", exclude={"t_ns"}),
        **more,
    }
    path.write_text(json.dumps(facts, indent=2, ensure_ascii=False) + "\n", "utf-8")


def _plain(result: Verified) -> dict[str, Any]:
    found = asdict(result)
    found["components"] = [row.model_dump(mode="json") for row in result.components]
    return found


def _as_name(text: str) -> str:
    return "".join(character if character.isalnum() or character in "-_." else "-" for character in text)[:100]
