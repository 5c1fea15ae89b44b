# SPDX-License-Identifier: Apache-2.0
"""The progress of a sweep on stderr: a bar with the time left on a terminal, else a line now and then."""

import sys
from contextlib import suppress
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TextIO

from energy_runner.report.units import plain
from energy_runner.wording import printable

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

_EVERY = 20  # so many lines for the points of a sweep, where no bar can be shown


class SweepProgress:
    """Shows what `resume_sweep` tells; a terminal that fails never disturbs a night."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = sys.stderr if stream is None else stream
        self._bar: Progress | None = None
        self._task: TaskID | None = None
        self._shown = -1

    def __enter__(self) -> Self:
        if self._stream is not None and self._stream.isatty():
            from rich.console import Console
            from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

            self._bar = Progress(
                TextColumn("{task.description}"),
                BarColumn(),
                MofNCompleteColumn(),
                TextColumn("{task.fields[left]}"),
                console=Console(file=self._stream),
                transient=True,
            )
            self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            with suppress(OSError, ValueError):
                self._bar.stop()

    def show(self, status: Any, news: list[str]) -> None:
        """Show the state of a sweep and the new lines of its workers."""
        with suppress(OSError, ValueError):
            for line in news:
                self._line(printable(line.replace(": energy-runner: ", ": ", 1)))  # the bench's name is before it
            done = status.counts["done"] + status.counts["set-aside"]
            if self._bar is not None:
                text = f"{status.name}: {what_runs(status)}"
                left = time_left(status.left_s)
                if self._task is None:
                    self._task = self._bar.add_task(text, total=status.total, left=left)
                self._bar.update(self._task, description=text, completed=done, total=status.total, left=left)
            elif done * _EVERY // max(1, status.total) > self._shown:
                self._shown = done * _EVERY // max(1, status.total)
                self._line(f"{status.name}: {done} of {status.total} points{time_left(status.left_s, ', ')}")

    def _line(self, text: str) -> None:
        if self._bar is not None:
            self._bar.console.print(plain(text), markup=False, highlight=False)
        elif self._stream is not None:
            print(plain(text), file=self._stream, flush=True)


def what_runs(status: Any) -> str:
    """Return which points run where, in a few words."""
    each = [f"{point_name(status, one.number)} on {one.bench}" for one in status.running[:3]]
    more = f" and {len(status.running) - 3} more" if len(status.running) > 3 else ""
    return (", ".join(each) or "no point runs") + more


def point_name(status: Any, number: int) -> str:
    """Return what people call a point: those of the reference have numbers that the plan has not."""
    return "the reference point" if number in status.reference_points else f"point {number}"


def time_left(left_s: float | None, before: str = "") -> str:
    """Return the estimated time left in words; empty while it is not known, or nothing is left."""
    if not left_s:
        return ""
    minutes = round(left_s / 60)
    text = f"{left_s:.0f} s" if left_s < 90 else f"{minutes} min" if minutes < 90 else f"{minutes / 60:.1f} h"
    return f"{before}about {text} left"
