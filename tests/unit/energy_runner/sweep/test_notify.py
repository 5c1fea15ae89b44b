# SPDX-License-Identifier: Apache-2.0
"""Notifications through a server of the test on 127.0.0.1: none harms a sweep, and no secret is printed."""

import json
import logging
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from energy_runner.errors import ConfigurationError
from energy_runner.sweep.notify import LONGEST_BODY, LONGEST_TITLE, Notifier
from instruments.clock import RealClock

pytest.importorskip("apprise")
SECRET = "hunter2"  # noqa: S105 - of no account
PATIENCE_S = 30.0


class Server:
    """Answers `/good` with 200 and `/bad` with 500, and `/hangs` only when it is let go."""

    def __init__(self) -> None:
        self.heard: list[dict[str, Any]] = []
        self.let_go = threading.Event()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if "/hangs" in self.path:
                    outer.let_go.wait(PATIENCE_S)
                outer.heard.append(json.loads(body))
                self.send_response(500 if "/bad" in self.path else 200)
                self.end_headers()

            def log_message(self, format: str, *arguments: object) -> None:
                pass

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._http.daemon_threads = False
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.02,), name="server")
        self._thread.start()

    def url(self, path: str) -> str:
        return f"json://user:{SECRET}@127.0.0.1:{self._http.server_port}/{path}/{SECRET}"

    def end(self) -> None:
        self.let_go.set()
        for thread in threading.enumerate():
            if thread.name.startswith("notification"):
                thread.join(PATIENCE_S)
        self._http.shutdown()
        self._http.server_close()
        self._thread.join(PATIENCE_S)


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server()
    yield server
    server.end()


def test_every_service_is_told(server: Server) -> None:
    notifier = Notifier([server.url("good/1"), server.url("good/2")])
    assert notifier.tell("Night 12", "all done\n40 of 40", "end") == []
    assert [(said["title"], said["message"], said["type"]) for said in server.heard] == [
        ("Night 12", "all done\n40 of 40", "info")
    ] * 2
    notifier.tell("Night 12", "bench a is quarantined")
    assert server.heard[-1]["type"] == "warning"


def test_only_the_occasions_asked_for_are_told(server: Server) -> None:
    assert Notifier([server.url("good")], {"end"}).tell("t", "b", "trouble") == []
    assert server.heard == []


def test_a_service_that_answers_500_is_a_problem_and_the_others_are_told(server: Server) -> None:
    problems = Notifier([server.url("bad"), server.url("good"), "json://127.0.0.1:1/x"]).tell("t", "b")
    assert [problem.partition(":/")[0] for problem in problems] == ["notification 1 (json", "notification 3 (json"]
    assert len(server.heard) == 2


def test_a_service_that_hangs_is_left_behind(server: Server) -> None:
    notifier = Notifier([server.url("hangs") + "?rto=20", server.url("good")], limit_s=0.5)
    began_ns = RealClock().now_ns()
    [problem] = notifier.tell("t", "b")
    assert (RealClock().now_ns() - began_ns) / 1e9 < PATIENCE_S / 2
    assert problem.startswith("notification 1 (json://): no answer in time")
    [problem] = notifier.tell("t", "second")
    assert problem.startswith("notification 1 (json://): still busy with an earlier message")
    assert [said["message"] for said in server.heard] == ["b", "second"]


def test_nothing_secret_is_said_or_logged(
    server: Server, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    with caplog.at_level(logging.DEBUG):
        for name in ("apprise", "urllib3", "urllib3.connectionpool"):
            logging.getLogger(name).setLevel(logging.DEBUG)
        problems = Notifier([server.url("bad"), f"json://{SECRET}@127.0.0.1:1/{SECRET}"]).tell("t", "b")
        assert len(problems) == 2
        for address in (f"nonsense://{SECRET}", f"slack://{SECRET}", f"{SECRET}", f"json://:{SECRET}@:::/"):
            with pytest.raises(ConfigurationError) as caught:
                Notifier([address])
            problems.append(str(caught.value))
        logging.getLogger("apprise").debug("others may log")
    printed = capfd.readouterr()
    for text in (*problems, caplog.text, printed.out, printed.err):
        assert SECRET not in text
    assert "others may log" in caplog.text


def test_what_a_plug_in_raises_is_a_problem() -> None:
    notifier = Notifier(["json://127.0.0.1:1/"])

    class Broken:
        def notify(self, **message: str) -> bool:
            raise SystemExit(f"{SECRET}")

    notifier._services = [("notification 1", Broken())]
    assert notifier.tell("t", "b") == ["notification 1: failed (SystemExit)"]


def test_without_threads_it_is_a_problem(monkeypatch: pytest.MonkeyPatch) -> None:
    notifier = Notifier(["json://127.0.0.1:1/"])

    def refuse(thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refuse)
    [problem] = notifier.tell("t", "b")
    assert "no thread could be started" in problem


def test_a_hostile_text_is_shortened_and_cannot_colour_a_terminal(server: Server) -> None:
    assert Notifier([server.url("good")]).tell("\x1b[31m" + "t" * 999, "\x07\n" + "b" * 99_999) == []
    [said] = server.heard
    assert len(said["title"]) <= LONGEST_TITLE
    assert len(said["message"]) <= LONGEST_BODY
    assert "\x1b" not in said["title"]
    assert "\x07" not in said["message"]


def test_an_address_can_be_in_the_environment(server: Server) -> None:
    notifier = Notifier(["$NIGHT", "${NIGHT}"], variables={"NIGHT": server.url("good")})
    assert notifier.tell("t", "b") == []
    assert len(server.heard) == 2
    with pytest.raises(ConfigurationError, match="the variable NIGHT of the environment is not set"):
        Notifier(["$NIGHT"], variables={})


def test_an_occasion_that_does_not_exist_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="'lunch' are not known"):
        Notifier([], {"lunch"})  # type: ignore[arg-type]


def test_without_apprise_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "apprise", None)
    with pytest.raises(ConfigurationError, match=r"energy-runner\[notify\]"):
        Notifier(["json://127.0.0.1/"])


def test_without_services_nothing_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "apprise", None)
    assert Notifier([]).tell("t", "b") == []
