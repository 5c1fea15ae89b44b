# SPDX-License-Identifier: Apache-2.0
"""The bench that a worker serves: its name in the sweep, and what nobody else may use meanwhile."""

import hashlib
import os
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

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
        return ServedBench(name, source, True, (f"{socket.gethostname()}/virtual:{name}",))
    resources = sorted({str(one) for one in resources_of(spec).values()})
    instruments = [one if one.startswith(_NETWORK) else f"{socket.gethostname()}/{one}" for one in resources]
    return ServedBench(name, source, False, tuple(instruments))


def worker_name() -> str:
    """Return the name of this process as a worker, `HOST:PID`."""
    return f"{socket.gethostname()}:{os.getpid()}"


@contextmanager
def os_locks(bench: ServedBench, catalogue: str) -> Iterator[bool]:
    """Hold a lock of the operating system for each instrument while the body runs; it dies with this process.

    Yield False if another process of this computer holds one of them. Twins are locked within a catalogue only.
    """
    with ExitStack() as held:
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
                    break
                held.callback(lock.release)
            else:
                yield True
                return
        except (OSError, NotImplementedError) as error:
            why = f"{in_words(error)}){remedy(error)}"
            raise BenchFault(f"bench '{bench.name}' cannot be locked ({why}") from error
        yield False
