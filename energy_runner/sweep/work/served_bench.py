# SPDX-License-Identifier: Apache-2.0
"""The bench that a worker serves: its name in the sweep, and what nobody else may use meanwhile."""

import hashlib
import os
import platform
import secrets
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock, Timeout
from platformdirs import user_state_path

from energy_runner.bench.lock import resources_of
from energy_runner.bench.spec import BenchSpec
from energy_runner.errors import BenchFault, in_words, remedy

_NETWORK = ("tcp:", "socket:", "TCPIP", "rfc2217:")


@dataclass(frozen=True)
class ServedBench:
    """A bench by its name in the sweep and by what `load_bench` takes; `instruments` are the seats it needs.

    An instrument on the network is the same for all computers, any other only on this one.
    """

    name: str
    source: str
    virtual: bool
    instruments: tuple[str, ...]

    @property
    def is_shared(self) -> bool:
        """Return whether other computers reach one of its instruments, where no lock of ours keeps them off."""
        return any(one.startswith(_NETWORK) for one in self.instruments)


def served_bench(name: str, source: str, spec: BenchSpec) -> ServedBench:
    """Return how a sweep sees the bench `spec`; twins are each worker's own, and are told apart by their name."""
    if spec.is_virtual:
        return ServedBench(name, source, True, (f"{platform.node()}/virtual:{name}",))
    resources = sorted({str(one) for one in resources_of(spec).values()})
    instruments = [one if one.startswith(_NETWORK) else f"{platform.node()}/{one}" for one in resources]
    return ServedBench(name, source, False, tuple(instruments))


def worker_name() -> str:
    """Return a new name for a worker in this process, `HOST:PID-DIGITS`.

    The digits are drawn at random: after a reboot another worker may well have the same process number.
    """
    return f"{platform.node()}:{os.getpid()}-{secrets.token_hex(3)}"


def process_of(worker: str) -> int | None:
    """Return the process number in a worker's name, whatever computer that is of; None if there is none."""
    number = worker.rpartition(":")[2].partition("-")[0]
    return int(number) if number.isdecimal() else None


def is_of_process(worker: str, pid: int) -> bool:
    """Return whether a worker is, or was, the process `pid` of this computer."""
    return worker.rpartition("-")[0] == f"{platform.node()}:{pid}"


def has_died(worker: str) -> bool:
    """Return whether a worker is known to be gone: it was of this computer, which has no such process now.

    False says nothing: another process may have its number.
    """
    number = process_of(worker)
    # On Windows the question would send the process a Ctrl-C.
    if number is None or not is_of_process(worker, number) or os.name != "posix":
        return False
    try:
        os.kill(number, 0)
    except ProcessLookupError:
        return True
    except (OSError, OverflowError):
        return False
    return _has_ended(number)


def _has_ended(number: int) -> bool:
    """Return whether a process has ended and only waits for its parent to ask how, which some never do."""
    try:
        status = Path(f"/proc/{number}/stat").read_bytes()
    except OSError:
        return False  # not Linux, or gone since
    return status.rpartition(b")")[2].split()[:1] in ([b"Z"], [b"X"])


@contextmanager
def os_locks(bench: ServedBench, catalogue: str) -> Iterator[bool]:
    """Hold a lock of the operating system for each instrument while the body runs; it dies with this process.

    Yield False if another process of this computer holds one of them. Twins are locked within a catalogue only.
    Raises `BenchFault` if nothing can be locked.
    """
    with ExitStack() as held:
        yield _locked(bench, catalogue, held)


def _locked(bench: ServedBench, catalogue: str, held: ExitStack) -> bool:
    """Lock a bench until `held` is closed; return False, with nothing locked, if another process holds it."""
    try:
        folder = user_state_path("energy-runner") / "sweep"
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for one in sorted(bench.instruments):
            key = f"{one}@{catalogue}" if bench.virtual else one
            lock = FileLock(folder / f"{hashlib.sha256(key.encode()).hexdigest()[:16]}.lock")
            try:
                lock.acquire(timeout=0)
            except Timeout:
                held.close()
                return False
            held.callback(lock.release)
    except (OSError, NotImplementedError) as error:
        why = f"{in_words(error)}){remedy(error)}"
        raise BenchFault(f"bench '{bench.name}' cannot be locked ({why}") from error
    return True
