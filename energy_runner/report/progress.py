# SPDX-License-Identifier: Apache-2.0
"""A progress bar for a run, on stderr. A failing terminal never disturbs the run."""

import sys
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TextIO

from energy_runner.report.units import plain

if TYPE_CHECKING:
    from rich.progress import Progress, Task, TaskID

REFRESH_S = 0.1


class ProgressBar:
    """Show phase, bar and time left where `stream` (by default stderr) is a terminal; else one line per phase.

    The time left is estimated from the progress so far, so it also holds for a virtual bench, whose time runs
    faster than the host's. Nothing more is written after the first failed write.
    """

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = sys.stderr if stream is None else stream
        self._broken = self._stream is None
        self._bar: Progress | None = None
        self._task: TaskID | None = None
        self._shown_s = float("-inf")
        self._text = ""

    def __enter__(self) -> Self:
        self._safely(self._begin)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        bar, self._bar = self._bar, None
        if bar is not None:
            self._safely(bar.stop)

    def __call__(self, event: Any) -> None:
        """Take anything that a run sends to its subscribers."""
        if getattr(event, "kind", "") == "progress":
            self.progress(event.done_s, event.total_s, event.text)
        else:
            self.event(event)

    def event(self, event: Any) -> None:
        """Take an event of the run; shown are the beginnings of phases, and what is said about the supply."""
        kind = getattr(event, "kind", "")
        if kind == "remark" and event.box == "supply":
            self._safely(lambda: self._line(self._printable(event.text)))
        if kind != "phase":
            return
        text = self._printable(f"{event.name} {event.detail}".strip())
        if text != self._text:
            self._text = text
            self._safely(self._phase)

    def progress(self, done_s: float, total_s: float, text: str) -> None:
        """Show how far the run is, in seconds of the bench's clock; the total is unknown unless above `done_s`."""
        self._text = self._printable(text)
        self._safely(lambda: self._advance(done_s, total_s))

    def line(self, text: str) -> None:
        """Write one line beside the bar, or in its place where there is none."""
        self._safely(lambda: self._line(self._printable(text)))

    def _begin(self) -> None:
        if self._stream.isatty():
            self._bar, self._task = _start_bar(self._stream)

    def _line(self, text: str) -> None:
        if self._bar is None:
            self._stream.write(f"{text}\n")
            self._stream.flush()
        else:
            self._bar.console.print(text, markup=False, highlight=False)

    def _phase(self) -> None:
        if self._bar is None:
            self._line(self._text)
        elif self._task is not None:
            self._bar.update(self._task, description=self._text)
            self._bar.refresh()

    def _advance(self, done_s: float, total_s: float) -> None:
        if self._bar is None or self._task is None:
            return
        now_s = self._bar.get_time()
        if now_s - self._shown_s < REFRESH_S:
            return
        self._shown_s = now_s
        total = total_s if total_s > done_s else None
        self._bar.update(self._task, description=self._text, completed=done_s, total=total)
        self._bar.refresh()

    def _printable(self, text: str) -> str:
        encoding = getattr(self._stream, "encoding", None) or "utf-8"
        return plain(text).encode(encoding, "backslashreplace").decode(encoding)

    def _safely(self, act: Any) -> None:
        if self._broken:
            return
        try:
            act()
        except (OSError, ValueError):  # a terminal that is gone; ValueError is a closed stream
            self._broken = True


def _start_bar(stream: TextIO) -> tuple["Progress", "TaskID"]:
    from rich.progress import (
        BarColumn,
        Progress,
        SpinnerColumn,
        TaskProgressColumn,
        TextColumn,
        TimeRemainingColumn,
    )
    from rich.text import Text

    from energy_runner.report.console import console

    class Left(TimeRemainingColumn):
        def render(self, task: "Task") -> Text:
            return Text(
                f"{super().render(task)} left" if task.time_remaining is not None else "", "progress.remaining"
            )

    bar = Progress(
        SpinnerColumn("line"),
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=None),
        TaskProgressColumn(),
        Left(),
        console=console(stream),
        transient=True,
        auto_refresh=False,  # no thread of its own: it is redrawn when the run reports progress
        redirect_stdout=False,
        redirect_stderr=False,
        expand=True,
    )
    task = bar.add_task("start", total=None)
    bar.start()
    return bar, task
