# SPDX-License-Identifier: Apache-2.0
"""Who may look, and change, and stop: the address on a command line, two viewers, another run, other files."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from energy_runner import api
from energy_runner.session.folder import Session
from energy_runner.viewer import guard
from energy_runner.viewer.live.feed import LiveFeed
from energy_runner.viewer.serve import Server
from energy_runner.viewer.site import Site
from tests.support.synthetic import make_run
from tests.support.viewer_browser import fetched

WRITE = {"X-Energy-Runner": "1"}
ONE = {"name": "one", "start_s": 0.0, "stop_s": 1.0}


@pytest.fixture
def session(tmp_path: Path) -> Session:
    return make_run(mode="performance").write(tmp_path / "sessions" / "s")


@pytest.fixture
def server(session: Session) -> Iterator[Server]:
    with api.view(session.path.parent) as serving:
        yield serving


def _address(server: Server) -> str:
    (row,) = json.loads(fetched(server.url + "api/listing")[2])["sessions"]
    return f"{server.url}api/session/{row['key']}"


# --- the address with which a browser is started -----------------------------------------------------------------


def test_the_address_on_a_browsers_command_line_opens_the_page_once(server: Server) -> None:
    ticket = server.ticket()
    secret = server.url.split("/")[3]
    assert secret not in ticket
    assert fetched(ticket, "HEAD")[0] == 405, "who only looks at the address does not use it up"
    status, headers, _ = fetched(ticket)
    assert (status, headers["location"]) == (302, f"/{secret}/")
    assert headers["referrer-policy"] == "no-referrer"
    status, headers, body = fetched(ticket)
    assert status == 404
    assert "opens the viewer once" in json.loads(body)["error"]
    assert secret not in f"{headers}{body!r}"


def test_it_opens_nothing_after_a_minute_or_from_another_host(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert fetched(server.ticket(), headers={"Host": "evil.example"})[0] == 403
    assert fetched(f"http://127.0.0.1:{server.port}/open/guessed")[0] == 404
    monkeypatch.setattr(guard, "TICKET_S", 0.0)
    assert fetched(server.ticket())[0] == 404


def test_a_page_of_a_viewer_that_was_started_again_says_so(server: Server) -> None:
    said = json.loads(fetched(f"http://127.0.0.1:{server.port}/former-secret/api/live")[2])["error"]
    assert "was started again" in said


# --- two viewers -------------------------------------------------------------------------------------------------


def test_of_two_who_annotate_at_once_the_later_begins_again(server: Server, session: Session) -> None:
    """Each page sends the whole list, so without a version the later one would undo what the other kept."""
    with api.view(session.path.parent) as other:
        at = _address(server), _address(other)
        known = [json.loads(fetched(one)[2])["annotations_version"] for one in at]
        for number, expected in ((0, 200), (1, 412)):
            match = {"If-Match": f'"{known[number]}"'}
            status, _, body = fetched(f"{at[number]}/annotations", "PUT", [ONE], WRITE | match)
            assert status == expected
        assert "was changed since it was read" in json.loads(body)["error"]
        assert len(json.loads(fetched(at[1])[2])["annotations"]) == 1


# --- other files of the same names -------------------------------------------------------------------------------


def test_another_run_in_the_same_folder_is_shown_in_the_place_of_the_first(
    server: Server, session: Session
) -> None:
    """What was read of the first one was kept, and its windows stood beside the trace of the second."""
    page = _address(server)
    before = json.loads(fetched(page)[2])
    shutil.rmtree(session.path)
    assert fetched(page)[0] in {404, 409}
    assert fetched(f"{page}/layer/windows?start_s=0&stop_s=9")[0] in {404, 409}
    other = make_run(mode="performance", windows=2).write(session.path)
    after = json.loads(fetched(page)[2])
    with api.view(session.path.parent) as fresh:
        assert after == json.loads(fetched(_address(fresh))[2])
    assert len(before["windows"]) != len(after["windows"])
    assert other.path == session.path


def test_what_is_not_replaced_is_opened_once(session: Session) -> None:
    site = Site([session.path])
    key = site.single or ""
    site.layer(key, "windows", 0.0, 9.0, 10, None)
    (kept,) = site._layers.values()
    site.page(key)
    assert list(site._layers.values()) == [kept]
    site.close()


# --- the stop button ---------------------------------------------------------------------------------------------


def test_a_run_is_stopped_only_by_its_own_page_while_it_runs() -> None:
    asked: list[str] = []
    feed = LiveFeed("mine")
    with Server(Site([], feeds=feed, stop=asked.append)) as server:
        url = server.url + "api/live/stop"
        assert fetched(url, "POST", {"sure": True, "feed": "other"}, WRITE)[0] == 409
        assert asked == []
        assert fetched(url, "POST", {"sure": True, "feed": "mine"}, WRITE)[0] == 200
        assert asked == ["stopped in the viewer"]
        feed._view.state.set(outcome="completed")
        assert fetched(url, "POST", {"sure": True, "feed": "mine"}, WRITE)[0] == 409
