# SPDX-License-Identifier: Apache-2.0
"""Sessions and running measurements in a browser."""

from collections.abc import Callable, Sequence
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Self

from energy_runner.api.benches import load_bench
from energy_runner.bench import BenchSpec
from energy_runner.director.stop import StopRequest
from energy_runner.director.subscriber import Listener
from energy_runner.errors import ConfigurationError
from energy_runner.session.folder import Session

if TYPE_CHECKING:
    from energy_runner.viewer.serve import Server
    from energy_runner.viewer.site import Feeds

__all__ = ["LiveView", "live_view", "view"]

SESSIONS = Path("sessions")


def view(
    *paths: str | PathLike[str],
    port: int = 0,
    live: bool = False,
    certificates: str | PathLike[str] | None = None,
) -> "Server":
    """Serve sessions to a browser on this computer, and return the server: `url`, `wait()`, `close()`.

    Each of `paths` is a session, or a folder of sessions or of a sweep; without any it is `sessions/`. With `live`
    the runs that happen in these folders are followed. `port` 0 is any that is free. `certificates` is the folder
    in which the certificates of sessions are looked for, by default those called so beside the sessions. Nothing
    of a session is changed, and nobody can look who does not have the address, which holds a secret. Works as a
    context manager, too. Raises `ConfigurationError` for a path that is not there, a port that is in use, and
    without the extra `viewer`.
    """
    folders = [Path(path) for path in paths] or [SESSIONS]
    return served(folders, port, _followed(folders) if live else None, certificates=certificates)


class LiveView:
    """A run shown in a browser as it happens: give `listeners` and `stop` to `measure`, or to `demo`.

    `server` has the address. Works as a context manager.
    """

    def __init__(self, bench: BenchSpec | None, mode: str, *, port: int = 0, control: bool = False) -> None:
        from energy_runner.viewer.live.feed import LiveFeed

        self._feed = LiveFeed(bench=bench, mode=mode)
        self.listeners: tuple[Listener, ...] = (self._feed,)
        self.stop = StopRequest()
        self.server = served([], port, self._feed, self.stop.ask if control else None)

    def ended(self, session: Session) -> None:
        """Let the page lead to the session of the run, which has ended."""
        self._feed.ended(self.server.site.add(session.path))

    def close(self) -> None:
        """End the server; safe to call twice."""
        self.server.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def live_view(
    bench: BenchSpec | str | PathLike[str] | None = None,
    *,
    mode: str = "energy",
    port: int = 0,
    control: bool = False,
) -> LiveView:
    """Serve a page that shows the next run of this program; with `control` it can stop the run, asked twice.

    `bench` and `mode` are those of the run, so that the page knows which box plays which role. The page never
    holds the run up: what it does not take in time is dropped for it, and counted. Raises `ConfigurationError` for
    a port that is in use, and without the extra `viewer`.
    """
    spec = load_bench(Path(bench)) if isinstance(bench, str | PathLike) else bench
    return LiveView(spec, mode, port=port, control=control)


def served(
    folders: Sequence[Path],
    port: int,
    feeds: "Feeds | None",
    stop: Callable[[str], None] | None = None,
    certificates: str | PathLike[str] | None = None,
) -> "Server":
    """Serve these folders, with runs to follow and what stops them."""
    from energy_runner.viewer.serve import Server
    from energy_runner.viewer.site import Site

    if not 0 <= port < 1 << 16:
        raise ConfigurationError(f"port {port} is none. Try: 0 to 65535")
    held = Path(certificates) if certificates is not None else None
    return Server(Site(folders, feeds=feeds, stop=stop, certificates=held), port=port)


def _followed(folders: Sequence[Path]) -> "Feeds":
    from energy_runner.viewer.found import key_of
    from energy_runner.viewer.live.folder_feeds import FolderFeeds

    return FolderFeeds(folders, key_of)
