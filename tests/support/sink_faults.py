# SPDX-License-Identifier: Apache-2.0
"""Let one chosen call of what records or watches a run go wrong; the calls of a whole run are counted first."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from unittest.mock import patch

from energy_runner.errors import BenchFault
from energy_runner.session.journal import JournalWriter
from energy_runner.session.stream import StreamWriter
from energy_runner.session.trace import TraceWriter
from instruments.clock import Deadline
from instruments.links.base import Link

# What a full disk gives, what a mistake of ours gives, and what may come out of anywhere.
ERRORS: dict[str, Callable[[], BaseException]] = {
    "full-disk": lambda: BenchFault("injected: no space left. Try: free disk space"),
    "mistake": lambda: ZeroDivisionError("injected"),
    "memory": lambda: MemoryError("injected"),
    "ctrl-c": lambda: KeyboardInterrupt("injected"),
    "exit": lambda: SystemExit("injected"),
    "generator": lambda: GeneratorExit("injected"),
}
SINKS: dict[str, tuple[type, tuple[str, ...]]] = {
    "journal": (JournalWriter, ("write", "sync", "close")),
    "stream": (StreamWriter, ("append", "sync", "close")),
    "trace": (TraceWriter, ("append", "edge", "utc", "flush", "close")),
}


@dataclass
class SinkFaults:
    """Call number `at` (from 0) of a kind of sink raises; `log` names the calls so far.

    `late` says whether the run was in its tear-down by then, by what `in_tear_down` told.
    """

    error: str = ""
    at: int = -1
    log: list[str] = field(default_factory=list)
    raised: BaseException | None = None
    late: bool = False
    in_tear_down: Callable[[], bool] = lambda: False

    def count(self, call: str) -> None:
        """Count a call, and raise if it is the chosen one."""
        self.log.append(call)
        if len(self.log) - 1 == self.at:
            self.late = self.in_tear_down()
            self.raised = ERRORS[self.error]()
            raise self.raised

    def subscriber(self, event: Any) -> None:
        """Be a subscriber whose calls are counted."""
        self.count(event.kind)

    def wrap(self, name: str, link: Link) -> Link:
        """Be a link whose calls are counted; fits `build_bench(wrap=…)`."""
        return _Link(name, link, self)

    @contextmanager
    def in_sink(self, sink: str) -> Iterator[None]:
        """Count the calls of one kind of sink while the body runs. A file is closed before its close fails."""
        kind, names = SINKS[sink]
        with patch.multiple(kind, **{name: self._counted(getattr(kind, name), name) for name in names}):
            yield

    def _counted(self, method: Callable[..., Any], name: str) -> Callable[..., Any]:
        def counted(writer: Any, *given: Any) -> Any:
            if name == "close":
                method(writer, *given)
            self.count(name)
            return None if name == "close" else method(writer, *given)

        return counted


class _Link:
    def __init__(self, name: str, inner: Link, faults: SinkFaults) -> None:
        self.name = inner.name
        self._name = name
        self._inner = inner
        self._faults = faults

    def open(self, deadline: Deadline) -> None:
        self._faults.count(f"{self._name} open")
        self._inner.open(deadline)

    def close(self) -> None:
        self._inner.close()
        self._faults.count(f"{self._name} close")

    def write(self, data: bytes, deadline: Deadline) -> None:
        self._faults.count(f"{self._name} write {data[:24]!r}")
        self._inner.write(data, deadline)

    def read(self, deadline: Deadline, max_bytes: int = 65536) -> bytes:
        self._faults.count(f"{self._name} read")
        return self._inner.read(deadline, max_bytes)
