# SPDX-License-Identifier: Apache-2.0
"""`--live`: a run in a browser as it happens, and its session afterwards; or all runs below a folder."""

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from energy_runner.cli.outcome import say
from energy_runner.errors import STOPPED_IN_VIEWER, Argument, ConfigurationError

if TYPE_CHECKING:
    from energy_runner.api.viewing import LiveView
    from energy_runner.director.stop import StopRequest
    from energy_runner.director.subscriber import Listener
    from energy_runner.session.folder import Session


@dataclass(frozen=True)
class Live:
    """What `--live` and its companions ask for."""

    wanted: bool = False
    control: bool = False
    port: int = 0
    browser: bool = True


class Watching:
    """Who looks at a run: nobody, or a browser through `view`."""

    def __init__(self, view: "LiveView | None" = None) -> None:
        self._view = view
        self.listeners: tuple[Listener, ...] = () if view is None else view.listeners
        self.stop: StopRequest | None = None if view is None else view.stop

    def stay(self, session: "Session") -> None:
        """Let the page lead to the session; at a terminal, keep it open until Ctrl-C.

        Whoever stopped the run by Ctrl-C has asked for the end of both.
        """
        if self._view is None:
            return
        self._view.ended(session)
        record = session.record
        asked_to_end = record.outcome == "interrupted" and record.reason != STOPPED_IN_VIEWER
        if asked_to_end or sys.stderr is None or not sys.stderr.isatty():
            return
        with _ctrl_c():
            say("The viewer stays open. Ctrl-C ends it; the run has ended already.")
            self._view.server.wait()


@contextmanager
def _ctrl_c() -> Iterator[None]:
    """Let Ctrl-C end the body: after a job it would do nothing, so that the exit status stays that of the job."""
    before = signal.getsignal(signal.SIGINT)
    try:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        yield
    except KeyboardInterrupt:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        say("the viewer has ended")
    finally:
        signal.signal(signal.SIGINT, before)


@contextmanager
def watched(live: Live, bench: str, mode: str = "energy") -> Iterator[Watching]:
    """Show what runs in the body on a bench, if that was asked for."""
    if not live.wanted:
        _refuse_without(live)
        yield Watching()
        return
    from energy_runner import api
    from energy_runner.cli.view_command import announce

    with api.live_view(bench, mode=mode, port=live.port, control=live.control) as view:
        announce(view.server, browser=live.browser, ends="It shows the run as it happens.")
        yield Watching(view)


@contextmanager
def folder_watched(live: Live, folder: Path) -> Iterator[None]:
    """Show all runs whose sessions go below a folder, whatever program they are of, while the body runs."""
    if not live.wanted:
        _refuse_without(live)
        yield
        return
    from energy_runner import api
    from energy_runner.cli.view_command import announce

    folder.mkdir(parents=True, exist_ok=True)
    with api.view(folder, port=live.port, live=True) as server:
        announce(server, browser=live.browser, ends="It shows the runs as they happen.")
        yield


def _refuse_without(live: Live) -> None:
    """Raise `ConfigurationError` for companions of `--live` without it."""
    if live.control or live.port:
        given = "control" if live.control else "port"
        raise ConfigurationError(
            "a run is shown in a browser only if asked for. Try: ", Argument("live"), f", or no --{given}"
        )
