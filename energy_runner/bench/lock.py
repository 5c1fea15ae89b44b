# SPDX-License-Identifier: Apache-2.0
"""Allow only one run at a time on an instrument, and let the next run notice one that died.

Each device, and each channel of a mainframe, has a lock file, which the operating system releases when the process
dies. Channels of one device can be held by several benches; who needs the whole device finds all of them free.
Since a lock file is held by one, a bench looks and takes while it holds the gate, a lock that all benches share.

A note next to each lock file says what the device is used for; a note that is found while the lock is free means
that the run it names never reached its tear-down.
"""

import hashlib
import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from filelock import FileLock, Timeout
from platformdirs import user_state_path

from energy_runner.bench.occupied import Occupied, occupied_by
from energy_runner.bench.spec import BenchSpec
from energy_runner.bench.wiring import instruments_of
from energy_runner.errors import BenchFault

_GATE_S = 10.0  # it is held for some milliseconds


def resources_of(spec: BenchSpec) -> dict[str, Occupied]:
    """Return what must be locked for each instrument of a bench, by the instrument's name."""
    return {name: occupied_by(instrument) for name, instrument in instruments_of(spec).items()}


@contextmanager
def lock_bench(spec: BenchSpec, doing: str) -> Iterator[str | None]:
    """Hold every instrument while the body runs; yield what an earlier run was doing if it died, else None.

    Raises `BenchFault` if another run holds one of them. Twins in this process need no lock.
    """
    if spec.is_virtual:
        yield None
        return
    occupied = sorted(set(resources_of(spec).values()))
    folder = user_state_path("energy-runner", ensure_exists=True) / "instruments"
    folder.mkdir(exist_ok=True)
    with ExitStack() as held:
        with _gate(folder, spec):
            for one in occupied:
                _take(folder, one, spec, held)
            found = [note for one in occupied for note in _overlapping(folder, one, "json")]
            died = next((text for note in found if (text := _read(note)) is not None), None)
            own = [_file(folder, one, "json") for one in occupied]
            for note in own:
                held.callback(note.unlink, missing_ok=True)
                note.write_text(json.dumps({"doing": doing}), "utf-8")
            for note in set(found) - set(own):
                note.unlink(missing_ok=True)
        yield died


@contextmanager
def _gate(folder: Path, spec: BenchSpec) -> Iterator[None]:
    gate = FileLock(folder / "gate.lock", timeout=_GATE_S)
    try:
        gate.acquire()
    except Timeout:
        raise BenchFault(
            f"bench '{spec.name}' cannot be locked: {gate.lock_file} has been held for {_GATE_S:g} s. "
            "Try: end the program that holds it"
        ) from None
    try:
        yield
    finally:
        gate.release()


def _take(folder: Path, wanted: Occupied, spec: BenchSpec, held: ExitStack) -> None:
    """Hold the lock of `wanted`; raise `BenchFault` if it, or one that overlaps it, is held by another."""
    own = _file(folder, wanted, "lock")
    others = [lock for lock in _overlapping(folder, wanted, "lock") if lock != own]
    for path in (own, *others):
        lock = FileLock(path)
        try:
            lock.acquire(timeout=0)
        except Timeout:
            doing = _read(path.with_suffix(".json")) or "another process holds it"
            raise BenchFault(f"bench '{spec.name}' is in use: {doing}; wait for it to end, or stop it") from None
        if path == own:
            held.callback(lock.release)
        else:
            lock.release()  # it was free, and the gate keeps everybody else from taking it


def _overlapping(folder: Path, wanted: Occupied, suffix: str) -> list[Path]:
    """Return the existing files of what overlaps: for a channel the whole device, for that all its channels."""
    whole = Occupied(wanted.resource)
    if wanted != whole:
        return [path for one in (whole, wanted) if (path := _file(folder, one, suffix)).exists()]
    return sorted(folder.glob(f"{_hash(wanted.resource)}*.{suffix}"))


def _file(folder: Path, one: Occupied, suffix: str) -> Path:
    channel = f"-{_hash(one.channel)}" if one.channel else ""
    return folder / f"{_hash(one.resource)}{channel}.{suffix}"


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _read(note_path: Path) -> str | None:
    try:
        return str(json.loads(note_path.read_text("utf-8"))["doing"])
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError):
        return "an earlier run whose note cannot be read"
