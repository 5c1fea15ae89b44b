"""Only one run at a time on a bench, and a run that died is noticed by the next one.

A lock file that the operating system releases when the process dies says that the bench is in use. Beside it
stands a note with the session of the current run; finding the note while nobody holds the lock means that
the run in it never came to its tear-down.
"""

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout
from platformdirs import user_state_path

from energy_runner.bench.spec import BenchSpec
from energy_runner.errors import BenchFault


def _paths(spec: BenchSpec) -> tuple[Path, Path]:
    ports = "\n".join(sorted(spec.ports()))
    name = hashlib.sha256(ports.encode()).hexdigest()[:16]
    folder = user_state_path("energy-runner", ensure_exists=True) / "benches"
    folder.mkdir(exist_ok=True)
    return folder / f"{name}.lock", folder / f"{name}.json"


@contextmanager
def claim_bench(spec: BenchSpec, doing: str) -> Iterator[str | None]:
    """Hold the bench while the body runs; yield what the last run was doing if it died, else None.

    Raises `BenchFault` if another process holds it. Twins in this process need no claim.
    """
    if spec.is_virtual:
        yield None
        return
    lock_path, note_path = _paths(spec)
    try:
        with FileLock(lock_path, timeout=0):
            died = _read(note_path)
            note_path.write_text(json.dumps({"doing": doing}), "utf-8")
            try:
                yield died
            finally:
                note_path.unlink(missing_ok=True)
    except Timeout as error:
        raise BenchFault(
            f"bench '{spec.name}' is in use: {_read(note_path) or 'another process holds it'}; "
            f"wait for it to end, or stop it"
        ) from error


def _read(note_path: Path) -> str | None:
    try:
        return str(json.loads(note_path.read_text("utf-8"))["doing"])
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError):
        return "an earlier run whose note cannot be read"
