# SPDX-License-Identifier: Apache-2.0
"""What the worker of a bench tells the process that watches over the night: lines of JSON in a file."""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from instruments.clock import RealClock


class Log:
    """Lines in a file, appended by one process at a time; one that dies may leave a torn line at the end."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def say(self, what: str, **facts: Any) -> None:
        """Append a line."""
        line = (
            json.dumps(
                {"what": what, "at_s": round(RealClock().now_ns() / 1e9, 2), "pid": os.getpid(), **facts},
                default=str,
            )
            + "\n"
        )
        with self._path.open("ab") as file:
            file.write(line.encode())

    def size(self) -> int:
        """Return the size in bytes, by which life is seen."""
        return self._path.stat().st_size if self._path.exists() else 0

    def lines(self) -> Iterator[dict[str, Any]]:
        """Yield what was said."""
        for line in self._path.read_text("utf-8").splitlines() if self._path.exists() else ():
            try:
                yield json.loads(line)
            except ValueError:
                continue
