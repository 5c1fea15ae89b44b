# SPDX-License-Identifier: Apache-2.0
"""`view`: sessions in a browser."""

import os
import sys
import threading
import webbrowser
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from energy_runner.cli.outcome import say
from energy_runner.errors import BenchFault, ExitStatus

if TYPE_CHECKING:
    from energy_runner.viewer.serve import Server

_BROWSER_S = 2.0  # a run does not wait longer for its browser
_DISPLAYS = ("DISPLAY", "WAYLAND_DISPLAY")


def view_command(paths: Sequence[Path], port: int, certificates: Path | None, *, live: bool, browser: bool) -> int:
    """Serve sessions until Ctrl-C."""
    from energy_runner import api

    with api.view(*paths, port=port, live=live, certificates=certificates) as server:
        try:
            announce(server, browser=browser)
            server.wait()
        except KeyboardInterrupt:
            say("the viewer has ended")
            return ExitStatus.VALID
    raise BenchFault(f"the viewer ended by itself ({server.problem or 'no reason is known'}). Try: again")


def announce(server: "Server", *, browser: bool, ends: str = "Ctrl-C ends the viewer.") -> None:
    """Say where the viewer is, and open it where there is a display to open it on."""
    say(f"Viewer: {server.url}")
    if not browser:
        say(ends)
    elif has_display() and _opened(server.ticket()):
        say(f"It was opened in your browser. {ends}")
    else:
        say(f"There is no display here. On a computer with a browser, type: {_tunnel(server.port)}")
        say(f"and open the address above there. {ends}")


def _opened(address: str) -> bool:
    """Return whether a browser was started, or is starting: one in a terminal lasts until its user ends it."""
    found: list[bool] = []

    def opening() -> None:
        with suppress(Exception):  # whatever a browser does, the viewer and the run go on
            found.append(webbrowser.open(address))

    thread = threading.Thread(target=opening, name="browser", daemon=True)
    thread.start()
    thread.join(_BROWSER_S)
    return found[0] if found else thread.is_alive()


def has_display() -> bool:
    """Return whether this computer has a display on which its user would see a browser window."""
    if sys.platform in ("win32", "darwin"):
        return True
    return any(os.environ.get(name) for name in _DISPLAYS) and "SSH_CONNECTION" not in os.environ


def _tunnel(port: int) -> str:
    """Return the command that makes a port of this computer one of another, with what is known of this one."""
    import getpass
    import platform

    return f"ssh -L {port}:127.0.0.1:{port} {getpass.getuser()}@{platform.node() or 'THIS-COMPUTER'}"
