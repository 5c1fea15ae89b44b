# SPDX-License-Identifier: Apache-2.0
"""Trust in a bench: measure its reference again and again, see whether it changed, and say that it may be used."""

import getpass
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Literal

from energy_runner.api.benches import load_bench
from energy_runner.api.runs import measure
from energy_runner.bench.load import built_in_names
from energy_runner.director.subscriber import Listener
from energy_runner.errors import Argument, BenchFault, Call, ConfigurationError, Interrupted
from energy_runner.session.folder import Session
from energy_runner.session.record import SweepFacts
from energy_runner.sweep.trust.decisions import read_decisions, write_decision
from energy_runner.sweep.trust.points import Decision
from energy_runner.sweep.trust.read import folders_of, found_references
from energy_runner.sweep.trust.state import BenchTrust, bench_state
from energy_runner.sweep.work.served_bench import worker_name
from energy_runner.version import version
from instruments.clock import NS_PER_S, Clock, RealClock, utc_text

__all__ = ["BenchTrust", "BenchWatch", "chart_bench", "trust_bench", "trust_in_bench", "watch_bench"]

FOLDER = Path("sweeps")
WATCH = "watch"
MOST_MEASUREMENTS = 10_000
MOST_HOURS = 168.0
_TURN_S = 0.5  # a wait is cut into turns, so that Ctrl-C is heeded at once


@dataclass(frozen=True)
class BenchWatch:
    """What is known of a bench: its name, its state with the charts, and what could not be read, in lines."""

    bench: str
    trust: BenchTrust
    problems: tuple[str, ...] = ()


def trust_in_bench(
    bench: str | Path, *, sessions: str | PathLike[str] = FOLDER, now_utc_s: float | None = None
) -> BenchWatch:
    """Return the state of a bench by the sessions and decisions in a folder of sweeps.

    `bench` is a built-in bench, a bench file, or the name that a sweep calls it by. `now_utc_s` is the time of day
    (s since 1970), by default this computer's: a reference that is two weeks old counts no more. Raises
    `ConfigurationError` for a bench file with a mistake.
    """
    name, folder = _name(bench), Path(sessions)
    found = found_references(folder, name)
    decisions, problems = read_decisions(folders_of(folder), name)
    now = RealClock().utc_ns() / NS_PER_S if now_utc_s is None else now_utc_s
    return BenchWatch(name, bench_state(found.points, decisions, now_utc_s=now), (*found.problems, *problems))


def trust_bench(
    bench: str | Path,
    reason: str,
    *,
    baseline: Literal["kept", "new"] = "kept",
    sessions: str | PathLike[str] = FOLDER,
    who: str = "",
) -> BenchWatch:
    """Record that a bench may be used again, and return its state; nothing is measured.

    With the baseline "kept", its nights are compared with the same as before: right where the cause was found and
    removed, and a shift that is still there is found again. "new" takes the change for granted: right where the
    monitor was calibrated or the reference replaced; the bench is not watched until it has a baseline again. `who`
    is by default the user's name. Raises `ConfigurationError` for a bench that has no reference points in the
    folder, or an empty reason, and `BenchFault` if the disk refuses.
    """
    name, folder = _name(bench), Path(sessions)
    if baseline not in {"kept", "new"}:
        raise ConfigurationError(Argument("baseline", str(baseline)[:40]), ": must be kept or new")
    if not trust_in_bench(name, sessions=folder).trust.series:
        raise ConfigurationError(
            f"{folder}: holds no reference points of bench '{name}', so there is nothing to decide. Try: ",
            Call(f"er.watch_bench({str(bench)!r})", f"energy-runner bench watch {bench}"),
            ", or another folder with ",
            Argument("sessions", "DIR"),
        )
    now_s = RealClock().utc_ns() / NS_PER_S
    decision = Decision(name, now_s, who or _user(), reason, baseline)
    write_decision(folder, decision, f"energy-runner {version()}")
    return trust_in_bench(name, sessions=folder)


def watch_bench(
    bench: str | Path,
    benchmark: str = "demo-keywords",
    *,
    count: int = 1,
    every_h: float = 0.0,
    sessions: str | PathLike[str] = FOLDER,
    out: str | PathLike[str] | None = None,
    stimuli: str | Path | None = None,
    seed: int = 0,
    listeners: Sequence[Listener] = (),
    measured: Callable[[Session, BenchWatch], object] = lambda _session, _watch: None,
    clock: Clock | None = None,
) -> BenchWatch:
    """Measure a bench's reference `count` times, one every `every_h` hours, and return the state of the bench.

    The DUT on the bench has to be the golden one. Each measurement is a session in `out`, which is the folder of
    the sweeps, `sessions`, or one in it, by default `watch`; after each one `measured` is called with it. On a
    virtual bench each has other noise, as on another day. A bench that is out of control is measured all the same.

    Raises `ConfigurationError` for what cannot be measured, `BenchFault` if a session ends as one, and
    `Interrupted` if the user stops it; the supply is off then.
    """
    if not 1 <= count <= MOST_MEASUREMENTS:
        raise ConfigurationError(Argument("count", str(count)), f": must be from 1 to {MOST_MEASUREMENTS}")
    if not 0 <= every_h <= MOST_HOURS:
        raise ConfigurationError(Argument("every", f"{every_h:g}"), f": must be from 0 to {MOST_HOURS:g} hours")
    clock, name, folder = clock or RealClock(), _name(bench), Path(sessions)
    virtual = load_bench(bench).is_virtual
    into = Path(out) if out is not None else folder / WATCH
    if folder.resolve() not in {into.resolve(), into.resolve().parent}:
        raise ConfigurationError(
            f"{into}: is not in {folder}, where the bench's state is read from. Try: ",
            Argument("out", str(folder / WATCH)),
            ", or another ",
            Argument("sessions", "DIR"),
        )
    watch = trust_in_bench(name, sessions=folder)
    begun_ns = clock.now_ns()
    for number in range(1, count + 1):
        _wait_until(clock, begun_ns + round((number - 1) * every_h * 3600 * NS_PER_S))
        before = sum(len(series.points) for series in watch.trust.series)
        utc_ns = RealClock().utc_ns()
        session = measure(
            benchmark,
            bench,
            changes={"virtual.repeat": before + 1} if virtual else None,
            out=into / _session_name(utc_ns, benchmark, virtual=virtual),
            stimuli=stimuli,
            seed=seed,
            listeners=listeners,
            report=False,
            sweep=SweepFacts(
                sweep=WATCH,
                plan="",
                point=number,
                kind="reference",
                order=number,
                epoch=0,
                values={},
                bench=name,
                worker=worker_name(),
                started_utc=utc_text(utc_ns),
                bench_trust=watch.trust.state,
            ),
        )
        watch = trust_in_bench(name, sessions=folder)
        measured(session, watch)
        _check_end(session)
    return watch


def chart_bench(
    bench: str | Path, out: str | PathLike[str], *, sessions: str | PathLike[str] = FOLDER
) -> BenchWatch:
    """Draw the control chart of a bench into the file `out`, and return the state of the bench.

    The name's ending says as what: `.html` (a page that opens offline), `.svg`, `.pdf` or `.png`. Temperature,
    supply and warm-up are drawn below it as far as they are known. Raises `ConfigurationError` for another ending
    or a bench without reference points, and `BenchFault` if the file cannot be written.
    """
    from energy_runner.sweep.trust.write import write_chart

    watch = trust_in_bench(bench, sessions=sessions)
    if not watch.trust.series:
        raise ConfigurationError(
            f"{Path(sessions)}: holds no reference points of bench '{watch.bench}', so there is nothing to draw. "
            "Try: ",
            Call(f"er.watch_bench({str(bench)!r})", f"energy-runner bench watch {bench}"),
        )
    write_chart(watch.bench, watch.trust, Path(out))
    return watch


def _name(bench: str | Path) -> str:
    """Return what a bench is called in a sweep; a name that is no file is one already."""
    given = str(bench)
    if given in built_in_names() or Path(given).suffix == ".toml" or Path(given).is_file():
        return load_bench(given).name
    return given


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        return "unknown"


def _session_name(utc_ns: int, benchmark: str, *, virtual: bool) -> str:
    compact = utc_text(utc_ns).partition(".")[0].replace("-", "").replace(":", "")
    return f"{compact}Z-{benchmark}-{secrets.token_hex(2)}{'-virtual' if virtual else ''}"


def _wait_until(clock: Clock, at_ns: int) -> None:
    while (left_s := (at_ns - clock.now_ns()) / NS_PER_S) > 0:
        clock.sleep(min(_TURN_S, left_s))


def _check_end(session: Session) -> None:
    record = session.record
    if record.outcome == "completed":
        return
    words = f"{record.reason or record.outcome}. What was recorded is in {session.path}"
    if record.outcome == "interrupted":
        raise Interrupted(words)
    raise BenchFault(words)
