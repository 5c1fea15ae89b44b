# SPDX-License-Identifier: Apache-2.0
"""A progress bar for a run, on stderr. It watches, and whatever happens to the terminal never harms the run."""

import sys
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TextIO

from energy_runner.report.units import plain

if TYPE_CHECKING:
    from rich.progress import Progress, Task, TaskID

REFRESH_S = 0.1


class ProgressBar:
    """Show phase, bar and time left where `stream` (by default stderr) is a terminal; else one line a phase.

    The time left is estimated from how fast the run gets on, so it holds for a virtual bench too, whose
    seconds are shorter than ours. After the first write that fails nothing more is written.
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
        """See anything that a run lets its subscribers see."""
        if getattr(event, "kind", "") == "progress":
            self.progress(event.done_s, event.total_s, event.text)
        else:
            self.event(event)

    def event(self, event: Any) -> None:
        """See an event of the run; only the beginnings of phases matter here."""
        if getattr(event, "kind", "") != "phase":
            return
        text = self._sayable(f"{event.name} {event.detail}".strip())
        if text != self._text:
            self._text = text
            self._safely(self._phase)

    def progress(self, done_s: float, total_s: float, text: str) -> None:
        """See how far the run is, in seconds of the bench's clock; a total not above `done_s` is not known yet."""
        self._text = self._sayable(text)
        self._safely(lambda: self._advance(done_s, total_s))

    def _begin(self) -> None:
        if self._stream.isatty():
            self._bar, self._task = _start_bar(self._stream)

    def _phase(self) -> None:
        if self._bar is None:
            self._stream.write(f"{self._text}\n")
            self._stream.flush()
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

    def _sayable(self, text: str) -> str:
        encoding = getattr(self._stream, "encoding", None) or "utf-8"
        return plain(text).encode(encoding, "backslashreplace").decode(encoding)

    def _safely(self, act: Any) -> None:
        if self._broken:
            return
        try:
            act()
        except (OSError, ValueError):  # a terminal that went away; ValueError is a stream that was closed
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
        auto_refresh=False,  # no thread of its own: the run itself says when there is news
        redirect_stdout=False,
        redirect_stderr=False,
        expand=True,
    )
    task = bar.add_task("start", total=None)
    bar.start()
    return bar, task
