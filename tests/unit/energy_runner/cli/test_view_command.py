# SPDX-License-Identifier: Apache-2.0
"""`view` at its edges: browsers that do not return, a server that ends, Ctrl-C while the browser starts."""

import threading
from pathlib import Path
from types import SimpleNamespace

import pytest

from energy_runner import api
from energy_runner.cli import view_command as module
from energy_runner.errors import BenchFault, ExitStatus

SERVER = SimpleNamespace(url="http://127.0.0.1:1/secret/", port=1, ticket=lambda: "http://127.0.0.1:1/open/once")


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Let there be a display, and keep what a browser is given."""
    given: list[str] = []
    monkeypatch.setattr(module, "has_display", lambda: True)
    monkeypatch.setattr(module.webbrowser, "open", lambda address: given.append(address) or True)
    return given


def test_the_secret_is_not_on_the_command_line_of_a_browser(opened: list[str], capsys) -> None:
    module.announce(SERVER, browser=True)
    assert opened == ["http://127.0.0.1:1/open/once"]
    assert "opened in your browser" in capsys.readouterr().err


def test_a_browser_that_does_not_return_holds_nothing_up(opened, monkeypatch, capsys) -> None:
    over = threading.Event()
    monkeypatch.setattr(module, "_BROWSER_S", 0.01)
    monkeypatch.setattr(module.webbrowser, "open", lambda address: over.wait(30))
    module.announce(SERVER, browser=True)
    assert not over.is_set()
    over.set()
    for thread in threading.enumerate():
        if thread.name == "browser":
            thread.join(30)
    assert "opened in your browser" in capsys.readouterr().err


def test_a_browser_that_fails_is_none(opened, monkeypatch, capsys) -> None:
    def fails(address: str) -> bool:
        raise OSError("no such program")

    monkeypatch.setattr(module.webbrowser, "open", fails)
    module.announce(SERVER, browser=True)
    assert "There is no display here" in capsys.readouterr().err


def _views(monkeypatch: pytest.MonkeyPatch, folder: Path, wait) -> None:
    server = api.view(folder)
    monkeypatch.setattr(server, "wait", lambda: wait(server))
    monkeypatch.setattr(api, "view", lambda *_, **__: server)


def test_a_viewer_that_ends_by_itself_is_no_success(monkeypatch, tmp_path) -> None:
    def dies(server) -> None:
        server._server.should_exit = True
        server._over.wait(10)

    _views(monkeypatch, tmp_path, dies)
    with pytest.raises(BenchFault, match=r"ended by itself \(it stopped serving\). Try: again"):
        module.view_command([tmp_path], 0, None, live=False, browser=False)


def test_ctrl_c_while_the_browser_starts_ends_it_like_any_other(opened, monkeypatch, tmp_path) -> None:
    def interrupted(address: str) -> bool:
        raise KeyboardInterrupt

    monkeypatch.setattr(module, "_opened", interrupted)
    assert module.view_command([tmp_path], 0, None, live=False, browser=True) == ExitStatus.VALID
