# SPDX-License-Identifier: Apache-2.0
"""A file of the session that cannot be written, once or from then on."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any
from unittest.mock import patch

from energy_runner.errors import BenchFault
from tests.support.sink_faults import SINKS


class FailingSink:
    """Call number `at` (from 0) of a kind of sink fails, with `lasting` all that follow too; `calls` counts."""

    def __init__(self, sink: str, at: int, *, lasting: bool = False) -> None:
        self.calls = 0
        self._sink = sink
        self._at = at
        self._lasting = lasting

    def installed(self) -> AbstractContextManager[None]:
        """Let the calls of the sink be counted, and fail, while the body runs."""
        return self._installed()

    @contextmanager
    def _installed(self) -> Iterator[None]:
        kind, names = SINKS[self._sink]
        with patch.multiple(kind, **{name: self._counted(getattr(kind, name), name) for name in names}):
            yield

    def _counted(self, method: Callable[..., Any], name: str) -> Callable[..., Any]:
        def counted(writer: Any, *given: Any) -> Any:
            if name == "close":  # it is closed in any case
                method(writer, *given)
            number, self.calls = self.calls, self.calls + 1
            if number == self._at or (self._lasting and number > self._at >= 0):
                raise BenchFault("injected: no space left. Try: free disk space")
            return None if name == "close" else method(writer, *given)

        return counted
